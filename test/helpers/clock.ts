import type { Clock } from '../../src/lib/clock.ts';

/** A clock that stands still until it is told to go on. */
export interface TestClock extends Clock {
  /** Lets `ms` pass: what was to run within them runs now, in order, each at its own instant. */
  advance(ms: number): void;
}

/** A clock that starts at `startMs`; `monotonic` starts at 0. */
export function createTestClock(startMs = Date.UTC(2026, 0, 1)): TestClock {
  const waiting = new Set<{ at: number; run: () => void }>();
  let elapsedMs = 0;
  return {
    now: () => startMs + elapsedMs,
    monotonic: () => elapsedMs,
    after(ms, run) {
      const entry = { at: elapsedMs + ms, run };
      waiting.add(entry);
      return () => waiting.delete(entry);
    },
    advance(ms) {
      const end = elapsedMs + ms;
      for (;;) {
        const [next] = [...waiting].filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        waiting.delete(next);
        elapsedMs = Math.max(elapsedMs, next.at);
        next.run();
      }
      elapsedMs = end;
    },
  };
}
