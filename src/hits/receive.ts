import { captureNoMore } from '../actions/capture-no-more.ts';
import type { ActionContext } from '../actions/context.ts';
import { takeOff } from '../actions/finish.ts';
import type { RawCapture, ScrubbedCapture } from '../redaction/capture.ts';
import type { AgentRecord } from '../targets/agent.ts';
import type { Declined, HitStore, IncomingHit } from './hit.ts';

/** A hit frame, its capture still closed. */
export interface ReceivedHit {
  id: string;
  /** The agent's own count of this action's hits. */
  hit: number;
  ts: number;
  /** As of `ts`, by the clock of this bridge. */
  takenAt: number;
  /** Whether it was asked for on the connection that it came by. */
  isAsked: boolean;
  capture: RawCapture;
}

export interface Receiving {
  actions: ActionContext;
  hits: HitStore;
  /** Hides what must not be stored; the store never holds a raw value. */
  scrub(capture: RawCapture, actionId: string, agent: AgentRecord): Promise<ScrubbedCapture>;
}

/**
 * Takes in one hit: scrub, store, and end the action when it has all it asked for. Resolved means durable. What agents are told then is
 * not awaited: their answers come behind the frame in hand.
 */
export async function receive({ actions, hits, scrub }: Receiving, agent: AgentRecord, hit: ReceivedHit): Promise<void> {
  const key = { org: agent.org, actionId: hit.id, agentId: agent.id, agentHit: hit.hit };
  const declined = await hits.foresee(key);
  if (declined !== undefined) {
    decline(actions, key, hit.isAsked, declined);
    return;
  }
  const stored = await hits.append({
    ...key,
    agentName: agent.name,
    capturedAt: hit.ts,
    takenAt: hit.takenAt,
    receivedAt: actions.clock.now(),
    isAsked: hit.isAsked,
    capture: await scrub(hit.capture, hit.id, agent),
  });
  if (stored.outcome !== 'stored') {
    decline(actions, key, hit.isAsked, stored.outcome);
    return;
  }
  actions.waker.wake(hit.id, stored.listeners);
  if (stored.ended !== undefined) void takeOff(actions, stored.ended, 'completed');
}

/** Lets an agent know that it captures in vain. */
function decline(
  actions: ActionContext,
  { org, agentId, actionId }: Pick<IncomingHit, 'org' | 'agentId' | 'actionId'>,
  isAsked: boolean,
  outcome: Declined,
): void {
  if (outcome === 'beyond') captureNoMore(actions, org, agentId, actionId).catch(() => undefined);
  else if (outcome !== 'duplicate' && isAsked)
    void actions.hub.remove(org, agentId, actionId, outcome === 'full' ? 'limit' : 'expired');
}
