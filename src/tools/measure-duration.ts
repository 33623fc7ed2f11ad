import { z } from 'zod';
import type { DurationOptions } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { countingSeconds, resultAnswer } from './fields.ts';
import { line, maxHits, placeAndWait, placing } from './placing.ts';
import type { Tool } from './tool.ts';

const input = z.object({
  ...placing(countingSeconds),
  toLine: line.optional().describe('Until this line of the same function; default: the whole function.'),
  thresholdMs: z
    .number()
    .min(0)
    .max(limits.maxTimeoutSeconds * 1_000)
    .optional()
    .describe('Take a snapshot when it takes longer.'),
  maxHits: maxHits.describe('Snapshots, with thresholdMs; default 1.'),
});

/** Places a duration and answers with its distribution. */
export const measureDuration: Tool<typeof input> = {
  name: 'measure_duration',
  title: 'Measure a duration',
  description: `Measure how long the function around a line takes, or from line to toLine, also across await, in milliseconds.
Example: {"file":"src/checkout.ts","line":42,"thresholdMs":500}`,
  input,
  output: resultAnswer('{count, estimate, min, max, mean, p50, p95, p99, histogram}'),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  run(charge, { toLine, thresholdMs, maxHits, ...args }, context) {
    const span: DurationOptions =
      toLine === undefined ? { span: 'function' } : { span: 'lines', to: { file: args.file, line: toLine } };
    const duration = thresholdMs === undefined ? span : { ...span, thresholdMs };
    return placeAndWait(charge, args, { kind: 'duration', duration, maxHits }, countingSeconds, context);
  },
};
