import { limits } from '../protocol/limits.ts';
import type { ActionContext } from './context.ts';
import { toWire } from './offer.ts';

/**
 * Tells an agent, which has sent more hits than there is room for, to take no more of them and to go on adding up: the action as it is
 * there already, with the fewest hits there can be. Best effort: an agent that cannot be told now is told by its next hit.
 */
export async function captureNoMore(
  { store, hub, clock }: ActionContext,
  org: string,
  agentId: string,
  id: string,
): Promise<void> {
  const action = await store.get(org, id);
  if (action?.status !== 'pending') return;
  const wire = toWire(action, clock.now());
  await hub.arm(org, agentId, { ...wire, limits: { ...wire.limits, hits: limits.minHits } });
}
