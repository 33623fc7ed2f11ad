import { z } from 'zod';
import type { ActionRecord } from '../actions/action.ts';
import { finish } from '../actions/finish.ts';
import { type Placement, place } from '../actions/place.ts';
import { wait } from '../actions/wait.ts';
import { throwIfLeft } from '../lib/left.ts';
import { Refusal } from '../lib/refusal.ts';
import { isPrintable } from '../protocol/check.ts';
import { limits } from '../protocol/limits.ts';
import type { Charge } from '../quota/charge.ts';
import type { Outcome } from '../redaction/redact.ts';
import { quoted } from '../redaction/words.ts';
import type { AgentRecord } from '../targets/agent.ts';
import { resolve } from '../targets/resolve.ts';
import type { SourceSelector } from '../targets/source.ts';
import { answerOf } from './action-answer.ts';
import { defaultWaitSeconds, ordinal, shortText, source, waitSeconds } from './fields.ts';
import type { CallContext } from './tool.ts';

/** How long an action stays placed; `fallback` is said to callers, `place` knows it too. */
const timeoutSeconds = (fallback: number) =>
  z
    .number()
    .int()
    .min(limits.minTimeoutSeconds)
    .max(limits.maxTimeoutSeconds)
    .optional()
    .describe(`Life of the action; default ${fallback}.`);

export const file = shortText(500)
  .refine(isPrintable, 'it holds a control or invisible character')
  .describe('Source file; the end of its path is enough.');

export const line = ordinal(10_000_000);

export const maxHits = z
  .number()
  .int()
  .min(limits.minHits)
  .max(limits.maxHits)
  .optional()
  .describe('Hits to capture; default 1.');

/** Arguments of every tool that places an action on a line. */
export const placing = (defaultTimeoutSeconds: number) => ({
  source: source.optional(),
  file,
  line: line.describe('Line, from 1.'),
  expectLine: shortText(limits.maxQueryChars).optional().describe('Text the deployed line must have.'),
  condition: shortText(limits.maxExpressionChars).optional().describe('Only when this is true, as "order.total > 100".'),
  timeoutSeconds: timeoutSeconds(defaultTimeoutSeconds),
  waitSeconds,
});

/** What a tool adds to the arguments that all share. */
export type Wish = Pick<Placement, 'kind'> &
  Partial<Pick<Placement, 'expressions' | 'log' | 'duration' | 'maxHits' | 'depth' | 'around'>>;

interface PlacingArguments {
  source?: SourceSelector | undefined;
  file: string;
  line: number;
  expectLine?: string | undefined;
  condition?: string | undefined;
  timeoutSeconds?: number | undefined;
  waitSeconds?: number | undefined;
}

/** Places an action, waits for what comes of it, and answers with that, or with a handle before the client's own timeout strikes. */
export async function placeAndWait(
  charge: Charge,
  args: PlacingArguments,
  wish: Wish,
  defaultTimeoutSeconds: number,
  context: CallContext,
): Promise<Outcome> {
  const { services, latency } = context;
  const numbers = withinLimits(charge, { ...args, ...wish }, defaultTimeoutSeconds);
  const targets = await targetsOf(charge, args.source, context);
  const { source: asked = {}, file, line, condition, expectLine } = args;
  const { log, duration, around, expressions = [] } = wish;
  context.note({
    target: {
      service: targets[0]?.service,
      pool: targets[0]?.pool,
      agents: targets.map((agent) => agent.id),
      file,
      line,
      condition,
      expressions: log === undefined ? expressions : [log.template],
    },
  });
  throwIfLeft(context.signal);
  const what: Placement = { kind: wish.kind, source: asked, file, line, condition, expectLine, around, expressions, ...numbers };
  const whole = { ...what, ...(log === undefined ? {} : { log }), ...(duration === undefined ? {} : { duration }) };
  const placed = await latency.measure('place', () => place(services.actions, charge, targets, whole, context.placing));
  const seconds = args.waitSeconds ?? Math.min(numbers.timeoutSeconds, defaultWaitSeconds);
  const action = await waitForOwn(context, placed.action, seconds);
  const { skippedAgents } = placed;
  const notes =
    skippedAgents.length === 0
      ? []
      : [`Left out, because they have as many actions as they may: ${skippedAgents.map(quoted).join(', ')}.`];
  return answerOf(context, action, 0, notes);
}

/** The connected agents a source means, of those the caller may reach. */
export function targetsOf(
  { permit }: Charge,
  source: SourceSelector | undefined,
  { services, latency }: CallContext,
): Promise<AgentRecord[]> {
  return latency.measure('resolve', async () => {
    const known = await services.agents(permit.principal.org);
    return resolve(
      permit,
      known.filter((agent) => agent.connected),
      source ?? {},
    );
  });
}

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
  asked: { maxHits?: number; timeoutSeconds?: number | undefined; expressions?: string[]; depth?: number },
  defaultTimeoutSeconds: number,
): { maxHits: number; timeoutSeconds: number; depth: number } {
  const { maxHits, maxTimeoutSeconds, maxExpressions, maxDepth } = permit.limits;
  const beyond = [
    { field: 'maxHits', value: asked.maxHits ?? 0, most: maxHits },
    { field: 'timeoutSeconds', value: asked.timeoutSeconds ?? 0, most: maxTimeoutSeconds },
    { field: 'expressions', value: asked.expressions?.length ?? 0, most: maxExpressions },
    { field: 'depth', value: asked.depth ?? 0, most: maxDepth },
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
    maxHits: asked.maxHits ?? Math.min(limits.defaultHits, maxHits),
    timeoutSeconds: asked.timeoutSeconds ?? Math.min(defaultTimeoutSeconds, maxTimeoutSeconds),
    depth: asked.depth ?? maxDepth,
  };
}
