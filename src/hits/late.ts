import type { ActionRecord, ActionStatus } from '../actions/action.ts';
import { recordsHits } from '../protocol/records-hits.ts';
import type { IncomingHit } from './hit.ts';

/** So long after the end of an action its hits are still taken: longer than a restart of the database, shorter than any retention. */
const lateMs = 5 * 60_000;
/** Clocks of bridges may differ by so much, and what is known of an agent's clock came with a hello that took its time. */
const clockOffMs = 5_000;

/** Ends after which hits may come: who cancelled wants no more, and of what failed nobody has the handle. */
export const takesLate = (status: ActionStatus): boolean => status === 'expired' || status === 'completed';

/** An action that an agent of its targets was asked for, as far as it matters here. */
type PlacedAction = Pick<ActionRecord, 'kind' | 'duration' | 'createdAt' | 'maxHits' | 'maxHitsPerAgent'>;
type EndedAction = PlacedAction & Pick<ActionRecord, 'status' | 'expiresAt' | 'endedAt'>;

/**
 * Whether a target may have taken a hit that was not asked for on the connection it comes by: before that one, when the agent had the action
 * and a place for it. An agent numbers its hits, and never was asked for more; as each number is stored once, it gives no more than it may.
 */
export function mayBeOfBefore(action: PlacedAction, { takenAt, agentHit }: IncomingHit): boolean {
  const { createdAt, maxHits, maxHitsPerAgent = maxHits } = action;
  return recordsHits(action) && agentHit <= Math.min(maxHits, maxHitsPerAgent) && takenAt >= createdAt - clockOffMs;
}

/**
 * Whether a hit that comes after the end was taken before it. An agent's clock may be anywhere, so its own instants are not compared with
 * ours: `takenAt` is what our clock showed, by its hello.
 */
export function mayComeLate(action: EndedAction, hit: IncomingHit): boolean {
  const { status, expiresAt, endedAt = expiresAt } = action;
  if (!takesLate(status) || !mayBeOfBefore(action, hit)) return false;
  const end = Math.min(endedAt, expiresAt);
  return hit.receivedAt <= end + lateMs && hit.takenAt <= end + clockOffMs;
}
