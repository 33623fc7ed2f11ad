import { matchesGlob } from '../lib/glob.ts';
import type { Action } from '../protocol/frames.ts';
import type { AgentRecord } from '../targets/agent.ts';
import { fits } from '../targets/fits.ts';
import { maxTargets } from '../targets/resolve.ts';
import { type ActionRecord, goneStates, type ListedAction, type TargetRecord } from './action.ts';
import type { ActionContext } from './context.ts';

/**
 * What the agent must have armed now: live actions whose source it fits and whose placer reaches it, added where it is not a
 * target yet. One placed on it before is held to the same again, because what an agent says of itself can change.
 */
export async function offer(context: ActionContext, agent: AgentRecord, concurrentPerAgent: number): Promise<Action[]> {
  const now = context.clock.now();
  const { org, id } = agent;
  const all = await context.store.live(org, now);
  // Thousands of agents may come at once, mostly when nothing is placed.
  if (all.length === 0) return [];
  const missing = all.filter((action) => suits(action, agent) && !action.targets.some((target) => target.agentId === id));
  if (missing.length > 0) {
    const room = { perAgent: concurrentPerAgent, perAction: maxTargets };
    const ids = missing.map((action) => action.id);
    await context.store.addTargets(org, ids, newTarget(agent), room, now);
  }
  const live = (await context.store.liveOn(org, id, now)).filter((action) => suits(action, agent));
  return withinRoom(live, id, concurrentPerAgent).map((action) => toWire(action, now));
}

/** A target that has failed or gone holds no place any more, and another action may have taken it: it comes back only where one is left. */
export function withinRoom(live: ListedAction[], agentId: string, concurrentPerAgent: number): ListedAction[] {
  const holdsPlace = ({ targets }: ListedAction) =>
    targets.some((target) => target.agentId === agentId && !goneStates.has(target.state));
  let room = concurrentPerAgent - live.filter(holdsPlace).length;
  return live.filter((action) => {
    if (holdsPlace(action)) return true;
    room -= 1;
    return room >= 0;
  });
}

/** Whether an action is meant for this agent: its source fits, and its placer reaches it. */
export const suits = (action: ListedAction, agent: AgentRecord): boolean => fits(agent, action.source) && reaches(action, agent);

/** A target nobody has heard from yet. */
export function newTarget(agent: AgentRecord): TargetRecord {
  const { id, name, pool, service, version, commit } = agent;
  const program = { ...(version === undefined ? {} : { version }), ...(commit === undefined ? {} : { commit }) };
  return { agentId: id, agentName: name, pool, service, ...program, state: 'pending', hits: 0 };
}

/** The action as the agent gets it; the hit limit is one agent's, the whole action's unless less is asked, and the bridge totals over agents. */
export function toWire(action: Omit<ActionRecord, 'targets'>, now: number): Action {
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
    ...(action.traceparent === undefined ? {} : { traceparent: action.traceparent }),
  };
}

function reaches(action: ListedAction, agent: AgentRecord): boolean {
  return action.reach.some(
    (reach) =>
      reach.pools.some((glob) => matchesGlob(glob, agent.pool)) &&
      reach.services.some((glob) => matchesGlob(glob, agent.service)),
  );
}
