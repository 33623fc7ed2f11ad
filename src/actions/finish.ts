import type { Remove } from '../protocol/frames.ts';
import { type ActionRecord, type EndedStatus, sharedOutReason } from './action.ts';
import type { ActionContext } from './context.ts';

/** What agents are told when an action ends in a status. */
export const removalReasons: Record<EndedStatus, Remove['reason']> = {
  completed: 'limit',
  expired: 'expired',
  cancelled: 'cancelled',
  failed: 'policy',
};

/** An action that has just ended. */
export interface Ended {
  action: ActionRecord;
  /**
   * Resolves when every agent has said that the probe is gone, or had its time. Never await it where an agent's own frames
   * are handled: its answer comes behind the frame in hand.
   */
  takenOff: Promise<void>;
}

/** Ends an action once and takes it off every agent. Undefined when it had ended already, and for `failed` while an agent has it. */
export async function finish(
  context: ActionContext,
  org: string,
  id: string,
  status: EndedStatus,
  reason: string,
): Promise<Ended | undefined> {
  const action = await context.store.finish(org, id, status, reason, context.clock.now());
  if (action === undefined) return undefined;
  context.waker.wake(id, action.listeners);
  return { action, takenOff: takeOff(context, action, status) };
}

/** Takes an ended action off every agent. One that cannot be told removes the probe by its own clock, and is not offered it again. */
export async function takeOff({ hub }: ActionContext, { org, id, targets }: ActionRecord, status: EndedStatus): Promise<void> {
  await Promise.allSettled(targets.map(({ agentId }) => hub.remove(org, agentId, id, removalReasons[status])));
}

/** Ends what is past its end, and what no agent gives more hits of; called by a timer, and safe to call at any time from any replica. */
export async function endDue(context: ActionContext): Promise<void> {
  const { store, clock } = context;
  const now = clock.now();
  for (const { org, id } of await store.overdue(now)) await finish(context, org, id, 'expired', 'Its time was up.');
  for (const { org, id } of await store.sharedOut(now)) await finish(context, org, id, 'completed', sharedOutReason);
}
