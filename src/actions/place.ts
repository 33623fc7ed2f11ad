import { newId } from '../lib/id.ts';
import { Refusal } from '../lib/refusal.ts';
import type { AgentErrorCode } from '../protocol/frames.ts';
import type { Charge } from '../quota/charge.ts';
import type { AgentRecord } from '../targets/agent.ts';
import type { SourceSelector } from '../targets/source.ts';
import type { ActionRecord, PlacementResult, TargetRecord } from './action.ts';
import type { ActionContext } from './context.ts';
import { checkExpressions } from './expressions.ts';
import { finish } from './finish.ts';
import { newTarget, toWire } from './offer.ts';

/** What to place; numbers are within the caller's limits already. */
export interface Placement {
  source: SourceSelector;
  file: string;
  line: number;
  column?: number;
  condition?: string;
  expressions: string[];
  maxHits: number;
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
 * somebody who was not authorized and charged. Refuses when a quota is spent or when no target could take it.
 */
export async function place(
  context: ActionContext,
  charge: Charge,
  targets: AgentRecord[],
  placement: Placement,
): Promise<Placed> {
  checkExpressions(placement.condition, placement.expressions);
  const { principal, reach } = charge.permit;
  const now = context.clock.now();
  const { timeoutSeconds, ...what } = placement;
  const result = await context.store.place(
    {
      ...what,
      id: newId('act'),
      org: principal.org,
      principal: principal.subject,
      principalName: principal.name,
      kind: 'snapshot',
      reach,
      status: 'pending',
      hits: 0,
      createdAt: now,
      expiresAt: now + timeoutSeconds * 1000,
      targets: targets.map(newTarget),
    },
    charge.placement,
  );
  if (!result.ok) throw quotaRefusal(result);
  await armAll(context, result.action);
  const placed = (await context.store.get(principal.org, result.action.id)) ?? result.action;
  const refusal = placed.hits === 0 ? refusalOfAll(placed.targets) : undefined;
  if (refusal !== undefined) {
    await finish(context, placed.org, placed.id, 'failed', refusal.message);
    throw refusal;
  }
  return { action: placed, skippedAgents: result.skippedAgents };
}

/**
 * Tells every target. An answer has been observed, and so recorded, by the time `arm` resolves; a target that does not
 * answer in time is recorded as failed here, and may still report later.
 */
async function armAll({ hub, store, clock }: ActionContext, action: ActionRecord): Promise<void> {
  const { org, id } = action;
  const wire = toWire(action, clock.now());
  await Promise.all(
    action.targets.map(({ agentId }) =>
      hub.arm(org, agentId, wire).catch((problem: unknown) => {
        if (!(problem instanceof Refusal)) throw problem;
        return store.setTarget(org, id, { agentId, state: 'failed', hits: 0, code: 'internal', message: problem.message });
      }),
    ),
  );
}

const refusalCodes: Partial<
  Record<AgentErrorCode, { code: 'invalid_location' | 'invalid_expression' | 'too_busy'; field?: string; next: string }>
> = {
  'no-such-file': {
    code: 'invalid_location',
    field: 'file',
    next: 'Give the path as it is in the source tree, for example src/checkout.ts.',
  },
  'ambiguous-file': {
    code: 'invalid_location',
    field: 'file',
    next: 'Give more of the path, so that only one loaded file ends in it.',
  },
  'no-such-line': { code: 'invalid_location', field: 'line', next: 'Choose a line that holds a statement.' },
  'bad-expression': { code: 'invalid_expression', next: 'Correct the condition or expression and call take_snapshot again.' },
  'too-many': {
    code: 'too_busy',
    next: 'Cancel actions you no longer need (list_actions, cancel_action), or wait until some expire.',
  },
};

/** One refusal when every target failed; undefined while one of them can still hit. */
function refusalOfAll(targets: TargetRecord[]): Refusal | undefined {
  if (!targets.every((target) => target.state === 'failed')) return undefined;
  const failed = targets.find((target) => target.code !== undefined && refusalCodes[target.code] !== undefined) ?? targets[0];
  const known = failed?.code === undefined ? undefined : refusalCodes[failed.code];
  const agents = targets.slice(0, 20).map(({ agentName, code, message }) => ({ agentName, code, message }));
  return new Refusal({
    code: known?.code ?? 'upstream_error',
    message: failed?.message ?? 'No agent could take the action.',
    ...(known?.field === undefined ? {} : { field: known.field }),
    next: known?.next ?? 'Call list_sources to see whether the agent is still connected, then try again.',
    data: { agents },
  });
}

const quotaTexts = {
  hits_per_hour: { what: 'hits of this hour', next: 'Ask for fewer hits, or wait until it renews.' },
  concurrent_actions_per_principal: {
    what: 'actions you may have at a time',
    next: 'Cancel one (list_actions, cancel_action), or wait until one ends.',
  },
  concurrent_actions_per_agent: {
    what: 'actions this agent may have at a time',
    next: 'Choose another agent, or wait until one ends.',
  },
  concurrent_actions_per_org: { what: 'actions your organisation may have at a time', next: 'Wait until one ends.' },
} as const;

function quotaRefusal({ quota, used, limit, renewsAt }: Extract<PlacementResult, { ok: false }>): Refusal {
  const left = Math.max(0, limit - used);
  const renews = new Date(renewsAt).toISOString();
  const { what, next } = quotaTexts[quota];
  return new Refusal({
    code: 'quota_exceeded',
    message: `The quota ${quota} allows ${limit} ${what}; ${used} are used, ${left} left. It renews at ${renews}.`,
    ...(quota === 'hits_per_hour' ? { field: 'maxHits' } : {}),
    next,
    data: { quota, limit, used, left, renewsAt: renews },
  });
}
