import type { Place } from '../../protocol/frames.ts';
import type { ExpressionResult } from '../../protocol/value.ts';
import { logLine } from '../kinds/log-line.ts';
import type { LogLine } from './watch.ts';

/** Of the global: importing `node:process` would open the program's standard streams. */
const kept = process;

/** Writes a logpoint's line to the program's stdout, as the program itself would. */
export function printLine({ texts, level }: LogLine, at: Place, expressions: readonly ExpressionResult[]): void {
  kept.stdout.write(logLine(level, at, texts, expressions));
}
