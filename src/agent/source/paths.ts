import { charCode, slice, stringIncludes } from '../language.ts';
import type { ScriptInfo } from './spot.ts';

/** The names in a path, without scheme and query. */
export function segmentsOf(path: string): string[] {
  return path
    .replace(/^file:\/\//, '')
    .replace(/\?.*$/, '')
    .split(/[\\/]+/)
    .filter((segment) => segment !== '' && segment !== '.');
}

/** How many names two paths have in common at their end. */
export function commonEnd(left: string[], right: string[]): number {
  let count = 0;
  while (count < left.length && count < right.length && left.at(-1 - count) === right.at(-1 - count)) count += 1;
  return count;
}

/** Without the last two endings: `shop` of `shop.test.js`. */
export function stemOf(name: string): string {
  return name.replace(/\.[^.]*$/, '').replace(/\.[^.]*$/, '');
}

export function isLibrary(path: string): boolean {
  return stringIncludes(path, 'node_modules');
}

/**
 * Whether a script can be a file, or hold it by its map; a bundle may hold any file of the program. The same rule as `findFile` has, for
 * the program's thread while it loads modules.
 */
export function mayHold(script: ScriptInfo, file: string): boolean {
  const own = lastName(script.path);
  const name = lastName(file);
  if (own === name) return true;
  if (script.mapUrl === '') return false;
  return !isLibrary(script.path) || isLibrary(file) || beforeDot(own) === beforeDot(name);
}

function lastName(path: string): string {
  let from = 0;
  let to = path.length;
  for (let at = 0; at < to; at += 1) {
    const code = charCode(path, at);
    if (code === 0x2f || code === 0x5c) from = at + 1;
    else if (code === 0x3f) to = at;
  }
  return slice(path, from, to);
}

function beforeDot(name: string): string {
  let to = 0;
  while (to < name.length && charCode(name, to) !== 0x2e) to += 1;
  return slice(name, 0, to);
}
