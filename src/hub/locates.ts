import { newId } from '../lib/id.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Locate, Located } from '../protocol/frames.ts';
import type { HubSettings } from './settings.ts';
import { TookTooLong, within } from './within.ts';

/** What is looked for; the hub gives the question its name. */
export type Query = Omit<Locate, 't' | 'q'>;

/** Questions to one agent for places in its program. */
export interface Locates {
  /**
   * In turn, with one deadline for waiting and answer together. Rejects with a `Refusal` when that passes, when too many wait, and when
   * the agent leaves.
   */
  ask(agentId: string, query: Query, send: (frame: Locate) => void): Promise<Located>;
  /** An answer nobody waits for any more is dropped. */
  heard(frame: Located): void;
  /** The agent left. */
  end(gone: Error): void;
}

/** Questions that wait until one of those before them is answered; each belongs to a call that waits. */
const maxWaiting = 64;

/** Nobody asks yet. */
export function createLocates({ locateConcurrency, answerMs }: HubSettings): Locates {
  const open = new Map<string, { resolve: (frame: Located) => void; reject: (error: Error) => void }>();
  const waiting = new Set<{ go: () => void; reject: (error: Error) => void }>();
  let asking = 0;
  let ended: Error | undefined;

  /** Takes a place, in turn: a caller that asks much is a few places ahead of another, and does not shut it out. */
  async function enter(agentId: string): Promise<void> {
    if (asking < locateConcurrency) {
      asking += 1;
      return;
    }
    if (waiting.size >= maxWaiting) throw tooBusy(agentId, waiting.size);
    let one: { go: () => void; reject: (error: Error) => void } | undefined;
    const turn = new Promise<void>((go, reject) => {
      one = { go, reject };
      waiting.add(one);
    });
    try {
      await within(answerMs, 'The turn of this question', turn);
    } catch (error) {
      if (one !== undefined) waiting.delete(one);
      throw error instanceof TookTooLong ? tooBusy(agentId, waiting.size) : error;
    }
  }

  function leave(): void {
    const [next] = waiting;
    if (next === undefined) asking -= 1;
    else {
      waiting.delete(next);
      next.go();
    }
  }

  return {
    async ask(agentId, query, send) {
      if (ended !== undefined) throw ended;
      const deadlineMs = performance.now() + answerMs;
      await enter(agentId);
      if (ended !== undefined) throw ended;
      const q = newId('loc');
      const answer = new Promise<Located>((resolve, reject) => open.set(q, { resolve, reject }));
      send({ t: 'locate', q, ...query });
      try {
        return await within(Math.max(1, deadlineMs - performance.now()), 'The agent', answer);
      } catch (error) {
        throw error instanceof TookTooLong ? tooLate(agentId, answerMs) : error;
      } finally {
        open.delete(q);
        leave();
      }
    },
    heard(frame) {
      open.get(frame.q)?.resolve(frame);
    },
    end(gone) {
      ended = gone;
      for (const { reject } of [...waiting, ...open.values()]) reject(gone);
      waiting.clear();
    },
  };
}

const tooBusy = (agentId: string, waiting: number) =>
  new Refusal({
    code: 'too_busy',
    message: `Agent ${agentId} has ${waiting} other places to look for before this one.`,
    next: 'Try again in a few seconds.',
  });

const tooLate = (agentId: string, answerMs: number) =>
  new Refusal({
    code: 'upstream_error',
    message: `Agent ${agentId} did not answer within ${answerMs} ms.`,
    next: 'Narrow the search with file, or call list_sources to see whether the agent is still connected.',
  });
