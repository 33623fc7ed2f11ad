import type { AuditRecord } from '../audit/record.ts';
import { newId } from '../lib/id.ts';
import { Refusal } from '../lib/refusal.ts';
import { isPrintable } from '../protocol/check.ts';
import { limits } from '../protocol/limits.ts';
import type { Charge } from '../quota/charge.ts';
import type { AgentRecord } from '../targets/agent.ts';
import type { SourceSelector } from '../targets/source.ts';
import type { ActionRecord, PlacementResult, TargetRecord } from './action.ts';
import { agentRefusals } from './agent-refusals.ts';
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
  checkFile(placement.file);
  checkExpressions(placement.condition, placement.expressions);
  const { principal, reach } = charge.permit;
  context.pauses.refuse(principal.org);
  const now = context.clock.now();
  const { timeoutSeconds, ...what } = placement;
  const action: ActionRecord = {
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
  };
  const result = await context.store.place(action, charge.placement, recordOf(action));
  if (!result.ok) throw quotaRefusal(result);
  const unanswered = await armAll(context, result.action);
  const placed = (await context.store.get(principal.org, result.action.id)) ?? result.action;
  const refusal = placed.hits === 0 ? refusalOfAll(placed.targets, unanswered) : undefined;
  if (refusal !== undefined) {
    await finish(context, placed.org, placed.id, 'failed', refusal.message);
    throw refusal;
  }
  return { action: placed, skippedAgents: result.skippedAgents };
}

/** Agents refuse a path that cannot be seen as it is; so it is not sent to them. */
function checkFile(file: string): void {
  if (file.length > 0 && file.length <= limits.maxFileChars && isPrintable(file)) return;
  throw new Refusal({
    code: 'invalid_input',
    message: `The file is empty, longer than ${limits.maxFileChars} characters, or holds a control or invisible character.`,
    field: 'file',
    next: 'Give the path as it is in the source tree, for example src/checkout.ts.',
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
        return store.setTarget(org, id, { agentId, state: 'failed', hits: 0, code: 'internal', message: problem.message });
      }),
    ),
  );
  return unanswered;
}

/** One refusal when every target failed; undefined while one of them can still hit. */
function refusalOfAll(targets: TargetRecord[], unanswered: Map<string, Refusal>): Refusal | undefined {
  if (!targets.every((target) => target.state === 'failed')) return undefined;
  const telling = ({ agentId, code = 'internal' }: TargetRecord): boolean => code !== 'internal' && !unanswered.has(agentId);
  const failed = targets.find(telling) ?? targets[0];
  const ours = failed === undefined ? undefined : unanswered.get(failed.agentId);
  const details = ours?.details ?? agentRefusals[failed?.code ?? 'internal'];
  const agents = targets.slice(0, 20).map(({ agentName, code, message }) => ({ agentName, code, message }));
  const words = ours === undefined && failed?.message !== undefined ? ' What it said is in data.agents.' : '';
  return new Refusal({ ...details, message: `${details.message}${words}`, data: { agents } });
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
