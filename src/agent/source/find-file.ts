import { monotonicMs } from '../intrinsics.ts';
import type { DebuggerSession } from '../probes/session.ts';
import type { Script, Scripts } from './scripts.ts';

/** Time for reading source maps in search of one file. */
const maxSearchMs = 500;

/** One file of the program as it was written, in one loaded script. `source` is its index in the script's map, if it is mapped. */
export interface Found {
  script: Script;
  path: string;
  source: number | undefined;
}

/** The scripts a file was loaded as, or the paths it could mean. */
export type Search = { found: Found[] } | { ambiguous: string[] };

/** Finds what `file` names among the scripts, by the end of the path; the longest common end wins. */
export function findFile(file: string, scripts: Iterable<Script>, all: Scripts, session: DebuggerSession): Search {
  const asked = segmentsOf(file);
  const name = asked.at(-1);
  if (name === undefined) return { found: [] };
  const stem = stemOf(name);
  const stopMs = monotonicMs() + maxSearchMs;
  let candidates: (Found & { score: number })[] = [];
  const consider = (found: Found): void => {
    const score = commonEnd(asked, segmentsOf(found.path));
    if (score > 0) candidates.push({ ...found, score });
  };
  const others: Script[] = [];
  const readMap = (script: Script): void => {
    const mapped = all.mapOf(script, session);
    for (const [source, path] of (mapped?.paths ?? []).entries()) if (path.endsWith(name)) consider({ script, path, source });
  };
  for (const script of scripts) {
    const own = segmentsOf(script.path).at(-1) ?? '';
    // A script that stands for itself; with a map that names the file too, the mapped source is meant.
    if (own === name) consider({ script, path: script.path, source: undefined });
    if (script.mapUrl === '') continue;
    if (stemOf(own) === stem) readMap(script);
    else others.push(script);
  }
  // Bundles may hold any file, but reading the maps of all scripts is only worth it when nothing else fits.
  for (const script of others) {
    if (candidates.length > 0 || monotonicMs() > stopMs) break;
    if (!isLibrary(script.path) || isLibrary(file)) readMap(script);
  }
  const mappedScripts = new Set(
    candidates.filter((one) => one.source !== undefined).map((one) => `${one.script.id} ${one.path}`),
  );
  candidates = candidates.filter((one) => one.source !== undefined || !mappedScripts.has(`${one.script.id} ${one.path}`));
  const best = candidates.reduce((most, one) => Math.max(most, one.score), 0);
  // `index.js` names any, but `src/index.js` must not be taken for `lib/index.js`.
  const enough = Math.min(asked.length, 2);
  let winners = candidates.filter((one) => one.score === best && (best >= enough || best === segmentsOf(one.path).length));
  if (!isLibrary(file) && winners.some((one) => !isLibrary(one.path))) winners = winners.filter((one) => !isLibrary(one.path));
  const paths = [...new Set(winners.map((one) => one.path))];
  return paths.length > 1 ? { ambiguous: paths.sort() } : { found: winners };
}

function segmentsOf(path: string): string[] {
  return path
    .replace(/^file:\/\//, '')
    .replace(/\?.*$/, '')
    .split(/[\\/]+/)
    .filter((segment) => segment !== '' && segment !== '.');
}

function stemOf(name: string): string {
  return name.replace(/\.[^.]*$/, '').replace(/\.[^.]*$/, '');
}

function commonEnd(left: string[], right: string[]): number {
  let count = 0;
  while (count < left.length && count < right.length && left.at(-1 - count) === right.at(-1 - count)) count += 1;
  return count;
}

function isLibrary(path: string): boolean {
  return path.includes('node_modules');
}
