import type { Clock } from '../lib/clock.ts';

/** Wakes whoever waits for a change of an action. A wake can be missed (another replica, a restart), so waits also poll. */
export interface Waker {
  wake(actionId: string): void;
  /** Resolves at the next wake of this action, after `ms`, or when the signal aborts; never rejects. */
  next(actionId: string, ms: number, signal: AbortSignal): Promise<void>;
}

/** In-process waker; its size is bounded by the calls that wait. */
export function createWaker(clock: Clock): Waker {
  const waiting = new Map<string, Set<() => void>>();
  return {
    wake(actionId) {
      for (const resume of [...(waiting.get(actionId) ?? [])]) resume();
    },
    next(actionId, ms, signal) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const waiters = waiting.get(actionId) ?? new Set();
        waiting.set(actionId, waiters);
        const done = () => {
          waiters.delete(done);
          if (waiters.size === 0 && waiting.get(actionId) === waiters) waiting.delete(actionId);
          callOff();
          signal.removeEventListener('abort', done);
          resolve();
        };
        const callOff = clock.after(ms, done);
        waiters.add(done);
        signal.addEventListener('abort', done, { once: true });
      });
    },
  };
}
