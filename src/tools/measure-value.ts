import { z } from 'zod';
import { limits } from '../protocol/limits.ts';
import { countingSeconds, resultAnswer, shortText } from './fields.ts';
import { placeAndWait, placing } from './placing.ts';
import type { Tool } from './tool.ts';

const input = z.object({
  ...placing(countingSeconds),
  expression: shortText(limits.maxExpressionChars).describe('A number.'),
});

/** Places a metric and answers with its distribution. */
export const measureValue: Tool<typeof input> = {
  name: 'measure_value',
  title: 'Measure a number',
  description: `Add up a number each time a line runs. Single values are not kept.
Example: {"file":"src/checkout.ts","line":42,"expression":"order.items.length"}`,
  input,
  output: resultAnswer('As of measure_duration'),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  run: (charge, { expression, ...args }, context) =>
    placeAndWait(charge, args, { kind: 'metric', expressions: [expression] }, countingSeconds, context),
};
