import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import type { Log } from '../lib/log.ts';
import type { AuditRecord, AuditStore } from './record.ts';

/** Who has not proved anything yet costs us a row each time: so many a minute are written, from one address and in all. */
const perMinute = { address: 10, all: 100 } as const;
const minuteMs = 60_000;

/** What is known of somebody who was not let in. `org` only where a key was proved. */
export type TurnedAwayFacts = Pick<AuditRecord, 'event' | 'reason' | 'address' | 'target'> & { org?: string; subject?: string };

/** Organisation of records about somebody who belongs to none that we know; no organisation can have this name. */
export const nobodysOrg = '-';

/**
 * Records who was not let in, without holding up the answer. What goes beyond the ceilings is counted and logged once a
 * minute, so that a flood fills neither the audit nor the log.
 */
export function createTurnedAway({ audit, clock, log }: { audit: AuditStore; clock: Clock; log: Log }) {
  let until = Number.NEGATIVE_INFINITY;
  let written = 0;
  let left = 0;
  const byAddress = new Map<string, number>();

  function hasRoom(address: string): boolean {
    if (clock.monotonic() >= until) {
      until = clock.monotonic() + minuteMs;
      if (left > 0) log.warn({ left }, 'more were turned away in a minute than the audit takes');
      written = 0;
      left = 0;
      byAddress.clear();
    }
    const fromThere = byAddress.get(address) ?? 0;
    const fits = fromThere < perMinute.address && written < perMinute.all;
    if (fits) {
      byAddress.set(address, fromThere + 1);
      written += 1;
    } else left += 1;
    return fits;
  }

  return (facts: TurnedAwayFacts): void => {
    if (!hasRoom(facts.address ?? '')) return;
    const { org = nobodysOrg, subject = 'unknown', ...rest } = facts;
    audit
      .append({
        ...{ requestId: newId('ref'), at: clock.now(), org, subject, role: 'none', auth: 'none', decision: 'refused' },
        ...rest,
      })
      .catch((cause: unknown) => log.warn({ err: cause }, 'somebody who was turned away could not be recorded'));
  };
}
