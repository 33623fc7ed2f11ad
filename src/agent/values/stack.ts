import { limits } from '../../protocol/limits.ts';
import { startsWith } from '../intrinsics.ts';
import { callSites } from './call-sites.ts';
import { siteColumn, siteFile, siteFunction, siteIsAsync, siteLine } from './kept.ts';
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

/** The program's frames at a hit. `hook` is the function that the condition, or inserted code, calls. */
export function rawStack(hook: (...args: never[]) => unknown): RawFrame[] {
  const frames: RawFrame[] = [];
  callSites(hook, maxRawFrames, (sites) => {
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
  });
  return frames;
}
