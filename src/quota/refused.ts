import type { AuditRecord, AuditStore } from '../audit/record.ts';
import type { Permit } from '../authorization/authorize.ts';
import type { Principal } from '../identity/principal.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import type { Log } from '../lib/log.ts';
import { hourMs } from './charge.ts';
import type { Counters } from './counters.ts';

/** How often calls that have no record of their own are told in one. */
const digestMs = 60_000;

/** Counts calls that were refused before they could be charged: no other quota sees them, and each would fill the audit trail. */
export interface RefusedCalls {
  /** Whether this refusal gets an audit record of its own; past `limit` in an hour it is told in one record a minute. */
  count(caller: Principal, limit: Permit['quotas']['refusedCallsPerHour'], code: string): Promise<boolean>;
  /** Records what has not been told yet. */
  close(): Promise<void>;
}

/** Counts durably, and adds up in memory what goes into the next record. */
export function createRefusedCalls(bridge: { counters: Counters; audit: AuditStore; clock: Clock; log: Log }): RefusedCalls {
  const { counters, audit, clock, log } = bridge;
  const digests = new Map<string, { record: AuditRecord & Required<Pick<AuditRecord, 'refusals'>>; callOff: () => void }>();

  async function write(key: string): Promise<void> {
    const digest = digests.get(key);
    if (digest === undefined) return;
    digests.delete(key);
    digest.callOff();
    await audit.append(digest.record).catch((cause: unknown) => {
      log.error({ err: cause, subject: digest.record.subject }, 'refused calls could not be recorded');
    });
  }

  function addUp(key: string, { org, subject, role, kind }: Principal, code: string): void {
    const digest = digests.get(key) ?? {
      record: {
        ...{ requestId: newId('ref'), at: clock.now(), org, subject, role, auth: kind },
        ...{ event: 'calls_refused', decision: 'refused' as const, refusals: {} as Record<string, number> },
      },
      callOff: clock.after(digestMs, () => void write(key)),
    };
    digests.set(key, digest);
    const { refusals } = digest.record;
    refusals[code] = (refusals[code] ?? 0) + 1;
  }

  return {
    async count(caller, limit, code) {
      const { org, subject } = caller;
      const key = JSON.stringify([org, subject]);
      const spend = { org, quota: 'refused_calls_per_hour', subject, amount: 1, limit, windowMs: hourMs };
      // What cannot be counted is recorded, if that can be done.
      const result = await counters.spend(spend, clock.now()).catch(() => undefined);
      if (result === undefined || result.ok) return true;
      addUp(key, caller, code);
      return false;
    },
    async close() {
      await Promise.all([...digests.keys()].map(write));
    },
  };
}
