import { createHash } from 'node:crypto';
import type { AgentErrorCode, Locate, LocatedPlace, Place, Problem, Where } from '../src/protocol/frames.ts';
import { limits } from '../src/protocol/limits.ts';

/** A place, or why there is none; without a code the file may be loaded yet. */
export type Bound = { place: Place } | { code?: AgentErrorCode; message: string; problem?: Problem };

/** Lines shown around a place that was found. */
const shownAround = 3;

/** Binds a line to the files of a scenario, as a real agent does it to the files of its program. */
export function bind(where: Where, files: Record<string, string>): Bound {
  const found = Object.keys(files).filter((file) => isSuffix(where.file, file));
  const [file] = found;
  if (file === undefined) return { message: 'No such file is loaded yet.' };
  if (found.length > 1) return { code: 'ambiguous-file', message: `Several files fit: ${found.slice(0, 10).join(', ')}.` };
  const text = files[file] ?? '';
  const lines = text.split('\n');
  const from = where.expectLine === undefined ? where.line : expectedAt(lines, where, where.expectLine.trim());
  if (from === undefined) {
    const deployed = lines.slice(where.line - 1, where.line + (where.around?.after.length ?? 0)).map((line) => cut(line.trim()));
    const stands = lines.flatMap((line, at) => (line.trim() === where.expectLine?.trim() ? [at + 1] : []));
    const problem: Problem = { part: 'line', deployed, lines: stands.slice(0, limits.maxLinesTold) };
    return { code: 'line-mismatch', message: `Line ${where.line} of ${file} is ${JSON.stringify(deployed[0] ?? '')}.`, problem };
  }
  const index = lines.findIndex((line, at) => at >= from - 1 && isCode(line));
  if (index < 0) return { code: 'no-such-line', message: `${file} has no code at or after line ${from}.` };
  return { place: placeAt(file, text, lines, index) };
}

/** Where something stands, by its exact text; functions by the line that declares them. */
export function locate(query: Locate, files: Record<string, string>): LocatedPlace[] {
  const { file: ending, snippet, stackLine, function: name, limit } = query;
  const [, called = '', path = '', line = ''] = /^\s*at (?:(.*?) \()?(.*?):(\d+)(?::\d+)?\)?$/.exec(stackLine ?? '') ?? [];
  const last = (name ?? called).split('.').at(-1) ?? '';
  const fits = (text: string, at: number): boolean => {
    if (stackLine !== undefined) return at + 1 === Number(line);
    if (snippet !== undefined) return text.includes((snippet.split('\n')[0] ?? '').trim());
    return new RegExp(`(?:function\\s+|^\\s*(?:async\\s+)?)${last.replace(/\W/g, '\\$&')}\\s*\\(.*\\{\\s*$`).test(text);
  };
  const places: LocatedPlace[] = [];
  for (const [file, text] of Object.entries(files)) {
    if (ending !== undefined && !isSuffix(ending, file)) continue;
    if (stackLine !== undefined && !isSuffix(file, path) && !isSuffix(path, file)) continue;
    const lines = text.split('\n');
    for (const [at, one] of lines.entries()) {
      if (places.length >= limit || !fits(one, at)) continue;
      const before = lines.slice(Math.max(0, at - shownAround), at).map(cut);
      const after = lines.slice(at + 1, at + 1 + shownAround).map(cut);
      places.push({ ...placeAt(file, text, lines, at), ...(last === '' ? {} : { function: last }), before, after, score: 1 });
    }
  }
  return places;
}

function placeAt(file: string, text: string, lines: string[], index: number): Place {
  const line = lines[index] ?? '';
  const sourceHash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { file, line: index + 1, column: Math.max(0, line.search(/\S/)) + 1, text: cut(line.trim()), sourceHash };
}

/** The function around a line of a scenario's text, by the last line before it that declares one at its beginning. */
export function functionAt({ file, line }: Place, files: Record<string, string>): string | undefined {
  const before = (files[file] ?? '').split('\n').slice(0, line);
  return before.map((one) => /^(?:export )?(?:async )?function (\w+)/.exec(one)?.[1]).findLast((name) => name !== undefined);
}

/** The line itself, or the one place where the text stands now; with lines around it also one of several. */
function expectedAt(lines: string[], { line, around }: Where, expected: string): number | undefined {
  const stands = (at: number, text: string) => (lines[at - 1] ?? '').trim() === text.trim();
  if (stands(line, expected)) return line;
  if (around === undefined) return undefined;
  const { before, after } = around;
  const fitting = lines.flatMap((_, index) => {
    const at = index + 1;
    const isThere =
      stands(at, expected) &&
      before.every((text, back) => stands(at - before.length + back, text)) &&
      after.every((text, ahead) => stands(at + 1 + ahead, text));
    return isThere ? [at] : [];
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}

const cut = (line: string) => line.slice(0, limits.maxLineChars);

function isSuffix(asked: string, file: string): boolean {
  const path = asked.replace(/^\.?\//, '');
  return file === path || file.endsWith(`/${path}`);
}

/** Neither empty, nor only a comment, nor only brackets. */
function isCode(line: string): boolean {
  const text = line.replace(/\/\/.*$|\/\*.*?\*\//g, '').trim();
  return text !== '' && !/^[\s{}()[\];,]*$/.test(text);
}
