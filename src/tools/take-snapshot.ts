import { z } from 'zod';
import { limits } from '../protocol/limits.ts';
import { actionAnswer } from './fields.ts';
import { maxHits, placeAndWait, placing } from './placing.ts';
import type { Tool } from './tool.ts';

const input = z.object({
  ...placing(limits.defaultTimeoutSeconds),
  expressions: z
    .array(z.string().min(1).max(limits.maxExpressionChars))
    .max(limits.maxExpressions)
    .optional()
    .describe('Watch expressions, as ["order.items.length"].'),
  maxHits,
  depth: z.number().int().min(1).max(limits.maxDepth).optional().describe('Nested levels of objects to read; default 3.'),
});

/** Places a snapshot, waits for hits, and answers with them, or with a handle before the client's own timeout strikes. */
export const takeSnapshot: Tool<typeof input> = {
  name: 'take_snapshot',
  title: 'Take a snapshot',
  description: `Read the variables of a running program at one line, without stopping or changing it. Use it to see real values in production: why a branch was taken, what an argument held, who called.
Captures variables, \`this\`, the call stack and your watch expressions each time the line runs with the condition true. Secrets and personal data are redacted.
Example: {"source":{"service":"checkout"},"file":"src/checkout.ts","line":42,"condition":"order.total < 0","maxHits":3}
When hits take longer it answers with status "pending" and an actionId for wait_for_hits; without a hit verdict says why.`,
  input,
  output: z.object(actionAnswer),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  run(charge, { expressions, maxHits, depth, ...args }, context) {
    const wish = { kind: 'snapshot' as const, expressions, maxHits, depth };
    return placeAndWait(charge, args, wish, limits.defaultTimeoutSeconds, context);
  },
};
