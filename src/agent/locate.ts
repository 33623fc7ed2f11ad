import type { AgentErrorCode, Place } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { type Found, findFile } from './find-file.ts';
import { type ScopesAt, scopesAt } from './scopes.ts';
import { readSource, type Script, type Scripts } from './scripts.ts';
import type { DebuggerSession, GeneratedPlace } from './session.ts';

/** How far below the asked line the next executable one may be. */
const maxLinesDown = 30;

/** Where a breakpoint goes: a place V8 can stop at, and what it is called in the source as written. */
export interface Location {
  script: Script;
  generated: GeneratedPlace;
  place: Place;
  scopes: ScopesAt;
}

/** `found` is empty while no loaded script is that file. */
export type Located = { found: Location[] } | { code: AgentErrorCode; message: string };

type Where = { file: string; line: number; column?: number };

/** Turns a line of a file as written into places V8 can stop at, one in each script that has it. */
export function locate(where: Where, candidates: Iterable<Script>, scripts: Scripts, session: DebuggerSession): Located {
  const search = findFile(where.file, candidates, scripts, session);
  if ('ambiguous' in search) {
    const message = `\`${where.file}\` could be any of: ${search.ambiguous.slice(0, 10).join(', ')}. Give more of the path.`;
    return { code: 'ambiguous-file', message: message.slice(0, limits.maxMessageChars) };
  }
  const found: Location[] = [];
  let message = '';
  for (const file of search.found) {
    const candidate =
      file.source === undefined ? directPlace(file, where, session) : mappedPlace(file, file.source, where, scripts, session);
    if ('nearest' in candidate) message = noSuchLine(where, candidate.nearest);
    else found.push(describe(file, candidate, scripts, session));
  }
  return found.length === 0 && message !== '' ? { code: 'no-such-line', message } : { found };
}

/** A place V8 can stop at and the original line it stands for; lines from 0. */
interface Candidate {
  generated: GeneratedPlace;
  line: number;
  column: number;
}

function noSuchLine({ file, line }: Where, nearest: number | undefined): string {
  const hint = nearest === undefined ? '' : ` The nearest line with code before it is ${nearest + 1}.`;
  return `No code stands on line ${line} of \`${file}\` or within ${maxLinesDown} lines below it.${hint}`;
}

function directPlace({ script }: Found, where: Where, session: DebuggerSession): Candidate | { nearest: number | undefined } {
  const line = where.line - 1;
  const places = session.possiblePlaces(script.id, { line, column: 0 }, { line: line + maxLinesDown + 1, column: 0 });
  const onLine = places.filter((place) => place.lineNumber === places[0]?.lineNumber);
  const wanted = (where.column ?? 1) - 1;
  const chosen = onLine.find((place) => place.lineNumber > line || (place.columnNumber ?? 0) >= wanted) ?? onLine[0];
  if (chosen !== undefined) {
    const generated = { line: chosen.lineNumber, column: chosen.columnNumber ?? 0 };
    return { generated, ...generated };
  }
  const above = session.possiblePlaces(script.id, { line: Math.max(0, line - maxLinesDown), column: 0 }, { line, column: 0 });
  return { nearest: above.at(-1)?.lineNumber };
}

function mappedPlace(
  { script }: Found,
  source: number,
  where: Where,
  scripts: Scripts,
  session: DebuggerSession,
): Candidate | { nearest: number | undefined } {
  const map = scripts.mapOf(script, session)?.map;
  const line = where.line - 1;
  const wanted = (where.column ?? 1) - 1;
  /** The best place of the first line that has one. */
  const firstPlace = (from: number, to: number): Candidate | undefined => {
    let best: Candidate | undefined;
    for (const stretch of map?.generated(source, from, to) ?? []) {
      if (best !== undefined && stretch.line > best.line) return best;
      for (const place of session.possiblePlaces(script.id, stretch.from, stretch.to)) {
        const generated = { line: place.lineNumber, column: place.columnNumber ?? 0 };
        const original = map?.original(generated.line, generated.column);
        if (original?.source !== source || original.line !== stretch.line) continue;
        const fits = original.line > line || original.column >= wanted;
        const isBetter = best === undefined || (fits && (best.column < wanted || original.column < best.column));
        if (isBetter) best = { generated, line: original.line, column: original.column };
      }
    }
    return best;
  };
  const chosen = firstPlace(line, line + maxLinesDown + 1);
  if (chosen !== undefined) return chosen;
  for (let above = line - 1; above >= 0 && above >= line - maxLinesDown; above -= 1) {
    if (firstPlace(above, above + 1) !== undefined) return { nearest: above };
  }
  return { nearest: undefined };
}

function describe({ script, path, source }: Found, candidate: Candidate, scripts: Scripts, session: DebuggerSession): Location {
  const generatedSource = session.source(script.id) ?? '';
  const content =
    source === undefined ? generatedSource : (scripts.mapOf(script, session)?.map.content(source) ?? readSource(path) ?? '');
  const scopes = scopesAt(generatedSource, offsetOf(generatedSource, candidate.generated));
  const start = offsetOf(content, { line: candidate.line, column: 0 });
  const text = content.slice(start, lineEnd(content, start)).trim().slice(0, limits.maxLineChars);
  const place: Place = {
    file: path.slice(-limits.maxFileChars),
    line: candidate.line + 1,
    column: candidate.column + 1,
    ...(scopes.function === undefined ? {} : { function: scopes.function.slice(0, limits.maxNameChars) }),
    ...(text === '' ? {} : { text }),
  };
  return { script, generated: candidate.generated, place, scopes };
}

function offsetOf(source: string, { line, column }: GeneratedPlace): number {
  const newline = /\r\n|[\n\r\u2028\u2029]/g;
  for (let current = 0; current < line; current += 1) if (newline.exec(source) === null) return source.length;
  return newline.lastIndex + column;
}

function lineEnd(source: string, start: number): number {
  const end = source.slice(start, start + 10_000).search(/[\n\r\u2028\u2029]/);
  return end < 0 ? start + 10_000 : start + end;
}
