import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { lockDatabase } from '../../src/storage/bridge-lock.ts';
import { openExisting, openStorage } from '../../src/storage/open.ts';
import { hasPostgres, postgresWorld, silent, type World } from './engines.ts';

const surroundings = { log: silent, clock: systemClock };

describe.skipIf(!hasPostgres)('the place for one bridge on a PostgreSQL database', () => {
  let world: World;
  let admin: pg.Client;
  let url: string;
  let directory: string;
  const directoryOf = (name: string) => join(directory, name);
  const settings = (name: string) => ({ databaseUrl: url, dataDirectory: directoryOf(name), unsafeNoFsync: false });
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sidelight-lock-'));
    world = await postgresWorld();
    url = world.url ?? '';
    admin = new pg.Client({ connectionString: url });
    await admin.connect();
  });
  afterAll(async () => {
    await admin.end();
    await world.close();
    await rm(directory, { recursive: true, force: true });
  });

  const cutHolder = () =>
    admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'sidelight bridge%'`,
    );

  it('is taken by one, and the next is refused with the name of the first', async () => {
    const lock = await lockDatabase({ url, ...surroundings });
    await expect(lockDatabase({ url, ...surroundings })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(new RegExp(`in use by another bridge \\(process ${process.pid} on .+, since 20`)),
    });
    await lock.release();
    expect(lock.isHeld()).toBe(false);
    const next = await lockDatabase({ url, ...surroundings });
    expect(next.isHeld()).toBe(true);
    await next.release();
  });

  it('is taken again when its connection broke, and not while another has it', async () => {
    const lock = await lockDatabase({ url, ...surroundings });
    await cutHolder();
    await vi.waitFor(() => expect(lock.isHeld()).toBe(false), { interval: 1 });
    await vi.waitFor(() => expect(lock.isHeld()).toBe(true), { timeout: 5_000 });

    // Somebody else is faster this time.
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    const waiting = other.query('select pg_advisory_lock(7433002::int8)');
    await vi.waitFor(async () => {
      const { rows } = await admin.query("select 1 from pg_locks where locktype = 'advisory' and not granted");
      expect(rows).toHaveLength(1);
    });
    await cutHolder();
    await waiting;
    await vi.waitFor(() => expect(lock.isHeld()).toBe(false));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(lock.isHeld()).toBe(false);
    await other.end();
    await vi.waitFor(() => expect(lock.isHeld()).toBe(true), { timeout: 8_000, interval: 50 });
    await lock.release();
  }, 20_000);

  it('is taken with a new data directory, which is locked too', async () => {
    const storage = await openStorage(settings('made'), surroundings);
    expect(storage.isOurs()).toBe(true);
    await expect(openStorage(settings('made'), surroundings)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(directoryOf('made')),
    });
    await expect(openStorage(settings('other'), surroundings)).rejects.toThrow('another bridge');
    await storage.close();
    // The master secret goes with the database, not with the directory.
    const secretFile = join(directoryOf('made'), 'secret');
    await expect(openStorage(settings('other'), surroundings)).rejects.toThrow('the database was used with one');
    const again = await openStorage({ ...settings('other'), secretFile }, surroundings);
    await again.close();
  }, 20_000);

  it('is not asked for by a command of the operator', async () => {
    const storage = await openStorage(settings('made'), surroundings);
    const secretFile = join(directoryOf('made'), 'secret');
    const beside = await openExisting({ ...settings('never-made'), secretFile }, surroundings);
    expect(await beside.stores.keys.list('default')).toEqual([]);
    await beside.close();
    expect(storage.isOurs()).toBe(true);
    await storage.close();
  });
});

describe('the data directory of a command of the operator', () => {
  it('is not made: a mistyped one is refused by its name', async () => {
    const dataDirectory = join(await mkdtemp(join(tmpdir(), 'sidelight-lock-')), 'never-made');
    await expect(
      openExisting({ databaseUrl: undefined, dataDirectory, unsafeNoFsync: false }, surroundings),
    ).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining(dataDirectory),
    });
    expect(existsSync(dataDirectory)).toBe(false);
    await rm(dirname(dataDirectory), { recursive: true });
  });
});
