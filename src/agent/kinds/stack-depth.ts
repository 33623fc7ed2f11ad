import { pathOf } from '../source/path-of.ts';
import type { GeneratedPlace } from '../source/spot.ts';
import { callSites } from '../values/call-sites.ts';
import { siteColumn, siteFile, siteIsAsync, siteLine } from '../values/kept.ts';

/** Frames looked at. A deeper stack has no depth that could be trusted. */
export const maxStackDepth = 500;

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
      const site = sites[at] as NodeJS.CallSite;
      const line = (siteLine?.(site) ?? 0) - 1;
      const column = (siteColumn?.(site) ?? 0) - 1;
      isThere =
        pathOf(siteFile?.(site) ?? '') === path &&
        (line > entry.line || (line === entry.line && column >= entry.column)) &&
        (line < end.line || (line === end.line && column <= end.column));
    }
  });
  return isThere ?? true;
}

/** Shows the frames that wait for each other, unless there are too many. */
function walk(hook: Hook, look: (sites: readonly NodeJS.CallSite[], length: number) => void): void {
  callSites(hook, maxStackDepth + 1, (sites) => {
    let { length } = sites;
    if (length > maxStackDepth) return;
    while (length > 0 && siteIsAsync?.(sites[length - 1] as NodeJS.CallSite) === true) length -= 1;
    look(sites, length);
  });
}
