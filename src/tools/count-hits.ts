import { z } from 'zod';
import { countingSeconds, resultAnswer } from './fields.ts';
import { placeAndWait, placing } from './placing.ts';
import type { Tool } from './tool.ts';

const input = z.object(placing(countingSeconds));

/** Places a counter and answers with its count. */
export const countHits: Tool<typeof input> = {
  name: 'count_hits',
  title: 'Count passes',
  description: `Count how often a line runs (with the condition true) in the time given. Captures nothing.
Example: {"file":"src/checkout.ts","line":42,"condition":"order.total < 0","timeoutSeconds":20}`,
  input,
  output: resultAnswer('{count, estimate: {count, error}}; with estimate, count is what was seen'),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  run: (charge, args, context) => placeAndWait(charge, args, { kind: 'counter' }, countingSeconds, context),
};
