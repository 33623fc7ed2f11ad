import type { Clock } from '../lib/clock.ts';
import { maxAddresses, networkOf, siteOf, tooBusy, windowMs } from './too-busy.ts';

/** How many requests a minute, from one address and in all. */
export interface Rate {
  address: number;
  all: number;
}

/** Share of all that may come from one site, whose networks are as many as somebody wants. */
const siteShare = 0.25;

/**
 * Counts requests by where they come from, and throws `too_busy` with the seconds to wait when there were too many. What is refused for
 * its address or its site is not counted among all: otherwise one would hold up everybody. When more than 10,000 addresses come within a
 * minute, all of the newer ones share one count.
 */
export function rateLimit(clock: Clock, rate: Rate, what: string): (address: string | undefined) => void {
  let startedMs = Number.NEGATIVE_INFINITY;
  let all = 0;
  const byAddress = new Map<string, number>();
  const bySite = new Map<string, number>();
  const ofSite = Math.max(rate.address, Math.floor(rate.all * siteShare));
  return (from = '') => {
    const address = networkOf(from);
    const site = siteOf(from);
    const nowMs = clock.monotonic();
    if (nowMs - startedMs >= windowMs) {
      startedMs = nowMs;
      all = 0;
      byAddress.clear();
      bySite.clear();
    }
    const name = byAddress.has(address) || byAddress.size < maxAddresses ? address : 'others';
    const fromThere = byAddress.get(name) ?? 0;
    const fromSite = bySite.get(site) ?? 0;
    if (fromThere >= rate.address || fromSite >= ofSite || all >= rate.all) throw tooBusy(what, startedMs, nowMs);
    byAddress.set(name, fromThere + 1);
    bySite.set(site, fromSite + 1);
    all += 1;
  };
}
