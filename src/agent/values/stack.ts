import { limits } from '../../protocol/limits.ts';
import {
  captureStackTrace,
  defineProperty,
  deleteProperty,
  ErrorClass,
  getOwnPropertyDescriptor,
  startsWith,
} from '../intrinsics.ts';
import { setPrototypeOf, siteColumn, siteFile, siteFunction, siteIsAsync, siteLine } from './kept.ts';
import { push } from './lists.ts';

/** Frames asked of V8: ours and the condition's come first, and node's own are left out. */
const maxRawFrames = 3 * limits.maxStackFrames;

/** A frame as V8 gives it; lines and columns from 1. */
export interface RawFrame {
  function: string;
  url: string;
  line: number;
  column: number;
}

/**
 * The program's frames at a hit, without pausing: the stack of an error made below our code. `Error.prepareStackTrace` and
 * `Error.stackTraceLimit` are ours for that moment and then as they were. `hook` is the function that the condition, or
 * inserted code, calls.
 */
export function rawStack(hook: (...args: never[]) => unknown): RawFrame[] {
  const prepare = getOwnPropertyDescriptor(ErrorClass, 'prepareStackTrace');
  const limit = getOwnPropertyDescriptor(ErrorClass, 'stackTraceLimit');
  const frames: RawFrame[] = [];
  const keep = (_: Error, sites: NodeJS.CallSite[]): string => {
    for (let index = 0; index < sites.length && frames.length < limits.maxStackFrames; index += 1) {
      const site = sites[index] as NodeJS.CallSite;
      // A condition has no file, as has code of `eval`.
      const url = siteFile?.(site) ?? '';
      if (url === '' || startsWith(url, 'node:')) continue;
      const name = siteFunction?.(site) ?? '';
      push(frames, {
        function: siteIsAsync?.(site) === true ? `async ${name}` : name,
        url,
        line: siteLine?.(site) ?? 1,
        column: siteColumn?.(site) ?? 1,
      });
    }
    return '';
  };
  try {
    if (!define('prepareStackTrace', keep) || !define('stackTraceLimit', maxRawFrames)) return frames;
    const holder = {} as { stack?: string };
    captureStackTrace(holder, hook);
    // Reading it makes V8 call `keep`.
    void holder.stack;
  } finally {
    restore('prepareStackTrace', prepare);
    restore('stackTraceLimit', limit);
  }
  return frames;
}

/** Without a prototype, whose accessors would be asked. */
function define(key: string, value: unknown): boolean {
  const descriptor = { __proto__: null, value, writable: true, configurable: true, enumerable: false } as PropertyDescriptor;
  return defineProperty(ErrorClass, key, descriptor);
}

function restore(key: string, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor === undefined) deleteProperty(ErrorClass, key);
  else if (setPrototypeOf(descriptor, null)) defineProperty(ErrorClass, key, descriptor);
}
