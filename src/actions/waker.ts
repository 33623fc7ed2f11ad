import type { Clock } from '../lib/clock.ts';

/** Wakes whoever waits for a change of an action. A wake can be missed (another replica, a restart), so waits also poll. */
export interface Waker {
  wake(actionId: string): void;
  /** Listens from now on; `end` it when done. */
  listen(actionId: string): Listener;
}

/** One who listens. A wake that comes while it is busy is kept for its next `next`, so that none falls between two looks. */
export interface Listener {
  /** Resolves at the next wake, at once when there was one since the last, after `ms`, or when the signal aborts; never rejects. */
  next(ms: number, signal: AbortSignal): Promise<void>;
  end(): void;
}

/** In-process waker; its size is bounded by the calls that wait. */
export function createWaker(clock: Clock): Waker {
  const listening = new Map<string, Set<() => void>>();
  return {
    wake(actionId) {
      for (const heard of [...(listening.get(actionId) ?? [])]) heard();
    },
    listen(actionId) {
      let isWoken = false;
      let resume = () => {};
      const heard = () => {
        isWoken = true;
        resume();
      };
      const listeners = listening.get(actionId) ?? new Set();
      listening.set(actionId, listeners.add(heard));
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
        end() {
          listeners.delete(heard);
          if (listeners.size === 0 && listening.get(actionId) === listeners) listening.delete(actionId);
        },
      };
    },
  };
}
