import { z } from 'zod';
import { finish } from '../actions/finish.ts';
import { place } from '../actions/place.ts';
import { wait } from '../actions/wait.ts';
import { Refusal } from '../lib/refusal.ts';
import { limits } from '../protocol/limits.ts';
import type { Charge } from '../quota/charge.ts';
import { resolve } from '../targets/resolve.ts';
import { answerOf } from './action-answer.ts';
import { actionAnswer, defaultWaitSeconds, source, waitSeconds } from './fields.ts';
import type { CallContext, Tool } from './tool.ts';

const input = z.object({
  source: source.optional(),
  file: z.string().min(1).max(500).describe('Source file; the end of the path is enough when it is unique, for example "src/checkout.ts".'),
  line: z.number().int().min(1).max(10_000_000).describe('Line in that file, from 1. A line without a statement is moved to the next that has one, and the answer says so.'),
  condition: z
    .string()
    .min(1)
    .max(limits.maxExpressionChars)
    .optional()
    .describe('Only capture when this is true, for example "order.total > 100 && user.country === \'DE\'". Reads and compares; calls nothing.'),
  expressions: z
    .array(z.string().min(1).max(limits.maxExpressionChars))
    .max(limits.maxExpressions)
    .optional()
    .describe('Watch expressions, 1 to 10, for example ["order.items.length", "user.plan"].'),
  maxHits: z.number().int().min(limits.minHits).max(limits.maxHits).default(limits.defaultHits).describe('Hits to capture, 1 to 50, over all agents together; default 1.'),
  timeoutSeconds: z
    .number()
    .int()
    .min(limits.minTimeoutSeconds)
    .max(limits.maxTimeoutSeconds)
    .default(limits.defaultTimeoutSeconds)
    .describe('How long the snapshot stays placed, 1 to 600 s; default 60.'),
  depth: z.number().int().min(1).max(limits.maxDepth).default(limits.maxDepth).describe('Nested levels of objects to read, 1 to 3; default 3.'),
  waitSeconds,
});

/** Places a snapshot, waits for hits, and answers with them, or with a handle before the client's own timeout strikes. */
export const takeSnapshot: Tool<typeof input> = {
  name: 'take_snapshot',
  title: 'Take a snapshot',
  description: `Read the variables of a running program at one line, without stopping or changing it. Use it to see real values in production: why a branch was taken, what an argument held, who called.
Captures local, closure and \`this\` values (3 levels deep), the call stack and your watch expressions each time the line runs with the condition true. Secrets and personal data are redacted.
Example: {"source":{"service":"checkout"},"file":"src/checkout.ts","line":42,"condition":"order.total < 0","maxHits":3}
Waits for the hits; when they take longer it answers with status "pending" and an actionId for wait_for_hits. No hit usually means that the line did not run or the condition was false: the answer's targets say which. Call list_sources first when you do not know the service.`,
  input,
  output: z.object(actionAnswer),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  async run(charge, args, context) {
    const { services, latency } = context;
    const { principal } = charge.permit;
    holdLimits(charge, args);
    const targets = await latency.measure('resolve', async () => {
      const known = await services.agents(principal.org);
      return resolve(charge.permit, known.filter((agent) => agent.connected), args.source ?? {});
    });
    const { source: asked = {}, file, line, condition, expressions = [], maxHits, timeoutSeconds, depth } = args;
    context.note({ target: { service: targets[0]?.service, pool: targets[0]?.pool, agents: targets.map((agent) => agent.id), file, line, condition, expressions } });
    const placed = await latency.measure('place', () =>
      place(services.actions, charge, targets, { source: asked, file, line, condition, expressions, maxHits, timeoutSeconds, depth }),
    );
    return answerOf(context, await waitForOwn(context, placed.org, placed.id, args.waitSeconds ?? Math.min(timeoutSeconds, defaultWaitSeconds)), 0);
  },
};

/** Waits; when the caller goes away nobody has the handle, so the action ends too. */
async function waitForOwn(context: CallContext, org: string, id: string, seconds: number) {
  const { services, latency, signal, progress } = context;
  const action = await latency.measure('wait', () => wait(services.actions, { org, id, waitMs: seconds * 1000, signal, progress }));
  if (action === undefined) throw new Error(`Action ${id} vanished while it was waited for.`);
  if (signal.aborted) await finish(services.actions, org, id, 'cancelled', 'The caller went away.');
  return action;
}

/** A role's limits may be lower than the ceilings in the schema. */
function holdLimits(charge: Charge, args: z.output<typeof input>): void {
  const { maxHits, maxTimeoutSeconds, maxExpressions, maxDepth } = charge.permit.limits;
  const asked = [
    { field: 'maxHits', value: args.maxHits, most: maxHits },
    { field: 'timeoutSeconds', value: args.timeoutSeconds, most: maxTimeoutSeconds },
    { field: 'expressions', value: args.expressions?.length ?? 0, most: maxExpressions },
    { field: 'depth', value: args.depth, most: maxDepth },
  ].find(({ value, most }) => value > most);
  if (asked === undefined) return;
  throw new Refusal({
    code: 'limit_exceeded',
    message: `${asked.field} is ${asked.value}; the role ${charge.permit.principal.role} allows at most ${asked.most}.`,
    field: asked.field,
    next: `Ask for at most ${asked.most}.`,
    data: { limit: asked.most },
  });
}
