import { z } from 'zod';
import type { ActionRecord } from '../actions/action.ts';
import { finish } from '../actions/finish.ts';
import { type Placement, place } from '../actions/place.ts';
import { readFor, wait } from '../actions/wait.ts';
import { newId } from '../lib/id.ts';
import { throwIfLeft } from '../lib/left.ts';
import { Refusal } from '../lib/refusal.ts';
import { isPrintable } from '../protocol/check.ts';
import { limits } from '../protocol/limits.ts';
import type { Charge } from '../quota/charge.ts';
import type { Outcome } from '../redaction/redact.ts';
import { quoted } from '../redaction/words.ts';
import type { SourceSelector } from '../targets/source.ts';
import { answerOf } from './action-answer.ts';
import { waitOf } from './client-waits.ts';
import { investigation, ordinal, shortText, source, waitSeconds } from './fields.ts';
import { targetsOf } from './targets-of.ts';
import type { CallContext } from './tool.ts';

/** How long an action stays placed; `fallback` is said to callers, `place` knows it too. */
const timeoutSeconds = (fallback: number) =>
  z
    .number()
    .int()
    .min(limits.minTimeoutSeconds)
    .max(limits.maxTimeoutSeconds)
    .optional()
    .describe(`Of the action; default ${fallback}.`);

/** Characters of a file's path, or of its end. */
export const maxFileChars = 500;

export const file = shortText(maxFileChars)
  .refine(isPrintable, 'it holds a control or invisible character')
  .describe('Path, or its end.');

export const line = ordinal(10_000_000);

export const maxHits = z.number().int().min(limits.minHits).max(limits.maxHits).optional().describe('Default 1.');

export const maxHitsPerAgent = z
  .number()
  .int()
  .min(limits.minHits)
  .max(limits.maxHits)
  .optional()
  .describe('Most of one agent; maxHits defaults to that for each.');

/** Arguments of every tool that places an action on a line. */
export const placing = (defaultTimeoutSeconds: number) => ({
  source: source.optional(),
  file,
  line: line.describe('From 1.'),
  expectLine: shortText(limits.maxQueryChars).optional().describe('Its deployed text, 1 to 6 lines.'),
  condition: shortText(limits.maxExpressionChars).optional().describe('Only when true.'),
  timeoutSeconds: timeoutSeconds(defaultTimeoutSeconds),
  waitSeconds,
  investigation: investigation.optional().describe('Groups actions.'),
});

/** What a tool adds to the arguments that all share. */
export type Wish = Pick<Placement, 'kind'> &
  Partial<Pick<Placement, 'expressions' | 'log' | 'duration' | 'maxHits' | 'maxHitsPerAgent' | 'depth'>> & {
    /** When the caller names no number; one unless said. */
    defaultHits?: number;
  };

interface PlacingArguments {
  source?: SourceSelector | undefined;
  file: string;
  line: number;
  expectLine?: string | undefined;
  condition?: string | undefined;
  timeoutSeconds?: number | undefined;
  waitSeconds?: number | undefined;
  maxBytes?: number | undefined;
  investigation?: string | undefined;
}

/** Places an action, waits for what comes of it, and answers with that, or with a handle before the client's own timeout strikes. */
export async function placeAndWait(
  charge: Charge,
  args: PlacingArguments,
  wish: Wish,
  defaultTimeoutSeconds: number,
  context: CallContext,
): Promise<Outcome> {
  const { services, latency, signal } = context;
  const { clock } = services;
  const numbers = withinLimits(charge, { ...args, ...wish }, defaultTimeoutSeconds);
  const from = clock.monotonic();
  const targets = await targetsOf(charge, args.source, context);
  // Agents may have been awaited; the call takes no longer for that.
  const resolvedMs = clock.monotonic() - from;
  const { source: asked = {}, file, line, condition, expectLine } = args;
  const { log, duration, expressions = [] } = wish;
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
  throwIfLeft(signal);
  const whole: Placement = {
    ...{ kind: wish.kind, investigation: args.investigation ?? newId('inv'), source: asked },
    ...{ file, line, condition, expectLine, expressions, ...numbers },
    maxHits: wish.maxHits ?? defaultHits(charge, wish, targets.length),
    ...(wish.maxHitsPerAgent === undefined ? {} : { maxHitsPerAgent: wish.maxHitsPerAgent }),
    ...(log === undefined ? {} : { log }),
    ...(duration === undefined ? {} : { duration }),
  };
  const placed = await latency.measure('place', () => place(services.actions, charge, targets, whole, context.placing));
  const seconds = args.waitSeconds ?? Math.min(numbers.timeoutSeconds, context.waits.defaultSeconds);
  const { waitMs, notes } = waitOf({ ...context, queuedMs: context.queuedMs + resolvedMs }, seconds);
  const untilMs = clock.monotonic() + waitMs;
  const action = await waitForOwn(context, placed.action, waitMs);
  const { skippedAgents } = placed;
  const leftOut =
    skippedAgents.length === 0
      ? []
      : [`Left out, because they have as many actions as they may: ${skippedAgents.map(quoted).join(', ')}.`];
  return readFor(services.actions, action, { untilMs, signal }, () =>
    answerOf(context, action, 0, [...leftOut, ...(action.status === 'pending' ? notes : [])], args.maxBytes),
  );
}

/** One, or what the tool says; when each agent has a number of its own, that for each of them. */
function defaultHits({ permit }: Charge, { maxHitsPerAgent, defaultHits = limits.defaultHits }: Wish, agents: number): number {
  return Math.min(maxHitsPerAgent === undefined ? defaultHits : maxHitsPerAgent * agents, permit.limits.maxHits);
}

/** Waits; when the caller goes away nobody gets the handle, so the action ends too. */
async function waitForOwn(context: CallContext, { org, id }: ActionRecord, waitMs: number): Promise<ActionRecord> {
  const { services, latency, signal, progress } = context;
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
  asked: Pick<Wish, 'maxHits' | 'maxHitsPerAgent' | 'expressions' | 'depth'> & Pick<PlacingArguments, 'timeoutSeconds'>,
  defaultTimeoutSeconds: number,
): { timeoutSeconds: number; depth: number } {
  const { maxHits, maxTimeoutSeconds, maxExpressions, maxDepth } = permit.limits;
  const beyond = [
    { field: 'maxHits', value: asked.maxHits ?? 0, most: maxHits },
    { field: 'maxHitsPerAgent', value: asked.maxHitsPerAgent ?? 0, most: maxHits },
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
    timeoutSeconds: asked.timeoutSeconds ?? Math.min(defaultTimeoutSeconds, maxTimeoutSeconds),
    depth: asked.depth ?? maxDepth,
  };
}
