import type { LogLevel, Place } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { renderMessage } from '../../protocol/render-value.ts';
import type { ExpressionResult } from '../../protocol/value.ts';

/** What a logpoint writes to the program's stdout, as `[sidelight info src/cart.ts:12] Order 7 costs 3`, with its line end. */
export function logLine(
  level: LogLevel,
  { file, line }: Place,
  texts: readonly string[],
  results: readonly ExpressionResult[],
): string {
  const prefix = renderMessage([`[sidelight ${level} ${file}:${line}] `], [], limits.maxFileChars);
  return `${prefix}${renderMessage(texts, results)}\n`;
}
