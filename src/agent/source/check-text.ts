import type { Problem, Where } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { findMoved } from './search.ts';
import type { SourceText } from './source-text.ts';
import type { Located } from './spot.ts';

/**
 * The line of a source that is meant: the asked one, or where the expected text has moved to. Refuses a text that does not stand there, and
 * one that stands there with other lines around it when it stands elsewhere, too.
 */
export function checkText(where: Where, written: SourceText | undefined): { line: number } | Extract<Located, { code: string }> {
  const { line, around } = where;
  const expected = where.expectLine?.trim();
  if (expected === undefined && around === undefined) return { line };
  if (written === undefined) {
    return refused(`The source of \`${where.file}\` is neither in its source map nor on disk, so its lines cannot be compared.`);
  }
  const lines = written.lines();
  const there = (lines[line - 1] ?? '').trim();
  const fits = expected === undefined || there === expected;
  if (fits && (around === undefined || hasNeighbours(lines, line, around))) return { line };
  const moved = around === undefined ? undefined : findMoved(lines, expected ?? '', around, line);
  if (moved !== undefined && 'line' in moved) return { line: moved.line };
  const standing = lines.flatMap((one, index) => (expected && one.trim() === expected ? [index + 1] : []));
  if (fits && standing.length === 1) return { line };
  const text = there === '' ? 'is empty' : `reads \`${there.slice(0, limits.maxLineChars)}\``;
  standing.sort((a, b) => Math.abs(a - line) - Math.abs(b - line));
  const now = (moved === undefined || !expected ? standing : moved.candidates).slice(0, limits.maxLinesTold);
  const hint = now.length === 0 ? '' : ` The expected text stands on line ${now.join(', ')}.`;
  const which =
    line > lines.length ? `does not exist; the file has ${lines.length} lines` : fits ? 'has other lines around it' : text;
  const deployed = lines
    .slice(line - 1, line + (around?.after.length ?? 0))
    .map((one) => one.trim().slice(0, limits.maxLineChars));
  const problem: Problem = { part: 'line', deployed, ...(now.length === 0 ? {} : { lines: now }) };
  return refused(`Line ${line} of \`${where.file.slice(-100)}\` ${which} in the running program.${hint}`, problem);
}

/** Whether most of the lines expected around it stand there. */
function hasNeighbours(lines: string[], line: number, { before, after }: NonNullable<Where['around']>): boolean {
  const from = line - 1 - before.length;
  const expected = [
    ...before.map((text, index) => [from + index, text] as const),
    ...after.map((text, index) => [line + index, text] as const),
  ];
  const fitting = expected.filter(([index, text]) => (lines[index] ?? '').trim() === text.trim());
  return fitting.length * 2 >= expected.length;
}

function refused(message: string, problem: Problem = { part: 'line' }): Extract<Located, { code: string }> {
  return { code: 'line-mismatch', message: message.slice(0, limits.maxMessageChars), problem };
}
