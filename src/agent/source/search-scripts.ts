import type { Locate, LocatedPlace } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { monotonicMs } from '../language.ts';
import type { FoundFile } from './find-file.ts';
import type { Library } from './library.ts';
import { commonEnd, isLibrary, segmentsOf } from './paths.ts';
import type { Found, ScriptToRead } from './reader.ts';
import { findFunction, findSnippet, type Match } from './search.ts';
import { stackPlaces } from './stack-line.ts';

/** Time for one query. */
const maxSearchMs = 2_000;
/** Lines shown before and after a place. */
const linesAround = 3;

/** A place of a file as written; lines and columns from 0. */
export interface WrittenPlace {
  file: FoundFile;
  line: number;
  column?: number;
  function?: string;
  score: number;
}

/** Looks for a function, some source or a line of a stack in all scripts, the program's own before its libraries. Yields between files. */
export function* search(query: Locate, library: Library): Generator<undefined, Found> {
  if (query.stackLine !== undefined) {
    return { places: best(stackPlaces(query.stackLine, library), query, library), isComplete: true };
  }
  const stopMs = monotonicMs() + maxSearchMs;
  const found: WrittenPlace[] = [];
  const word = longestWord(query.snippet ?? '');
  const scripts = [...library.scripts.values()];
  const own = scripts.filter(({ path }) => !isLibrary(path));
  const libraries = scripts.filter(({ path }) => isLibrary(path));
  let isComplete = true;
  for (const script of [...own, ...libraries]) {
    if (!isComplete || (isLibrary(script.path) && found.length >= query.limit)) break;
    for (const file of filesOf(script, query.file, library)) {
      if (monotonicMs() > stopMs) {
        isComplete = false;
        break;
      }
      const text = library.written(script, file.source)?.text;
      for (const match of text?.includes(word) === true ? matches(query, text) : [])
        found.push({ ...match, line: match.line - 1, column: match.column - 1, file });
      yield;
    }
  }
  return { places: best(found, query, library), isComplete };
}

function matches({ function: name, snippet }: Locate, text: string): Match[] {
  if (name !== undefined) return findFunction(text, name);
  return snippet === undefined ? [] : findSnippet(text, snippet);
}

/** Of the first line: where it does not stand the snippet cannot, and most files are done with. */
function longestWord(snippet: string): string {
  const words =
    snippet
      .trimStart()
      .split('\n', 1)[0]
      ?.match(/[\w$]+/g) ?? [];
  return words.reduce((longest, one) => (one.length > longest.length ? one : longest), '');
}

/** The sources of a script as written that end so; the script itself when it has no map, or no source of it can be read. */
function filesOf(script: ScriptToRead, end: string | undefined, library: Library): FoundFile[] {
  const paths = library.sourcesOf(script);
  const sources = paths.flatMap((path, source) =>
    fits(path, end) && library.written(script, source) !== undefined ? [{ script, path, source }] : [],
  );
  if (sources.length > 0 || !fits(script.path, end)) return sources;
  return [{ script, path: script.path, source: undefined }];
}

function fits(path: string, end: string | undefined): boolean {
  if (end === undefined) return true;
  const asked = segmentsOf(end);
  return commonEnd(asked, segmentsOf(path)) === asked.length;
}

/** The best places, each once, with their neighbours. */
function best(found: readonly WrittenPlace[], { limit, file }: Locate, library: Library): LocatedPlace[] {
  const once = new Map<string, WrittenPlace>();
  for (const one of found) {
    if (!fits(one.file.path, file) || library.isDenied(one.file)) continue;
    const key = `${one.file.path}:${one.line}`;
    if ((once.get(key)?.score ?? -1) < one.score) once.set(key, one);
  }
  const penalty = ({ path }: FoundFile): number => (isLibrary(path) ? 1 : 0);
  return [...once.values()]
    .sort((a, b) => penalty(a.file) - penalty(b.file) || b.score - a.score)
    .slice(0, Math.min(limit, limits.maxPlaces))
    .map((one) => describe(one, library));
}

function describe({ file, line, column, function: name, score }: WrittenPlace, library: Library): LocatedPlace {
  const written = library.written(file.script, file.source);
  const text = written?.line(line).trim().slice(0, limits.maxLineChars) ?? '';
  const lines = (from: number, to: number): string[] => {
    const list: string[] = [];
    for (let at = Math.max(0, from); at < Math.min(to, written?.lineCount ?? 0); at += 1)
      list.push((written?.line(at) ?? '').slice(0, limits.maxLineChars));
    return list;
  };
  return {
    file: file.path.slice(-limits.maxFileChars),
    line: line + 1,
    ...(column === undefined ? {} : { column: column + 1 }),
    ...(name === undefined || name === '' ? {} : { function: name.slice(0, limits.maxNameChars) }),
    ...(text === '' ? {} : { text }),
    ...(written === undefined ? {} : { sourceHash: written.hash }),
    before: lines(line - linesAround, line),
    after: lines(line + 1, line + 1 + linesAround),
    score,
  };
}
