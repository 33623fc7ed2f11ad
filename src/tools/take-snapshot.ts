import { z } from 'zod';
import type { ActionRecord } from '../actions/action.ts';
import { finish } from '../actions/finish.ts';
import { place } from '../actions/place.ts';
import { wait } from '../actions/wait.ts';
import { throwIfLeft } from '../lib/left.ts';
import { Refusal } from '../lib/refusal.ts';
import { isPrintable } from '../protocol/check.ts';
import { limits } from '../protocol/limits.ts';
import type { Charge } from '../quota/charge.ts';
import { resolve } from '../targets/resolve.ts';
import { answerOf, quoted } from './action-answer.ts';
import { actionAnswer, defaultWaitSeconds, source, waitSeconds } from './fields.ts';
import type { CallContext, Tool } from './tool.ts';

const input = z.object({
  source: source.optional(),
  file: z
    .string()
    .min(1)
    .max(500)
    .refine(isPrintable, 'it holds a control or invisible character')
    .describe('Source file; the end of the path is enough when it is unique, for example "src/checkout.ts".'),
  line: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .describe('Line in that file, from 1. A line without a statement is moved to the next that has one, and the answer says so.'),
  condition: z
    .string()
    .min(1)
    .max(limits.maxExpressionChars)
    .optional()
    .describe(
      'Only capture when this is true, for example "order.total > 100 && user.country === \'DE\'". Reads and compares; calls nothing.',
    ),
  expressions: z
    .array(z.string().min(1).max(limits.maxExpressionChars))
    .max(limits.maxExpressions)
    .optional()
    .describe('Watch expressions, 1 to 10, for example ["order.items.length", "user.plan"].'),
  maxHits: z
    .number()
    .int()
    .min(limits.minHits)
    .max(limits.maxHits)
    .optional()
    .describe('Hits to capture, 1 to 50, over all agents together; default 1.'),
  timeoutSeconds: z
    .number()
    .int()
    .min(limits.minTimeoutSeconds)
    .max(limits.maxTimeoutSeconds)
    .optional()
    .describe('How long the snapshot stays placed, 1 to 600 s; default 60.'),
  depth: z.number().int().min(1).max(limits.maxDepth).optional().describe('Nested levels of objects to read, 1 to 3; default 3.'),
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
    const { maxHits, timeoutSeconds, depth } = withinLimits(charge, args);
    const targets = await latency.measure('resolve', async () => {
      const known = await services.agents(principal.org);
      return resolve(
        charge.permit,
        known.filter((agent) => agent.connected),
        args.source ?? {},
      );
    });
    const { source: asked = {}, file, line, condition, expressions = [] } = args;
    context.note({
      target: {
        service: targets[0]?.service,
        pool: targets[0]?.pool,
        agents: targets.map((agent) => agent.id),
        file,
        line,
        condition,
        expressions,
      },
    });
    throwIfLeft(context.signal);
    const what = { source: asked, file, line, condition, expressions, maxHits, timeoutSeconds, depth };
    const placed = await latency.measure('place', () => place(services.actions, charge, targets, what, context.placing));
    const action = await waitForOwn(context, placed.action, args.waitSeconds ?? Math.min(timeoutSeconds, defaultWaitSeconds));
    const { skippedAgents } = placed;
    const notes =
      skippedAgents.length === 0
        ? []
        : [`Left out, because they have as many actions as they may: ${skippedAgents.map(quoted).join(', ')}.`];
    return answerOf(context, action, 0, notes);
  },
};

/** Waits; when the caller goes away nobody gets the handle, so the action ends too. */
async function waitForOwn(context: CallContext, { org, id }: ActionRecord, seconds: number): Promise<ActionRecord> {
  const { services, latency, signal, progress, queuedMs } = context;
  const waitMs = Math.max(0, seconds * 1000 - queuedMs);
  const action = await latency.measure('wait', () => wait(services.actions, { org, id, waitMs, signal, progress }));
  if (action === undefined) throw new Error(`Action ${id} vanished while it was waited for.`);
  // A bridge that goes down aborts with a refusal, and gives the handle in this answer: what was placed stays. So does a key that
  // ends, but then no answer is given, and the action goes with it.
  if (signal.aborted && !(signal.reason instanceof Refusal))
    await finish(services.actions, org, id, 'cancelled', 'The caller went away.');
  return action;
}

/** A role's limits may be lower than the ceilings in the schema: what is asked beyond them is refused, defaults give way. */
function withinLimits(
  { permit }: Charge,
  args: z.output<typeof input>,
): { maxHits: number; timeoutSeconds: number; depth: number } {
  const { maxHits, maxTimeoutSeconds, maxExpressions, maxDepth } = permit.limits;
  const beyond = [
    { field: 'maxHits', value: args.maxHits ?? 0, most: maxHits },
    { field: 'timeoutSeconds', value: args.timeoutSeconds ?? 0, most: maxTimeoutSeconds },
    { field: 'expressions', value: args.expressions?.length ?? 0, most: maxExpressions },
    { field: 'depth', value: args.depth ?? 0, most: maxDepth },
  ].find(({ value, most }) => value > most);
  if (beyond !== undefined) {
    throw new Refusal({
      code: 'limit_exceeded',
      message: `${beyond.field} is ${beyond.value}; the role ${permit.principal.role} allows at most ${beyond.most}.`,
      field: beyond.field,
      next: `Ask for at most ${beyond.most}.`,
      data: { limit: beyond.most },
    });
  }
  return {
    maxHits: args.maxHits ?? Math.min(limits.defaultHits, maxHits),
    timeoutSeconds: args.timeoutSeconds ?? Math.min(limits.defaultTimeoutSeconds, maxTimeoutSeconds),
    depth: args.depth ?? maxDepth,
  };
}
