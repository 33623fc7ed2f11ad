import type { Action, HitFrame, StateFrame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { recordsHits } from '../protocol/records-hits.ts';

/** Ten times what an agent may hold at once: an action is forgotten long after its last hit can come. */
const maxKept = 10 * limits.maxActionsPerAgent;

const finalStates = new Set<StateFrame['state']>(['expired', 'removed', 'failed']);

/** What one agent was asked for on this connection, so that nothing else is taken from it. A class: there is one for each idle connection. */
export class Asked {
  /** By action; none while nothing was asked. */
  #kept: Map<string, { rev: number; hits: number; taken?: Set<number> }> | undefined;

  add(action: Action): void {
    this.#kept ??= new Map();
    const kept = this.#kept;
    const before = kept.get(action.id);
    const hits = recordsHits(action) ? action.limits.hits : 0;
    kept.delete(action.id);
    // When a limit is lowered, hits of the time before may be under way.
    const isAgain = before?.rev === action.rev;
    const taken = isAgain ? before.taken : undefined;
    kept.set(action.id, { rev: action.rev, hits: isAgain ? Math.max(before.hits, hits) : hits, ...(taken && { taken }) });
    if (kept.size > maxKept) {
      const [oldest] = kept.keys();
      if (oldest !== undefined) kept.delete(oldest);
    }
  }

  has(actionId: string): boolean {
    return this.#kept?.has(actionId) ?? false;
  }

  /**
   * `known`: taken on this connection already. `unasked`: not asked for on this connection, mostly of an action that ended while the agent
   * was away. `stale`: asked for in another way. `beyond`: more than was asked for.
   */
  judge(hit: Pick<HitFrame, 'id' | 'rev' | 'hit'>): 'wanted' | 'known' | 'unasked' | 'stale' | 'beyond' {
    const asked = this.#kept?.get(hit.id);
    if (asked === undefined) return 'unasked';
    if (asked.rev !== hit.rev) return 'stale';
    if (hit.hit > asked.hits) return 'beyond';
    return asked.taken?.has(hit.hit) ? 'known' : 'wanted';
  }

  /** This hit is dealt with; who sends it again has nothing of it. */
  took(hit: Pick<HitFrame, 'id' | 'rev' | 'hit'>): void {
    const asked = this.#kept?.get(hit.id);
    if (asked?.rev !== hit.rev) return;
    asked.taken ??= new Set();
    asked.taken.add(hit.hit);
  }

  /** An action nobody asked for cannot be live; that it ended may be news from before a reconnect. */
  mayReport(frame: StateFrame): boolean {
    return this.has(frame.id) || finalStates.has(frame.state);
  }
}
