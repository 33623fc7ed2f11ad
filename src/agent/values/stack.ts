import type { StackFrame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import {
  captureStackTrace,
  defineProperty,
  deleteProperty,
  ErrorClass,
  getOwnPropertyDescriptor,
  slice,
  startsWith,
} from '../intrinsics.ts';
import { pathOf, type Scripts } from '../source/scripts.ts';

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
 * The program's frames at a hit, without pausing: the stack of an error made below the condition. `Error.prepareStackTrace` and
 * `Error.stackTraceLimit` are ours for that moment and then as they were. `hook` is the function called by the condition.
 */
export function rawStack(hook: (...args: never[]) => unknown): RawFrame[] {
  const prepare = getOwnPropertyDescriptor(ErrorClass, 'prepareStackTrace');
  const limit = getOwnPropertyDescriptor(ErrorClass, 'stackTraceLimit');
  const frames: RawFrame[] = [];
  const keep = (_: Error, sites: NodeJS.CallSite[]): string => {
    // The first frame is the condition itself.
    for (let index = 1; index < sites.length && frames.length < limits.maxStackFrames; index += 1) {
      const site = sites[index] as NodeJS.CallSite;
      const url = site.getFileName() ?? '';
      if (url === '' || startsWith(url, 'node:')) continue;
      const name = site.getFunctionName() ?? '';
      frames[frames.length] = {
        function: isAsync(site) ? `async ${name}` : name,
        url,
        line: site.getLineNumber() ?? 1,
        column: site.getColumnNumber() ?? 1,
      };
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

function isAsync(site: NodeJS.CallSite): boolean {
  return (site as NodeJS.CallSite & { isAsync?(): boolean }).isAsync?.() === true;
}

function define(key: string, value: unknown): boolean {
  return defineProperty(ErrorClass, key, { value, writable: true, configurable: true, enumerable: false });
}

function restore(key: string, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor === undefined) deleteProperty(ErrorClass, key);
  else defineProperty(ErrorClass, key, descriptor);
}

/** Frames in the terms of the sources as written, as far as their maps have been read. */
export function mapStack(raw: RawFrame[], scripts: Scripts): StackFrame[] {
  const frames: StackFrame[] = [];
  for (let index = 0; index < raw.length; index += 1) {
    const frame = raw[index] as RawFrame;
    const path = pathOf(frame.url);
    const mapped = scripts.atPath(path)?.map;
    const original = mapped?.map.original(frame.line - 1, frame.column - 1);
    const place =
      mapped === undefined || mapped === null || original === undefined
        ? { file: path, line: frame.line, column: frame.column }
        : { file: mapped.paths[original.source] ?? path, line: original.line + 1, column: original.column + 1 };
    frames[index] = {
      function: slice(frame.function, 0, limits.maxNameChars),
      file: slice(place.file, -limits.maxFileChars),
      line: place.line,
      column: place.column,
    };
  }
  return frames;
}
