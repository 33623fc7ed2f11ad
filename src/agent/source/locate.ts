import type { AgentErrorCode, Place } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import type { Analysis, DebuggerSession, GeneratedPlace } from '../probes/session.ts';
import { type Found, findFile } from './find-file.ts';
import { analyseScopes, type ScopesAt } from './scopes.ts';
import { readSource, type Script, type Scripts } from './scripts.ts';

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
  let nearest: number | undefined;
  for (const file of search.found) {
    const stops = stopsOf(file, scripts, session);
    const from = where.line - 1;
    const candidates = stops(from, from + maxLinesDown + 1);
    if (candidates.length === 0) nearest = stops(Math.max(0, from - maxLinesDown), from, 'last').at(-1)?.line;
    else found.push(describe(file, candidates, where, scripts, session));
  }
  return found.length === 0 && search.found.length > 0
    ? { code: 'no-such-line', message: noSuchLine(where, nearest) }
    : { found };
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

/** Places V8 can stop at on the first (or last) line with code from one line up to another. */
type Stops = (from: number, to: number, which?: 'first' | 'last') => Candidate[];

function stopsOf({ script, source }: Found, scripts: Scripts, session: DebuggerSession): Stops {
  const map = source === undefined ? undefined : scripts.mapOf(script, session)?.map;
  const { source: text } = analysisOf(script.id, session);
  const endOfCode = text.trimEnd().length;
  const places = (from: GeneratedPlace, to: GeneratedPlace): (GeneratedPlace & { isReturn: boolean })[] =>
    session.possiblePlaces(script.id, from, to).map(({ lineNumber, columnNumber, type }) => ({
      line: lineNumber,
      column: columnNumber ?? 0,
      isReturn: type === 'return',
    }));
  // V8 can stop where a script ends, though no code stands there.
  return (from, to, which = 'first') => {
    const all: Candidate[] = [];
    if (map === undefined || source === undefined) {
      for (const { line, column } of places({ line: from, column: 0 }, { line: to, column: 0 }))
        all.push({ generated: { line, column }, line, column });
    } else {
      for (const stretch of map.generated(source, from, to)) {
        if (which === 'first' && all[0] !== undefined && all[0].line < stretch.line) break;
        for (const { isReturn, ...generated } of places(stretch.from, { ...stretch.to, column: stretch.to.column + 1 })) {
          if (generated.line === stretch.to.line && generated.column === stretch.to.column) {
            // In `{return x}` V8 stops at the brace, which was written on a later line than the statement.
            if (isReturn) all.push({ generated, line: stretch.line, column: stretch.column });
            continue;
          }
          const original = map.original(generated.line, generated.column);
          if (original?.source === source && original.line === stretch.line)
            all.push({ generated, line: original.line, column: original.column });
        }
      }
    }
    const usable = all.filter((one) => offsetOf(text, one.generated) < endOfCode);
    const line = usable.at(which === 'first' ? 0 : -1)?.line;
    return usable.filter((one) => one.line === line).sort((a, b) => a.column - b.column);
  };
}

/** The last script looked at is kept while the debugger is on: many actions on one large file must not read it as many times. */
function analysisOf(scriptId: string, session: DebuggerSession): Analysis {
  if (session.analysed?.scriptId === scriptId) return session.analysed;
  const source = session.source(scriptId) ?? '';
  session.analysed = { scriptId, source, scopesOf: analyseScopes(source) };
  return session.analysed;
}

/**
 * Takes the first place of the line, or the first from the asked column on. Of a line such as `get('/', () => answer())` at the top
 * of a file, which ran when the file was loaded, the function is meant.
 */
function describe(file: Found, candidates: Candidate[], where: Where, scripts: Scripts, session: DebuggerSession): Location {
  const { script, path, source } = file;
  const { source: generatedSource, scopesOf } = analysisOf(script.id, session);
  const described = candidates.map((candidate) => ({
    ...candidate,
    scopes: scopesOf(offsetOf(generatedSource, candidate.generated)),
  }));
  const isAsked = where.column !== undefined && described[0]?.line === where.line - 1;
  const chosen = isAsked
    ? described.find(({ column }) => column >= (where.column ?? 1) - 1)
    : described.find(({ scopes }) => scopes.function !== undefined);
  const { generated, line, column, scopes } = chosen ?? (described[0] as (typeof described)[number]);
  const content =
    source === undefined ? generatedSource : (scripts.mapOf(script, session)?.map.content(source) ?? readSource(path) ?? '');
  const start = offsetOf(content, { line, column: 0 });
  const text = content.slice(start, lineEnd(content, start)).trim().slice(0, limits.maxLineChars);
  const place: Place = {
    file: path.slice(-limits.maxFileChars),
    line: line + 1,
    column: column + 1,
    ...(scopes.function === undefined ? {} : { function: scopes.function.slice(0, limits.maxNameChars) }),
    ...(text === '' ? {} : { text }),
  };
  return { script, generated, place, scopes };
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
