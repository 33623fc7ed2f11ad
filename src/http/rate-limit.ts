import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';

/** How many requests a minute, from one address and in all. */
export interface Rate {
  address: number;
  all: number;
}

const windowMs = 60_000;
/** Addresses that are counted at a time; when more come within a minute, all of the newer ones share one count. */
const maxAddresses = 10_000;

/**
 * Counts requests by the address of their connection; X-Forwarded-For is whatever a client writes there, so behind a proxy all share
 * the proxy's count. The returned function throws `too_busy` with the seconds to wait when there were too many.
 */
export function rateLimit(clock: Clock, rate: Rate, what: string): (address: string | undefined) => void {
  let startedMs = Number.NEGATIVE_INFINITY;
  let all = 0;
  const byAddress = new Map<string, number>();
  return (address = '') => {
    const nowMs = clock.monotonic();
    if (nowMs - startedMs >= windowMs) {
      startedMs = nowMs;
      all = 0;
      byAddress.clear();
    }
    const name = byAddress.has(address) || byAddress.size < maxAddresses ? address : 'others';
    const fromThere = (byAddress.get(name) ?? 0) + 1;
    byAddress.set(name, fromThere);
    all += 1;
    if (fromThere <= rate.address && all <= rate.all) return;
    const retryAfterSeconds = Math.max(1, Math.ceil((startedMs + windowMs - nowMs) / 1000));
    throw new Refusal({
      code: 'too_busy',
      message: `There were too many ${what} in a minute.`,
      next: `Try again in ${retryAfterSeconds} seconds.`,
      data: { retryAfterSeconds },
    });
  };
}
