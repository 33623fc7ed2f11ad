import type { Action, HitFrame, StateFrame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { recordsHits } from '../protocol/records-hits.ts';

/** Ten times what an agent may hold at once: an action is forgotten long after its last hit can come. */
const maxKept = 10 * limits.maxActionsPerAgent;

const finalStates = new Set<StateFrame['state']>(['expired', 'removed', 'failed']);

/** What one agent was asked for on this connection, so that nothing else is taken from it. */
export interface Asked {
  add(action: Action): void;
  has(actionId: string): boolean;
  /**
   * `unasked`: not asked for on this connection, mostly of an action that ended while the agent was away. `stale`: asked for in another way.
   * `beyond`: more than was asked for.
   */
  judge(hit: Pick<HitFrame, 'id' | 'rev' | 'hit'>): 'wanted' | 'unasked' | 'stale' | 'beyond';
  /** An action nobody asked for cannot be live; that it ended may be news from before a reconnect. */
  mayReport(frame: StateFrame): boolean;
}

/** Nothing asked yet. */
export function createAsked(): Asked {
  const kept = new Map<string, { rev: number; hits: number }>();
  return {
    add(action) {
      const before = kept.get(action.id);
      const hits = recordsHits(action) ? action.limits.hits : 0;
      kept.delete(action.id);
      // When a limit is lowered, hits of the time before may be under way.
      kept.set(action.id, { rev: action.rev, hits: before?.rev === action.rev ? Math.max(before.hits, hits) : hits });
      if (kept.size > maxKept) {
        const [oldest] = kept.keys();
        if (oldest !== undefined) kept.delete(oldest);
      }
    },
    has: (actionId) => kept.has(actionId),
    judge(hit) {
      const asked = kept.get(hit.id);
      if (asked === undefined) return 'unasked';
      if (asked.rev !== hit.rev) return 'stale';
      return hit.hit > asked.hits ? 'beyond' : 'wanted';
    },
    mayReport: (frame) => kept.has(frame.id) || finalStates.has(frame.state),
  };
}
