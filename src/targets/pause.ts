import { Refusal } from '../lib/refusal.ts';

/** What pausing asks of storage: organisations whose agents an operator has paused, and since when. */
export interface PauseStore {
  all(): Promise<{ org: string; pausedAt: number }[]>;
  pause(org: string, now: number): Promise<void>;
  resume(org: string): Promise<void>;
}

/** The operator's kill switch: while it is on, agents of the organisation hold no probe and nothing is placed. */
export interface Pauses {
  isOn(org: string): boolean;
  /** Throws `unavailable` while it is on. */
  refuse(org: string): void;
  /** Reads the store again; answers the organisations whose switch has changed since. */
  refresh(): Promise<string[]>;
}

/** The switches as they are stored now. They are asked at every placement and welcome, so they are kept in memory. */
export async function openPauses(store: PauseStore): Promise<Pauses> {
  let paused = new Map<string, number>();
  let [asked, answered] = [0, 0];
  const pauses: Pauses = {
    isOn: (org) => paused.has(org),
    refuse(org) {
      const since = paused.get(org);
      if (since === undefined) return;
      throw new Refusal({
        code: 'unavailable',
        message: `An operator has paused all agents since ${new Date(since).toISOString()}; nothing can be placed.`,
        next: 'Ask the operator; `sidelight agents resume` ends the pause.',
      });
    },
    async refresh() {
      asked += 1;
      const turn = asked;
      const found = await store.all();
      // Of two looks under way the one that began first may end last, and has seen less.
      if (turn < answered) return [];
      answered = turn;
      const before = paused;
      paused = new Map(found.map(({ org, pausedAt }) => [org, pausedAt]));
      const orgs = new Set([...before.keys(), ...paused.keys()]);
      return [...orgs].filter((org) => before.has(org) !== paused.has(org));
    },
  };
  await pauses.refresh();
  return pauses;
}
