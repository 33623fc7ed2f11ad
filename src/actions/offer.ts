import { matchesGlob } from '../lib/glob.ts';
import type { Action } from '../protocol/frames.ts';
import type { AgentRecord } from '../targets/agent.ts';
import { fits } from '../targets/fits.ts';
import { maxTargets } from '../targets/resolve.ts';
import type { ActionRecord, TargetRecord } from './action.ts';
import type { ActionContext } from './context.ts';

/**
 * What the agent must have armed now: live actions whose source it fits and whose placer reaches it, added where it is not a
 * target yet. One placed on it before is held to the same again, because what an agent says of itself can change.
 */
export async function offer(context: ActionContext, agent: AgentRecord, concurrentPerAgent: number): Promise<Action[]> {
  const now = context.clock.now();
  const { org, id } = agent;
  const suits = (action: ActionRecord) => fits(agent, action.source) && reaches(action, agent);
  const all = await context.store.live(org, now);
  // Thousands of agents may come at once, mostly when nothing is placed.
  if (all.length === 0) return [];
  const missing = all.filter((action) => suits(action) && !action.targets.some((target) => target.agentId === id));
  if (missing.length > 0) {
    const room = { perAgent: concurrentPerAgent, perAction: maxTargets };
    const ids = missing.map((action) => action.id);
    await context.store.addTargets(org, ids, newTarget(agent), room, now);
  }
  const live = await context.store.liveOn(org, id, now);
  return live.filter(suits).map((action) => toWire(action, now));
}

/** A target nobody has heard from yet. */
export function newTarget(agent: AgentRecord): TargetRecord {
  const { id, name, pool, service, version, commit } = agent;
  const program = { ...(version === undefined ? {} : { version }), ...(commit === undefined ? {} : { commit }) };
  return { agentId: id, agentName: name, pool, service, ...program, state: 'pending', hits: 0 };
}

/** The action as the agent gets it; the hit limit is one agent's, the whole action's unless less is asked, and the bridge totals over agents. */
export function toWire(action: ActionRecord, now: number): Action {
  const hits = Math.min(action.maxHits, action.maxHitsPerAgent ?? action.maxHits);
  return {
    id: action.id,
    rev: 1,
    kind: action.kind,
    where: {
      file: action.file,
      line: action.line,
      ...(action.column === undefined ? {} : { column: action.column }),
      ...(action.expectLine === undefined ? {} : { expectLine: action.expectLine }),
      ...(action.around === undefined ? {} : { around: action.around }),
    },
    ...(action.condition === undefined ? {} : { condition: action.condition }),
    expressions: action.expressions,
    ...(action.log === undefined ? {} : { log: action.log }),
    ...(action.duration === undefined ? {} : { duration: action.duration }),
    limits: { hits, depth: action.depth, ttlMs: Math.max(1, action.expiresAt - now) },
  };
}

function reaches(action: ActionRecord, agent: AgentRecord): boolean {
  return action.reach.some(
    (reach) =>
      reach.pools.some((glob) => matchesGlob(glob, agent.pool)) &&
      reach.services.some((glob) => matchesGlob(glob, agent.service)),
  );
}
