import { goneStates, type TargetReport } from './action.ts';
import type { ActionContext } from './context.ts';

/** What the allowance of an agent asks of storage. */
export interface PlaceStore {
  /**
   * What an agent says now of an action, and who listens. A target that was gone, failed or given up as silent and says that it is there
   * after all comes back only where fewer than `perAgent` live actions hold a place on its agent, one after the other with placements;
   * `isFull` where none is left: then nothing was written.
   */
  report(
    org: string,
    id: string,
    target: TargetReport,
    perAgent: number,
    now: number,
  ): Promise<{ listeners: string[]; isFull: boolean }>;
}

/**
 * The same context for what an agent reports, held to its allowance: a place that was given up may have another action by now, so that who
 * comes too late for it is told to let go.
 */
export function heldToAllowance(context: ActionContext, places: PlaceStore, concurrentPerAgent: number): ActionContext {
  const { store, hub, clock } = context;
  return {
    ...context,
    store: {
      ...store,
      async setTarget(org, id, target) {
        if (goneStates.has(target.state)) return store.setTarget(org, id, target);
        const { listeners, isFull } = await places.report(org, id, target, concurrentPerAgent, clock.now());
        // Not awaited: the agent's answer comes behind the frame in hand.
        if (isFull) void hub.remove(org, target.agentId, id, 'limit');
        return { listeners };
      },
    },
  };
}
