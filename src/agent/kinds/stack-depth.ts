import { captureStackTrace, defineProperty, deleteProperty, ErrorClass, getOwnPropertyDescriptor } from '../intrinsics.ts';
import { pathOf } from '../source/path-of.ts';
import type { GeneratedPlace } from '../source/spot.ts';

/** Frames looked at. A deeper stack has no depth that could be trusted. */
export const maxStackDepth = 500;

type CallSite = NodeJS.CallSite & { isAsync?(): boolean };
/** A function of the program, cut off the stack together with what it has called. */
type Hook = (...args: never[]) => unknown;

/**
 * How many functions wait for each other below `hook`, without the asynchronous ones: the same at each line of one activation. Undefined
 * when there are too many.
 */
export function stackDepth(hook: Hook): number | undefined {
  let depth: number | undefined;
  walk(hook, (_, length) => {
    depth = length;
    return false;
  });
  return depth;
}

/**
 * Whether a function is on the stack once more, further out than the frame `below` the hook that runs now. It is told by its place: from
 * its entry to its last return. True when the stack is too deep to say.
 */
export function isOnStack(hook: Hook, below: number, path: string, entry: GeneratedPlace, end: GeneratedPlace): boolean {
  let isThere: boolean | undefined;
  walk(hook, (sites, length) => {
    isThere = false;
    for (let at = below + 1; at < length && !isThere; at += 1) {
      const site = sites[at] as CallSite;
      const line = (site.getLineNumber() ?? 0) - 1;
      const column = (site.getColumnNumber() ?? 0) - 1;
      isThere =
        pathOf(site.getFileName() ?? '') === path &&
        (line > entry.line || (line === entry.line && column >= entry.column)) &&
        (line < end.line || (line === end.line && column <= end.column));
    }
  });
  return isThere ?? true;
}

/** Shows the frames that wait for each other, unless there are too many. `Error` is as it was afterwards. */
function walk(hook: Hook, look: (sites: readonly CallSite[], length: number) => unknown): void {
  const prepare = getOwnPropertyDescriptor(ErrorClass, 'prepareStackTrace');
  const limit = getOwnPropertyDescriptor(ErrorClass, 'stackTraceLimit');
  const keep = (_: Error, sites: CallSite[]): string => {
    let length = sites.length;
    if (length > maxStackDepth) return '';
    while (length > 0 && sites[length - 1]?.isAsync?.() === true) length -= 1;
    look(sites, length);
    return '';
  };
  try {
    if (!define('prepareStackTrace', keep) || !define('stackTraceLimit', maxStackDepth + 1)) return;
    const holder = {} as { stack?: string };
    captureStackTrace(holder, hook);
    // Reading it makes V8 call `keep`.
    void holder.stack;
  } finally {
    restore('prepareStackTrace', prepare);
    restore('stackTraceLimit', limit);
  }
}

function define(key: string, value: unknown): boolean {
  return defineProperty(ErrorClass, key, { value, writable: true, configurable: true, enumerable: false });
}

function restore(key: string, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor === undefined) deleteProperty(ErrorClass, key);
  else defineProperty(ErrorClass, key, descriptor);
}
