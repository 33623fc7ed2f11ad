import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCounters } from '../../src/storage/counter-store.ts';
import type { Db } from '../../src/storage/db.ts';
import { openStores } from '../../src/storage/stores.ts';
import { engines, type World } from './engines.ts';
import { t0 } from './fixtures.ts';

const hourMs = 3_600_000;
const calls = { org: 'acme', quota: 'calls_per_hour', subject: 'key:a', amount: 1, limit: 3, windowMs: hourMs };

describe.each(engines)('counters over $engine', ({ open }) => {
  let world: World;
  beforeAll(async () => {
    world = await open();
  });
  afterAll(() => world.close());

  it('count up to the limit, then say what is used and when it renews', async () => {
    const { counters } = openStores(world.db);
    for (const used of [1, 2, 3])
      expect(await counters.spend(calls, t0 + 5)).toEqual({ ok: true, used, limit: 3, renewsAt: t0 + hourMs });
    expect(await counters.spend(calls, t0 + 6)).toEqual({
      ok: false,
      quota: 'calls_per_hour',
      used: 3,
      limit: 3,
      renewsAt: t0 + hourMs,
    });
    expect(await counters.used('acme', 'calls_per_hour', 'key:a', hourMs, t0)).toEqual({ used: 3, renewsAt: t0 + hourMs });
  });

  it('start again in the next window', async () => {
    const { counters } = openStores(world.db);
    expect(await counters.spend(calls, t0 + hourMs - 1)).toMatchObject({ ok: false });
    expect(await counters.spend(calls, t0 + hourMs)).toMatchObject({ ok: true, used: 1, renewsAt: t0 + 2 * hourMs });
  });

  it('add nothing when a single amount is over the limit, also to an empty counter', async () => {
    const { counters } = openStores(world.db);
    const large = { ...calls, subject: 'key:large', amount: 4 };
    expect(await counters.spend(large, t0)).toMatchObject({ ok: false, used: 0 });
    expect(await counters.spend({ ...large, amount: 2 }, t0)).toMatchObject({ ok: true, used: 2 });
    expect(await counters.spend({ ...large, amount: 2 }, t0)).toMatchObject({ ok: false, used: 2 });
  });

  it('are not asked about again while they are full, until they renew or may have more', async () => {
    let asked = 0;
    const of: Db['of'] = (org) => {
      asked += 1;
      return world.db.of(org);
    };
    const counters = createCounters({ ...world.db, of });
    const spend = { ...calls, subject: 'key:flood', limit: 1 };
    expect(await counters.spend(spend, t0)).toMatchObject({ ok: true });
    const refused = { ok: false, quota: 'calls_per_hour', used: 1, limit: 1, renewsAt: t0 + hourMs };
    for (let more = 0; more < 5; more += 1) expect(await counters.spend(spend, t0 + more)).toEqual(refused);
    expect(asked).toBe(2);
    expect(await counters.spend({ ...spend, limit: 2 }, t0)).toMatchObject({ ok: true, used: 2 });
    expect(await counters.spend({ ...spend, subject: 'key:other' }, t0)).toMatchObject({ ok: true, used: 1 });
    expect(await counters.spend(spend, t0 + hourMs)).toMatchObject({ ok: true, used: 1 });
    expect(await counters.spend(spend, t0), 'a clock that went back').toMatchObject({ ok: false });
  });

  it('are apart for organisations, subjects and quotas', async () => {
    const { counters } = openStores(world.db);
    for (const other of [{ org: 'other' }, { subject: 'key:b' }, { quota: 'hits_per_hour' }]) {
      expect(await counters.spend({ ...calls, ...other }, t0)).toMatchObject({ ok: true, used: 1 });
    }
  });

  it('never pass a limit together, from two bridges at once', async () => {
    const [one, two] = [openStores(world.db).counters, openStores(world.second).counters];
    const spend = { ...calls, subject: 'key:race', limit: 25 };
    const results = await Promise.all(Array.from({ length: 100 }, (_, turn) => (turn % 2 === 0 ? one : two).spend(spend, t0)));
    expect(results.filter((result) => result.ok)).toHaveLength(25);
    expect(await one.used('acme', 'calls_per_hour', 'key:race', hourMs, t0)).toMatchObject({ used: 25 });
  });

  it('cannot be turned back by a negative amount', async () => {
    const { counters } = openStores(world.db);
    await expect(counters.spend({ ...calls, amount: -1 }, t0)).rejects.toThrow('cannot be spent');
  });
});
