import type { Clock } from '../lib/clock.ts';

/** A token bucket: `burst` at once, then `perSecond`. */
export interface Bucket {
  /** Takes `cost` tokens and answers 0, or takes none and answers how many milliseconds to wait. */
  take(cost: number): number;
}

/** A full bucket. A cost above `burst` is taken as `burst`, or it would never be met. */
export function createBucket(clock: Clock, perSecond: number, burst: number): Bucket {
  let tokens = burst;
  let filledAt = clock.monotonic();
  return {
    take(cost) {
      const now = clock.monotonic();
      tokens = Math.min(burst, tokens + ((now - filledAt) / 1_000) * perSecond);
      filledAt = now;
      const price = Math.min(cost, burst);
      // A thousandth of a token forgives rounding, or a wait could end a hair too early again and again.
      if (tokens + 0.001 < price) return Math.max(1, Math.ceil(((price - tokens) / perSecond) * 1_000));
      tokens -= price;
      return 0;
    },
  };
}
