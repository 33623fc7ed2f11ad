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
 * Counts requests by where they come from; of IPv6 by the network of 64 bits, because whoever has one address has all of them. The returned function throws `too_busy` with the seconds to wait when there were too many.
 */
export function rateLimit(clock: Clock, rate: Rate, what: string): (address: string | undefined) => void {
  let startedMs = Number.NEGATIVE_INFINITY;
  let all = 0;
  const byAddress = new Map<string, number>();
  return (from = '') => {
    const address = networkOf(from);
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

/** An IPv4 address as it is, an IPv6 address without its last 64 bits. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [front = '', back] = address.replace(/%.*$/, '').split('::');
  const before = front.split(':').filter((part) => part !== '');
  const after = (back ?? '').split(':').filter((part) => part !== '');
  const zeros = back === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after].slice(0, 4).join(':');
}
