import type { Counters, Spend, SpendResult } from '../quota/counters.ts';
import type { Db, Queries } from './db.ts';
import { lazily } from './lazily.ts';

/** The fixed window that `now` falls into. */
export function windowOf(windowMs: number, now: number): { start: number; renewsAt: number } {
  const start = Math.floor(now / windowMs) * windowMs;
  return { start, renewsAt: start + windowMs };
}

/**
 * Adds in one statement, so that parallel calls cannot pass the limit together; also for use inside another transaction. `condition` is one
 * more that the statement holds.
 */
export async function spendOn(
  queries: Queries,
  { org, quota, subject, amount, limit, windowMs }: Spend,
  now: number,
  condition = 'true',
): Promise<SpendResult> {
  if (!Number.isSafeInteger(amount) || amount < 0) throw new Error(`A quota cannot be spent by ${amount}.`);
  const { start, renewsAt } = windowOf(windowMs, now);
  const [added] = await queries.query<{ used: number }>(
    `insert into quota_counters as c (org, quota, subject, window_ms, window_start, used)
     select $1, $2, $3, $4::int8, $5::int8, $6::int8 where $6::int8 <= $7::int8 and ${condition}
     on conflict (org, quota, subject, window_ms, window_start)
     do update set used = c.used + excluded.used where c.used + excluded.used <= $7::int8
     returning used`,
    [org, quota, subject, windowMs, start, amount, limit],
  );
  if (added !== undefined) return { ok: true, used: added.used, limit, renewsAt };
  return { ok: false, quota, limit, renewsAt, used: await usedIn(queries, org, quota, subject, windowMs, start) };
}

/** Gives back what was spent in a window and is not needed after all. */
export async function giveBack(
  queries: Queries,
  { org, quota, subject, amount, windowMs }: Omit<Spend, 'limit'>,
  spentAt: number,
): Promise<void> {
  await queries.query(
    `update quota_counters set used = greatest(0, used - $6::int8)
     where org = $1 and quota = $2 and subject = $3 and window_ms = $4 and window_start = $5`,
    [org, quota, subject, windowMs, windowOf(windowMs, spentAt).start, amount],
  );
}

async function usedIn(
  queries: Queries,
  org: string,
  quota: string,
  subject: string,
  windowMs: number,
  start: number,
): Promise<number> {
  const [row] = await queries.query<{ used: number }>(
    'select used from quota_counters where org = $1 and quota = $2 and subject = $3 and window_ms = $4 and window_start = $5',
    [org, quota, subject, windowMs, start],
  );
  return row?.used ?? 0;
}

/** Full counters that are remembered; who finds no room among them is asked about in the database. */
const maxRemembered = 10_000;

/** Counters over the database. One that is full stays so until its window ends, so it is not asked about again: whoever goes on costs nothing. */
export function createCounters(db: Db): Counters {
  const full = new Map<string, { used: number; renewsAt: number }>();

  function remember(key: string, counter: { used: number; renewsAt: number }, now: number): void {
    if (full.size >= maxRemembered) for (const [other, { renewsAt }] of full) if (renewsAt <= now) full.delete(other);
    if (full.size < maxRemembered) full.set(key, counter);
  }

  return {
    async spend(spend, now) {
      const { org, quota, subject, amount, limit, windowMs } = spend;
      const key = JSON.stringify([org, quota, subject, windowMs]);
      const known = full.get(key);
      const { renewsAt } = windowOf(windowMs, now);
      if (known?.renewsAt === renewsAt && amount > 0 && known.used >= limit) return { ok: false, quota, limit, ...known };
      const result = await spendOn(db.of(org), spend, now, lazily);
      if (!result.ok && result.used >= limit) remember(key, { used: result.used, renewsAt }, now);
      return result;
    },
    async used(org, quota, subject, windowMs, now) {
      const { start, renewsAt } = windowOf(windowMs, now);
      return { used: await usedIn(db.of(org), org, quota, subject, windowMs, start), renewsAt };
    },
  };
}
