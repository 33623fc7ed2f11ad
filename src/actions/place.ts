import type { AuditRecord } from '../audit/record.ts';
import { traceparentNow } from '../lib/call-facts.ts';
import { newId } from '../lib/id.ts';
import { Refusal } from '../lib/refusal.ts';
import type { ActionKind, DurationOptions, LogOptions, Where } from '../protocol/frames.ts';
import type { Charge } from '../quota/charge.ts';
import type { AgentRecord } from '../targets/agent.ts';
import type { SourceSelector } from '../targets/source.ts';
import type { ActionRecord, PlacementResult, TargetRecord } from './action.ts';
import { agentRefusal } from './agent-refusals.ts';
import { readAsked } from './asked.ts';
import type { ActionContext } from './context.ts';
import { finish } from './finish.ts';
import { newTarget, toWire } from './offer.ts';

/** What to place; numbers are within the caller's limits already. */
export interface Placement {
  kind: ActionKind;
  investigation: string;
  source: SourceSelector;
  file: string;
  line: number;
  column?: number;
  expectLine?: string;
  around?: Where['around'];
  condition?: string;
  expressions: string[];
  log?: LogOptions;
  duration?: DurationOptions;
  maxHits: number;
  maxHitsPerAgent?: number;
  depth: number;
  timeoutSeconds: number;
}

/** A placed action, and the agents it was not placed on because they have as many as they may. */
export interface Placed {
  action: ActionRecord;
  skippedAgents: string[];
}

/**
 * Places an action on its targets and waits for their first answers. Needs the `Charge`, so it cannot be called by
 * somebody who was not authorized and charged. Refuses while agents are paused, when a quota is spent or when no target could
 * take it. `recordOf` gives the audit record that is stored together with the action, before any agent hears of it.
 */
export async function place(
  context: ActionContext,
  charge: Charge,
  targets: AgentRecord[],
  placement: Placement,
  recordOf: (action: ActionRecord) => AuditRecord,
): Promise<Placed> {
  const { timeoutSeconds, ...what } = readAsked(placement);
  const { principal, reach, limits } = charge.permit;
  if (what.expressions.length > limits.maxExpressions) throw tooManyExpressions(principal.role, limits.maxExpressions);
  context.pauses.refuse(principal.org);
  const now = context.clock.now();
  const traceparent = traceparentNow();
  const action: ActionRecord = {
    ...what,
    ...(traceparent === undefined ? {} : { traceparent }),
    id: newId('act'),
    org: principal.org,
    principal: principal.subject,
    principalName: principal.name,
    reach,
    status: 'pending',
    hits: 0,
    createdAt: now,
    expiresAt: now + timeoutSeconds * 1000,
    targets: targets.map(newTarget),
    listeners: [context.replica],
  };
  const result = await context.store.place(action, charge.placement, recordOf(action));
  if (!result.ok) throw quotaRefusal(result);
  const unanswered = await armAll(context, result.action);
  const placed = (await context.store.get(principal.org, result.action.id)) ?? result.action;
  const refusal = placed.hits === 0 ? refusalOfAll(placed, unanswered) : undefined;
  if (refusal !== undefined) {
    const ended = await finish(context, placed.org, placed.id, 'failed', refusal.message);
    const now = ended?.action ?? (await context.store.get(placed.org, placed.id));
    if (now === undefined || now.status !== 'pending') throw refusal;
    // An agent has come meanwhile that takes it.
    return { action: now, skippedAgents: result.skippedAgents };
  }
  return { action: placed, skippedAgents: result.skippedAgents };
}

function tooManyExpressions(role: string, most: number): Refusal {
  return new Refusal({
    code: 'limit_exceeded',
    message: `There are more expressions than the role ${role} allows: at most ${most}.`,
    field: 'expressions',
    next: `Ask for at most ${most}.`,
    data: { limit: most },
  });
}

/**
 * Tells every target. An answer has been observed, and so recorded, by the time `arm` resolves; a target that does not
 * answer in time is recorded as failed here, and may still report later. Gives the hub's refusals by agent.
 */
async function armAll({ hub, store, clock }: ActionContext, action: ActionRecord): Promise<Map<string, Refusal>> {
  const { org, id } = action;
  const unanswered = new Map<string, Refusal>();
  const wire = toWire(action, clock.now());
  await Promise.all(
    action.targets.map(({ agentId }) =>
      hub.arm(org, agentId, wire).catch((problem: unknown) => {
        if (!(problem instanceof Refusal)) throw problem;
        unanswered.set(agentId, problem);
        return store.giveUp(org, id, { agentId, state: 'failed', code: 'internal', message: problem.message });
      }),
    ),
  );
  return unanswered;
}

/** One refusal when every target failed; undefined while one of them can still hit. */
function refusalOfAll(action: ActionRecord, unanswered: Map<string, Refusal>): Refusal | undefined {
  const { targets } = action;
  if (!targets.every((target) => target.state === 'failed')) return undefined;
  const telling = ({ agentId, code = 'internal' }: TargetRecord): boolean => code !== 'internal' && !unanswered.has(agentId);
  const failed = targets.find(telling) ?? targets[0];
  if (failed === undefined) return undefined;
  const ours = unanswered.get(failed.agentId);
  const details = ours?.details ?? agentRefusal(action, failed);
  const agents = targets.slice(0, 20).map(({ agentName, code, message }) => ({ agentName, code, message }));
  const words = ours === undefined && failed.message !== undefined ? ' What it said is in data.agents.' : '';
  return new Refusal({ ...details, message: `${details.message}${words}`, data: { ...details.data, agents } });
}

const quotaTexts = {
  hits_per_hour: { what: 'hits of this hour', field: 'maxHits', next: 'Ask for fewer hits, or wait until it renews.' },
  hits_per_investigation: {
    what: 'hits of one investigation',
    field: 'investigation',
    next: 'Ask for fewer hits, or begin another investigation.',
  },
  concurrent_actions_per_principal: {
    what: 'actions you may have at a time',
    next: 'Cancel one (list_actions, cancel_actions), or wait until one ends.',
  },
  concurrent_actions_per_investigation: {
    what: 'actions one investigation may have at a time',
    field: 'investigation',
    next: 'Cancel one (cancel_actions), or wait until one ends.',
  },
  concurrent_actions_per_agent: {
    what: 'actions this agent may have at a time',
    next: 'Choose another agent, or wait until one ends.',
  },
  concurrent_actions_per_org: { what: 'actions your organisation may have at a time', next: 'Wait until one ends.' },
} as const;

function quotaRefusal({ quota, used, limit, renewsAt }: Extract<PlacementResult, { ok: false }>): Refusal {
  const left = Math.max(0, limit - used);
  const renews = renewsAt === undefined ? undefined : new Date(renewsAt).toISOString();
  const { what, next, ...rest } = quotaTexts[quota];
  return new Refusal({
    code: 'quota_exceeded',
    message: `The quota ${quota} allows ${limit} ${what}; ${used} are used, ${left} left.${renews === undefined ? '' : ` It renews at ${renews}.`}`,
    ...rest,
    next,
    data: { quota, limit, used, left, ...(renews === undefined ? {} : { renewsAt: renews }) },
  });
}
