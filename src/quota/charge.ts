import type { Permit } from '../authorization/authorize.ts';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Counters, SpendResult } from './counters.ts';
import type { PlacementQuota } from './placement.ts';

/** The window of every quota per hour. */
export const hourMs = 3_600_000;

/** What is left of a quota in its window. */
export interface Left {
  quota: string;
  used: number;
  limit: number;
  left: number;
  /** ISO 8601. */
  renewsAt: string;
}

class PaidCharge {
  readonly #permit: Permit;
  /** Calls of this hour, this one included. */
  readonly calls: Left;

  constructor(permit: Permit, calls: Left) {
    this.#permit = permit;
    this.calls = calls;
    Object.freeze(this);
  }

  get permit(): Permit {
    return this.#permit;
  }

  /** What placing an action may use up; checked where the action is inserted. */
  get placement(): PlacementQuota {
    const { quotas } = this.#permit;
    return {
      hitsPerHour: quotas.hitsPerHour,
      hitsPerInvestigation: quotas.hitsPerInvestigation,
      concurrentPerPrincipal: quotas.concurrentActionsPerPrincipal,
      concurrentPerInvestigation: quotas.concurrentActionsPerInvestigation,
      concurrentPerAgent: quotas.concurrentActionsPerAgent,
      concurrentPerOrg: quotas.concurrentActionsPerOrg,
    };
  }
}

/** Proof that a permitted call was counted. Only `charge()` can make one; a tool cannot run without it. */
export type Charge = PaidCharge;

/** Counts one call against the caller's `calls_per_hour`. Throws `quota_exceeded`, or `unavailable` when it cannot be counted. */
export async function charge(counters: Counters, clock: Clock, permit: Permit): Promise<Charge> {
  const { org, subject } = permit.principal;
  const now = clock.now();
  const spend = { org, quota: 'calls_per_hour', subject, amount: 1, limit: permit.quotas.callsPerHour, windowMs: hourMs };
  const result = await counted(() => counters.spend(spend, now));
  if (!result.ok) throw quotaExceeded(result, now);
  return new PaidCharge(permit, leftIn('calls_per_hour', result));
}

/** What is left of the caller's quotas per hour, without using any up. */
export async function leftOf(counters: Counters, clock: Clock, permit: Permit): Promise<Left[]> {
  const { org, subject } = permit.principal;
  const now = clock.now();
  const quotas = [
    ['calls_per_hour', permit.quotas.callsPerHour],
    ['hits_per_hour', permit.quotas.hitsPerHour],
  ] as const;
  return Promise.all(
    quotas.map(async ([quota, limit]) =>
      leftIn(quota, { limit, ...(await counted(() => counters.used(org, quota, subject, hourMs, now))) }),
    ),
  );
}

/** The refusal for a spent quota: how much was used, what is left, and when it renews. */
function quotaExceeded({ quota, used, limit, renewsAt }: Omit<Extract<SpendResult, { ok: false }>, 'ok'>, now: number): Refusal {
  const { left, renewsAt: at } = leftIn(quota, { used, limit, renewsAt });
  const minutes = Math.max(1, Math.ceil((renewsAt - now) / 60_000));
  return new Refusal({
    code: 'quota_exceeded',
    message: `The quota ${quota} is spent: ${used} of ${limit} used, ${left} left.`,
    next: `It renews at ${at}, in ${minutes} minute${minutes === 1 ? '' : 's'}.`,
    data: { quota, used, limit, left, renewsAt: at },
  });
}

function leftIn(quota: string, { used, limit, renewsAt }: { used: number; limit: number; renewsAt: number }): Left {
  return { quota, used, limit, left: Math.max(0, limit - used), renewsAt: new Date(renewsAt).toISOString() };
}

/** A quota that cannot be read is not a quota that is free. */
async function counted<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    const refusal = new Refusal({
      code: 'unavailable',
      message: 'The call could not be counted against its quota, so it was not run.',
      next: 'Try again in a moment; if it stays so, the bridge cannot reach its storage.',
    });
    refusal.cause = cause;
    throw refusal;
  }
}
