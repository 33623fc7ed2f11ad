import { limits } from '../protocol/limits.ts';
import type { AgentRecord } from '../targets/agent.ts';
import type { ActionContext } from './context.ts';
import { removalReasons } from './finish.ts';
import { offer, suits, toWire } from './offer.ts';

/** Agents are told of an end when it comes; this is for those who were not reached then. */
const toldMs = 5_000;
/** After this an agent has dropped the action by its own clock. */
const droppedMs = limits.maxTimeoutSeconds * 1_000 + 60_000;
/** How long an agent has to hear of an action from the replica that placed it. */
const heardMs = 1_000;
/** How far back an agent may have been missed that connected while an action was placed; longer where nobody could look. */
const missedMs = 30_000;

/** Takes ended actions off the agents of this replica that were not reached when they ended, by whatever replica ended them. */
export async function takeOffLeftBehind({ store, hub, clock, replica }: ActionContext): Promise<void> {
  const now = clock.now();
  const left = await store.leftBehind(replica, now - droppedMs, now - toldMs, now);
  await Promise.allSettled(left.map(({ org, id, agentId, status }) => hub.remove(org, agentId, id, removalReasons[status])));
}

/** The agents of this replica. */
export interface Here {
  /** Those of an organisation. */
  agents(org: string): AgentRecord[];
  /** Whether one was asked for an action since it connected. */
  hasAsked(org: string, agentId: string, actionId: string): boolean;
}

/**
 * Gives agents of this replica the actions that were being placed, here or on another one, while they connected, so that neither saw the
 * other, or while this replica was cut off, and those of which the word was lost. The function is for each turn.
 */
export function offeringMissed(context: ActionContext, here: Here, concurrentPerAgent: () => number): () => Promise<void> {
  let looked = context.clock.now();
  return async () => {
    const now = context.clock.now();
    await offerPlacedSince(Math.max(looked - missedMs, now - droppedMs), context, here, concurrentPerAgent());
    looked = now;
  };
}

async function offerPlacedSince(
  since: number,
  context: ActionContext,
  { agents, hasAsked }: Here,
  concurrentPerAgent: number,
): Promise<void> {
  const placed = await context.store.placedSince(since);
  const now = context.clock.now();
  const missed = new Map<AgentRecord['id'], { agent: AgentRecord; actions: Set<string> }>();
  for (const action of placed) {
    for (const agent of agents(action.org)) {
      if (!suits(action, agent)) continue;
      const target = action.targets.find(({ agentId }) => agentId === agent.id);
      if (target !== undefined) {
        const isUnheard =
          target.state === 'pending' && action.createdAt < now - heardMs && !hasAsked(agent.org, agent.id, action.id);
        // Not awaited: an agent that does not answer must not hold up the others.
        if (isUnheard) void context.hub.arm(agent.org, agent.id, toWire(action, now)).catch(() => undefined);
        continue;
      }
      const one = missed.get(agent.id) ?? { agent, actions: new Set() };
      missed.set(agent.id, one);
      one.actions.add(action.id);
    }
  }
  for (const { agent, actions } of missed.values()) {
    const wires = await offer(context, agent, concurrentPerAgent);
    for (const wire of wires) if (actions.has(wire.id)) await context.hub.arm(agent.org, agent.id, wire).catch(() => undefined);
  }
}
