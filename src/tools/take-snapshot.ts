import { z } from 'zod';
import { limits } from '../protocol/limits.ts';
import { actionAnswer, shortText } from './fields.ts';
import { maxBytes } from './hit-bytes.ts';
import { maxHits, maxHitsPerAgent, placeAndWait, placing } from './placing.ts';
import type { Tool } from './tool.ts';

const input = z.object({
  ...placing(limits.defaultTimeoutSeconds),
  expressions: z
    .array(shortText(limits.maxExpressionChars))
    .max(limits.maxExpressions)
    .optional()
    .describe('To watch, as ["order.items.length"].'),
  maxHits,
  maxHitsPerAgent,
  depth: z.number().int().min(1).max(limits.maxDepth).optional().describe('Levels of objects; default 3.'),
  maxBytes,
});

/** Places a snapshot, waits for hits, and answers with them, or with a handle before the client's own timeout strikes. */
export const takeSnapshot: Tool<typeof input> = {
  name: 'take_snapshot',
  title: 'Take a snapshot',
  description: `Read the variables of a running program at one line, without stopping it: why a branch was taken, what an argument held, who called.
Captures variables, \`this\`, call stack and expressions each time the line runs with the condition true. Secrets and personal data are redacted.
Example: {"source":{"service":"checkout"},"file":"src/checkout.ts","line":42,"condition":"order.total < 0","maxHits":3}
Status "pending": go on with wait_for_hits. No hit: verdict says why.`,
  input,
  output: z.object(actionAnswer),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  run(charge, { expressions, maxHits, maxHitsPerAgent, depth, ...args }, context) {
    const wish = { kind: 'snapshot' as const, expressions, maxHits, maxHitsPerAgent, depth };
    return placeAndWait(charge, args, wish, limits.defaultTimeoutSeconds, context);
  },
};
