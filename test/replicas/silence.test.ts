import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../src/storage/db.ts';
import { openPostgres } from '../../src/storage/postgres.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres, postgresWorld, silent, type World } from '../storage/engines.ts';
import { startWire, type Wire } from './wire.ts';

/** What a busy machine takes on top. */
const spareMs = 4_000;

describe.skipIf(!hasPostgres)('a way to the database that goes dead without a word', () => {
  let world: World;
  let wire: Wire;
  let db: Db;
  beforeAll(async () => {
    world = await postgresWorld();
    wire = await startWire(world.url ?? '');
    db = await openPostgres({ url: wire.url, log: silent });
  });
  afterAll(async () => {
    wire?.mend();
    await db?.close();
    await wire?.close();
    await world?.close();
  });

  const refusedAfter = async (what: Promise<unknown>) => {
    const from = performance.now();
    await expect(what).rejects.toMatchObject({ code: 'unavailable' });
    return performance.now() - from;
  };

  it('costs one wait and not another one for the rollback, and what was locked is free for others in their time', async () => {
    const { query } = db.of('default');
    let locked: Promise<number> | undefined;
    const firstMs = await refusedAfter(
      db.tx(async (queries) => {
        await queries.query('select pg_advisory_xact_lock(42)');
        await query('select 1');
        wire.cut('silently');
        const from = performance.now();
        locked = world.db.query('select pg_advisory_xact_lock(42)').then(() => performance.now() - from);
        await queries.query('select 1');
      }),
    );
    const nextMs = await refusedAfter(query('select 1'));
    const lockMs = (await locked) ?? 0;
    wire.mend();
    const mendedAt = performance.now();
    await until(
      'it answers',
      () =>
        query('select 1')
          .then(() => true as const)
          .catch(() => undefined),
      30_000,
    );
    const rounded = [firstMs, nextMs, lockMs, performance.now() - mendedAt].map(Math.round);
    console.log(
      `refused after ${rounded[0]} ms, the next after ${rounded[1]} ms; its lock free after ${rounded[2]} ms; mended: ${rounded[3]} ms`,
    );
    expect(firstMs).toBeLessThan(15_000 + spareMs);
    expect(nextMs).toBeLessThan(5_000 + spareMs);
  }, 90_000);
});
