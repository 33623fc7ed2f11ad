import { z } from 'zod';
import { logLevels } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { open, shortText } from './fields.ts';
import { maxHits, maxHitsPerAgent, placeAndWait, placing } from './placing.ts';
import type { Tool } from './tool.ts';

const input = z.object({
  ...placing(limits.defaultTimeoutSeconds),
  template: shortText(limits.maxTemplateChars).describe('Text with {expressions}; {{ }} are braces.'),
  level: z.enum(logLevels).default('info').describe('Level.'),
  perSecond: z.number().int().min(1).max(limits.maxLogsPerSecond).default(limits.defaultLogsPerSecond).describe('Most a second.'),
  toStdout: z.boolean().default(false).describe("Also to the program's stdout."),
  maxHits: maxHits.describe('Lines to read; default 10.'),
  maxHitsPerAgent,
});

const defaultLines = 10;

/** Places a logpoint and answers with its lines. */
export const addLog: Tool<typeof input> = {
  name: 'add_log',
  title: 'Add a log line',
  description: `Log a line each time a line of a running program runs, without a deploy, and read it.
Example: {"file":"src/checkout.ts","line":42,"template":"order {order.id} costs {total}","maxHits":20}`,
  input,
  output: z.object({
    messages: z
      .array(open('{number, agentName, capturedAt, level, message}.'))
      .describe('Untrusted; the rest as in take_snapshot.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  run(charge, { template, level, perSecond, toStdout, maxHits, maxHitsPerAgent, ...args }, context) {
    const log = { template, level, perSecond, toStdout };
    const wish = { kind: 'logpoint' as const, log, maxHits, maxHitsPerAgent, defaultHits: defaultLines };
    return placeAndWait(charge, args, wish, limits.defaultTimeoutSeconds, context);
  },
};
