import { captureNoMore } from '../actions/capture-no-more.ts';
import type { ActionContext } from '../actions/context.ts';
import { takeOff } from '../actions/finish.ts';
import type { RawCapture, ScrubbedCapture } from '../redaction/capture.ts';
import type { AgentRecord } from '../targets/agent.ts';
import type { HitStore } from './hit.ts';

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
  const stored = await hits.append({
    org: agent.org,
    actionId: hit.id,
    agentId: agent.id,
    agentName: agent.name,
    agentHit: hit.hit,
    capturedAt: hit.ts,
    takenAt: hit.takenAt,
    receivedAt: actions.clock.now(),
    isAsked: hit.isAsked,
    capture: await scrub(hit.capture, hit.id, agent),
  });
  if (stored.outcome === 'stored') {
    actions.waker.wake(hit.id, stored.listeners);
    if (stored.ended !== undefined) void takeOff(actions, stored.ended, 'completed');
  } else if (stored.outcome === 'beyond') {
    captureNoMore(actions, agent.org, agent.id, hit.id).catch(() => undefined);
  } else if (stored.outcome !== 'duplicate' && hit.isAsked) {
    void actions.hub.remove(agent.org, agent.id, hit.id, stored.outcome === 'full' ? 'limit' : 'expired');
  }
}
