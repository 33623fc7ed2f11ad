import { captureStackTrace, defineProperty, deleteProperty, ErrorClass, getOwnPropertyDescriptor } from '../intrinsics.ts';
import { setPrototypeOf } from './kept.ts';

/**
 * Shows the frames below `hook`, at most `max`, without pausing: the stack of an error made there. `Error.prepareStackTrace` and
 * `Error.stackTraceLimit` are ours for that moment and then as they were; so is the global `Error`, where the program has put another one:
 * Node asks that one. Nothing is shown where the program allows none of it.
 */
export function callSites(
  hook: (...args: never[]) => unknown,
  max: number,
  look: (sites: readonly NodeJS.CallSite[]) => void,
): void {
  const keep = (_: Error, sites: NodeJS.CallSite[]): string => {
    look(sites);
    return '';
  };
  const prepare = getOwnPropertyDescriptor(ErrorClass, 'prepareStackTrace');
  const limit = getOwnPropertyDescriptor(ErrorClass, 'stackTraceLimit');
  const own = getOwnPropertyDescriptor(globalThis, 'Error');
  const isOther = own?.value !== ErrorClass;
  try {
    if (isOther && !define(globalThis, 'Error', ErrorClass)) return;
    if (!define(ErrorClass, 'prepareStackTrace', keep) || !define(ErrorClass, 'stackTraceLimit', max)) return;
    const holder = {} as { stack?: string };
    captureStackTrace(holder, hook);
    // Reading it makes V8 call `keep`.
    void holder.stack;
  } finally {
    restore(ErrorClass, 'prepareStackTrace', prepare);
    restore(ErrorClass, 'stackTraceLimit', limit);
    if (isOther) restore(globalThis, 'Error', own);
  }
}

/** Without a prototype, whose accessors would be asked. */
function define(object: object, key: string, value: unknown): boolean {
  const descriptor = { __proto__: null, value, writable: true, configurable: true, enumerable: false } as PropertyDescriptor;
  return defineProperty(object, key, descriptor);
}

function restore(object: object, key: string, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor === undefined) deleteProperty(object, key);
  else if (setPrototypeOf(descriptor, null)) defineProperty(object, key, descriptor);
}
