import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import type { Db } from '../../src/storage/db.ts';
import { lockDirectory } from '../../src/storage/directory-lock.ts';
import { DurableFs } from '../../src/storage/durable-fs.ts';
import { openEmbedded } from '../../src/storage/embedded.ts';
import { lazily } from '../../src/storage/lazily.ts';
import { openStores } from '../../src/storage/stores.ts';
import { createTestClock } from '../helpers/clock.ts';
import { silent } from './engines.ts';
import { action, hit, key, t0, wide } from './fixtures.ts';

/** A good, closed database; copying it is quicker than making one for each test. */
let pristine: string;
let directory: string;
let cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  pristine = await mkdtemp(join(tmpdir(), 'sidelight-storage-'));
  const db = await openEmbedded({ directory: pristine, log: silent, clock: systemClock });
  await db.close();
});
afterAll(() => rm(pristine, { recursive: true }));
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sidelight-storage-'));
});
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  cleanUp = [];
  await rm(directory, { recursive: true, force: true });
});

async function open(options: Partial<Parameters<typeof openEmbedded>[0]> = {}): Promise<Db> {
  const db = await openEmbedded({ directory, log: silent, clock: systemClock, ...options });
  cleanUp.push(() => db.close());
  return db;
}

/** Runs a program of `programs/` on the directory; `lines` grows as it prints. */
function run(program: string): { child: ChildProcess; lines: string[]; kill: () => Promise<void> } {
  const path = new URL(`./programs/${program}`, import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', path, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines: string[] = [];
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => lines.push(line));
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  cleanUp.push(kill);
  return { child, lines, kill };
}

// A first start forces two thousand files to disk, which a busy machine does slowly.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const long = { timeout: 120_000 };

describe('the embedded database', () => {
  it('keeps keys, quotas, actions and hits over a restart', async () => {
    await aCluster();
    const before = await open();
    const placed = action({ maxHits: 10 });
    const one = openStores(before);
    await one.keys.insert(key('k1'));
    await one.actions.place(placed, { ...wide, hitsPerHour: 10 });
    await one.hits.append(hit(placed, 1));
    await before.close();

    const two = openStores(await open());
    expect(await two.keys.find('k1')).toEqual(key('k1'));
    expect(await two.actions.get(placed.org, placed.id)).toMatchObject({ status: 'pending', hits: 1 });
    expect(await two.hits.append(hit(placed, 1))).toEqual({ outcome: 'duplicate' });
    expect(await two.actions.place(action(), { ...wide, hitsPerHour: 10 })).toMatchObject({
      ok: false,
      quota: 'hits_per_hour',
      used: 10,
    });
  });

  it('loses nothing it acknowledged when the process is killed in the middle of writing', long, async () => {
    await aCluster();
    const written = new Map<string, number>();
    for (const lineCount of [50, 100]) {
      const { lines, kill } = run('writer.ts');
      await vi.waitFor(() => expect(lines.length).toBeGreaterThan(lineCount), { timeout: 30_000, interval: 5 });
      await kill();
      for (const line of lines) {
        const { id, hits } = JSON.parse(line) as { id: string; hits: number };
        written.set(id, hits);
      }
      const db = await open();
      const found = await db.query<{ id: string; hits: number; rows: number }>(
        'select a.id, a.hits, (select count(*) from hits h where h.action_id = a.id) as rows from actions a',
      );
      const byId = new Map(found.map((row) => [row.id, row]));
      for (const [id, hits] of written) expect(byId.get(id)?.hits, `action ${id}`).toBeGreaterThanOrEqual(hits);
      // Never half a transaction: counts and rows agree, and so do actions and the quota they reserved.
      for (const row of found) expect(row.rows, `hits of ${row.id}`).toBe(row.hits);
      const { counters } = openStores(db);
      expect(await counters.used('acme', 'hits_per_hour', 'key:a', 3_600_000, t0)).toMatchObject({ used: found.length * 5 });
      await db.close();
    }
    expect(written.size).toBeGreaterThan(10);
  });

  it('refuses a second process on its directory, names the first, and opens when that was killed', long, async () => {
    await aCluster();
    const { child, lines, kill } = run('holder.ts');
    await vi.waitFor(() => expect(lines).toEqual(['open']), { timeout: 20_000 });
    await expect(open()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`in use by process ${child.pid} on `),
    });
    await kill();
    await open();
    expect((await readdir(directory)).filter((name) => name.startsWith('lock-'))).toHaveLength(1);
  });

  it('refuses a second opening in its own process, and leaves the first one working', async () => {
    await aCluster();
    const db = await open();
    await expect(open()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`process ${process.pid} on `),
    });
    expect(await db.query('select 1 as alive')).toEqual([{ alive: 1 }]);
    await db.close();
    expect(await readdir(directory)).toEqual(['postgres']);
  });

  it('lets one of many that start at the same moment have the directory', async () => {
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(directory)));
    const holders = attempts.filter((attempt) => attempt.status === 'fulfilled');
    for (const { value } of holders) cleanUp.push(() => value.release());
    expect(holders.length).toBeLessThanOrEqual(1);
    for (const { value } of holders) await value.release();
    cleanUp = [];
    const after = await lockDirectory(directory);
    await after.release();
  });

  it('locks a directory whose path is longer than a socket path may be', async () => {
    const deep = join(directory, 'd'.repeat(120));
    await open({ directory: deep });
    await expect(open({ directory: deep })).rejects.toMatchObject({ message: expect.stringContaining('in use by process') });
  });

  it('forces every commit to disk, and a lazy one with the next', async () => {
    await aCluster();
    const files: DurableFs[] = [];
    const fileSystem = (cluster: string) => {
      const fs = new DurableFs(cluster);
      files.push(fs);
      return fs;
    };
    const db = await open({ fileSystem });
    const fsyncsOf = async (work: () => Promise<unknown>) => {
      const before = files[0]?.fsyncs ?? 0;
      await work();
      return (files[0]?.fsyncs ?? 0) - before;
    };
    const insert = async (name: string) => {
      for (let commit = 0; commit < 10; commit += 1)
        await db.query("insert into secrets values ($1, 'x')", [`${name} ${commit}`]);
    };
    expect(await fsyncsOf(() => insert('durable'))).toBeGreaterThanOrEqual(10);
    const lazy = async () => {
      for (let commit = 0; commit < 10; commit += 1)
        await db.query(`insert into secrets select $1, 'x' where ${lazily}`, [`lazy ${commit}`]);
    };
    expect(await fsyncsOf(lazy)).toBe(0);
    // The setting ended with its statement.
    expect(await fsyncsOf(() => insert('after'))).toBeGreaterThanOrEqual(10);
  });

  it('refuses to start when a commit does not reach the disk, unless the operator accepts that', async () => {
    await aCluster();
    class Unhooked extends DurableFs {
      protected override hook(): void {}
    }
    const fileSystem = (cluster: string) => new Unhooked(cluster);
    await expect(open({ fileSystem })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('did not reach the disk'),
    });
    const db = await open({ fileSystem, unsafeNoFsync: true });
    expect(await db.query('select 1 as alive')).toEqual([{ alive: 1 }]);
  });

  it('starts anew after a first start that was cut short', async () => {
    await rename(await aCluster(), join(directory, 'postgres.new'));
    await rm(join(directory, 'postgres.new', 'PG_VERSION'));
    await open();
    expect((await readdir(directory)).includes('postgres.new')).toBe(false);
  });

  it.each([
    ['has no version file', (cluster: string) => rm(join(cluster, 'PG_VERSION')), 'is broken'],
    [
      'was written by another PostgreSQL',
      (cluster: string) => writeFile(join(cluster, 'PG_VERSION'), '17\n'),
      'written by PostgreSQL 17',
    ],
    ['has lost its control file', (cluster: string) => writeFile(join(cluster, 'global', 'pg_control'), ''), 'is broken'],
    ['has lost its log', (cluster: string) => rm(join(cluster, 'pg_wal'), { recursive: true }), 'is broken'],
  ])('refuses a directory that %s, and gives the lock back', async (_what, damage, words) => {
    const cluster = await aCluster();
    await damage(cluster);
    await expect(open()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(words),
      details: { next: expect.any(String) },
    });
    const lock = await lockDirectory(directory);
    await lock.release();
  });

  it('refuses a store of a newer version, and gives the lock back', async () => {
    await aCluster();
    const db = await open();
    await db.query("insert into schema_version (version, name) values (99, 'future')");
    await db.close();
    await expect(open()).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('newer Sidelight') });
    const lock = await lockDirectory(directory);
    await lock.release();
  });

  it('refuses a path that is no directory', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    await expect(open({ directory: file })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('cannot be used'),
    });
  });

  it('vacuums every hour until it is closed', async () => {
    const clock = createTestClock(t0);
    const log = createLog('silent');
    log.level = 'debug';
    const vacuumed = vi.spyOn(log, 'debug').mockImplementation(() => undefined);
    const db = await open({ directory: undefined, clock, log });
    for (const times of [1, 2]) {
      clock.advance(3_600_000);
      await vi.waitFor(() => expect(vacuumed).toHaveBeenCalledTimes(times));
    }
    await db.close();
    clock.advance(3_600_000);
    await expect(db.query('select 1')).rejects.toMatchObject({ code: 'unavailable' });
    expect(vacuumed).toHaveBeenCalledTimes(2);
  });
});

/** Puts a good, closed database into the directory and says where its files are. */
async function aCluster(): Promise<string> {
  await cp(pristine, directory, { recursive: true });
  return join(directory, 'postgres');
}
