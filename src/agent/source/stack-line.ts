import { type FoundFile, findFile } from './find-file.ts';
import type { Library } from './library.ts';
import { pathOf } from './path-of.ts';
import type { WrittenPlace } from './search-scripts.ts';

/** Paths tried when the end of one fits several. */
const maxPaths = 10;

/** What a line of a stack trace says. Lines and columns from 0. */
export interface StackLine {
  function?: string;
  path: string;
  line: number;
  column?: number;
}

/**
 * Reads a line of a stack trace as V8 writes it: `at async Cart.total (/app/cart.js:10:5)`, `at file:///app/cart.js:10:5`; also a path with a
 * line alone. The names bundlers give to files lose their scheme.
 */
export function readStackLine(text: string): StackLine | undefined {
  const found = /^\s*(?:at\s+)?(?:async\s+)?(?:(.*?)\s*\()?([^()\s][^()]*?):(\d+)(?::(\d+))?\)*\s*$/.exec(innermost(text));
  if (found === null) return undefined;
  const [, name = '', file = '', line, column] = found;
  const called = name.replace(/^(?:async|new) /, '').replace(/ \[as .*\]$/, '');
  const path = pathOf(file.replace(/\?[^/]*$/, '')).replace(/^(?!file:)[a-z][\w+.-]+:\/\/[^/]*\/(?:\.\/)*/i, '');
  return {
    ...(called === '' || called.endsWith('<anonymous>') ? {} : { function: called }),
    path,
    line: Math.max(0, Number(line) - 1),
    ...(column === undefined ? {} : { column: Math.max(0, Number(column) - 1) }),
  };
}

/** `at eval (eval at run (/app/a.js:3:5), <anonymous>:1:1)` was called from the place inside. */
function innermost(text: string): string {
  return /\beval at (.*?\(.*?:\d+:\d+\))/.exec(text)?.[1] ?? text;
}

/** Where a line of a stack stands in the sources as written. A line that is already in their terms, as Node writes with source maps, stays. */
export function stackPlaces(text: string, library: Library): WrittenPlace[] {
  const asked = readStackLine(text);
  if (asked === undefined) return [];
  const search = findFile(asked.path, library.scripts.values(), library);
  const found =
    'found' in search
      ? search.found
      : search.ambiguous.slice(0, maxPaths).flatMap((path) => {
          const one = findFile(path, library.scripts.values(), library);
          return 'found' in one ? one.found : [];
        });
  return found.flatMap((file) => placesIn(file, asked, library));
}

function placesIn(file: FoundFile, asked: StackLine, library: Library): WrittenPlace[] {
  const { script } = file;
  const isWhole = file.path === asked.path || script.path === asked.path;
  const score = isWhole ? 1 : 0.8;
  const common = asked.function === undefined ? {} : { function: asked.function };
  const column = asked.column === undefined ? {} : { column: asked.column };
  const places: WrittenPlace[] = [];
  const lineCount = library.written(script, file.source)?.lineCount ?? Number.POSITIVE_INFINITY;
  const isSameName = file.source !== undefined && file.path === script.path;
  if (file.source !== undefined && asked.line < lineCount) places.push({ file, line: asked.line, ...column, ...common, score });
  if (file.source === undefined || isSameName) {
    // Of a loader that compiles in memory both have one name; the sources are likelier.
    const read = library.mapOf(script);
    const original = read?.map.original(asked.line, asked.column ?? Number.MAX_SAFE_INTEGER);
    const path = original === undefined ? undefined : read?.paths[original.source];
    if (original !== undefined && path !== undefined) {
      const mapped = { script, path, source: original.source };
      const place = { file: mapped, line: original.line, ...common, score: isSameName ? score / 2 : score };
      places.push(asked.column === undefined ? place : { ...place, column: original.column });
    } else if (file.source === undefined && asked.line < lineCount) {
      places.push({ file, line: asked.line, ...column, ...common, score: script.mapUrl === '' ? score : score / 2 });
    }
  }
  return places;
}
