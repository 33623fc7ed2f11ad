import type { Clock } from '../lib/clock.ts';
import type { ActionRecord } from './action.ts';

/** Wakes whoever waits for a change of an action, on this and other replicas. A wake can be missed, so waits also poll. */
export interface Waker {
  /** `listeners` are the replicas on which somebody may wait. */
  wake(actionId: string, listeners: readonly string[]): void;
  /** Wakes those who wait here: all of them, or those who wait for one action. */
  wakeHere(actionId?: string): void;
  /** Listens from now on; `end` it when done. */
  listen(actionId: string): Listener;
}

/** One who listens. A wake that comes while it is busy is kept for its next `next`, so that none falls between two looks. */
export interface Listener {
  /** Resolves at the next wake, at once when there was one since the last, after `ms`, or when the signal aborts; never rejects. */
  next(ms: number, signal: AbortSignal): Promise<void>;
  /** The action as `read` gives it. One question serves all who listen to it, until the next wake and for `maxAgeMs` at most. */
  look(read: () => Promise<ActionRecord | undefined>, maxAgeMs: number): Promise<ActionRecord | undefined>;
  /** The next `look` asks anew. */
  forget(): void;
  end(): void;
}

/** Everybody who listens for one action. */
interface Listening {
  heard: Set<() => void>;
  /** What one of them asked last, and when. */
  seen?: { atMs: number; action: Promise<ActionRecord | undefined> };
}

/** Its size is bounded by the calls that wait; `wakeThere` gets the listeners, this replica among them. */
export function createWaker(clock: Clock, wakeThere: (listeners: readonly string[], actionId: string) => void = () => {}): Waker {
  const all = new Map<string, Listening>();

  function wakeHere(actionId: string): void {
    const listening = all.get(actionId);
    if (listening === undefined) return;
    delete listening.seen;
    for (const heard of [...listening.heard]) heard();
  }

  return {
    wake(actionId, listeners) {
      wakeHere(actionId);
      wakeThere(listeners, actionId);
    },
    wakeHere(actionId) {
      for (const id of actionId === undefined ? [...all.keys()] : [actionId]) wakeHere(id);
    },
    listen(actionId) {
      let isWoken = false;
      let resume = () => {};
      const heard = () => {
        isWoken = true;
        resume();
      };
      const listening: Listening = all.get(actionId) ?? { heard: new Set() };
      all.set(actionId, listening);
      listening.heard.add(heard);
      return {
        async next(ms, signal) {
          if (!isWoken && !signal.aborted)
            await new Promise<void>((resolve) => {
              const done = () => {
                callOff();
                signal.removeEventListener('abort', done);
                resolve();
              };
              const callOff = clock.after(ms, done);
              signal.addEventListener('abort', done, { once: true });
              resume = done;
            });
          resume = () => {};
          isWoken = false;
        },
        look(read, maxAgeMs) {
          const nowMs = clock.monotonic();
          if (listening.seen !== undefined && nowMs - listening.seen.atMs < maxAgeMs) return listening.seen.action;
          const seen = { atMs: nowMs, action: read() };
          listening.seen = seen;
          // What failed is asked again by the next.
          seen.action.catch(() => {
            if (listening.seen === seen) delete listening.seen;
          });
          return seen.action;
        },
        forget() {
          delete listening.seen;
        },
        end() {
          listening.heard.delete(heard);
          if (listening.heard.size === 0 && all.get(actionId) === listening) all.delete(actionId);
        },
      };
    },
  };
}
