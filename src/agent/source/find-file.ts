import { monotonicMs } from '../language.ts';
import type { Library } from './library.ts';
import { commonEnd, isLibrary, segmentsOf, stemOf } from './paths.ts';
import type { ScriptToRead } from './reader.ts';

/** Time for reading source maps in search of one file: while nothing fits, and for more bundles that hold it too. */
const maxSearchMs = 2_000;
const maxMoreMs = 300;

/** One file of the program as it was written, in one loaded script. `source` is its index in the script's map, if it is mapped. */
export interface FoundFile {
  script: ScriptToRead;
  path: string;
  source: number | undefined;
}

/** The scripts a file was loaded as, or the paths it could mean. */
export type Search = { found: FoundFile[] } | { ambiguous: string[] };

/** Finds what `file` names among the scripts, by the end of the path; the longest common end wins. */
export function findFile(file: string, scripts: Iterable<ScriptToRead>, library: Library): Search {
  const asked = segmentsOf(file);
  const name = asked.at(-1);
  if (name === undefined) return { found: [] };
  const stem = stemOf(name);
  const startMs = monotonicMs();
  let candidates: (FoundFile & { score: number })[] = [];
  const consider = (found: FoundFile): void => {
    const score = commonEnd(asked, segmentsOf(found.path));
    if (score > 0) candidates.push({ ...found, score });
  };
  const others: ScriptToRead[] = [];
  const readMap = (script: ScriptToRead): void => {
    for (const [source, path] of library.sourcesOf(script).entries()) if (path.endsWith(name)) consider({ script, path, source });
  };
  for (const script of scripts) {
    const own = segmentsOf(script.path).at(-1) ?? '';
    // A script that stands for itself; with a map that names the file too, the mapped source is meant.
    if (own === name) consider({ script, path: script.path, source: undefined });
    if (script.mapUrl === '') continue;
    if (stemOf(own) === stem) readMap(script);
    else if (!isCompiledInMemory(script)) others.push(script);
  }
  // Bundles may hold any file.
  for (const script of others) {
    if (monotonicMs() - startMs > (candidates.length === 0 ? maxSearchMs : maxMoreMs)) break;
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

/** By a loader such as tsx: its map names the file it was loaded from, so there is no need to ask the program for its text. */
function isCompiledInMemory({ path, mapUrl }: ScriptToRead): boolean {
  return mapUrl === 'inline' && /\.(?:[cm]?ts|tsx|jsx)$/.test(path);
}
