import { newId } from '../lib/id.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Locate, Located } from '../protocol/frames.ts';
import type { HubSettings } from './settings.ts';
import { TookTooLong, within } from './within.ts';

/** What is looked for; the hub gives the question its name. */
export type Query = Omit<Locate, 't' | 'q'>;

/** Questions to one agent for places in its program. */
export interface Locates {
  /** Rejects with a `Refusal` when too many are open, when there is no answer in time, and when the agent leaves. */
  ask(agentId: string, query: Query, send: (frame: Locate) => void): Promise<Located>;
  /** An answer nobody waits for any more is dropped. */
  heard(frame: Located): void;
  /** The agent left. */
  end(gone: Error): void;
}

/** Nobody asks yet. */
export function createLocates({ locateConcurrency, answerMs }: HubSettings): Locates {
  const open = new Map<string, { resolve: (frame: Located) => void; reject: (error: Error) => void }>();
  let ended: Error | undefined;
  return {
    async ask(agentId, query, send) {
      if (ended !== undefined) throw ended;
      if (open.size >= locateConcurrency) throw tooBusy(agentId, open.size);
      const q = newId('loc');
      const answer = new Promise<Located>((resolve, reject) => open.set(q, { resolve, reject }));
      send({ t: 'locate', q, ...query });
      try {
        return await within(answerMs, 'The agent', answer);
      } catch (error) {
        throw error instanceof TookTooLong ? tooLate(agentId, answerMs) : error;
      } finally {
        open.delete(q);
      }
    },
    heard(frame) {
      open.get(frame.q)?.resolve(frame);
    },
    end(gone) {
      ended = gone;
      for (const { reject } of open.values()) reject(gone);
    },
  };
}

const tooBusy = (agentId: string, waiting: number) =>
  new Refusal({
    code: 'too_busy',
    message: `Agent ${agentId} is looking for ${waiting} other places already.`,
    next: 'Try again in a few seconds.',
  });

const tooLate = (agentId: string, answerMs: number) =>
  new Refusal({
    code: 'upstream_error',
    message: `Agent ${agentId} did not answer within ${answerMs} ms.`,
    next: 'Narrow the search with file, or call list_sources to see whether the agent is still connected.',
  });
