import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { lockDirectory } from '../../src/storage/directory-lock.ts';
import { DurableFs } from '../../src/storage/durable-fs.ts';
import { openEmbedded } from '../../src/storage/embedded.ts';
import type { EmbeddedDb } from '../../src/storage/embedded-db.ts';
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

async function open(options: Partial<Parameters<typeof openEmbedded>[0]> = {}): Promise<EmbeddedDb> {
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

/** A long run has hundreds: SIDELIGHT_TEST_KILLS=200. */
const kills = Number(process.env.SIDELIGHT_TEST_KILLS ?? 5);
const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? Date.now() % 1_000_000);

const long = { timeout: 120_000 + kills * 10_000 };

/** An action in the store, its count of hits, and how many there are. */
interface Found {
  id: string;
  hits: number;
  rows: number;
}

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

  it(
    `loses nothing it acknowledged when the process is killed ${kills} times in the middle of writing (seed ${seed})`,
    long,
    async () => {
      await aCluster();
      const acknowledged = new Map<string, number>();
      let checked = 0;
      for (let kill = 0; kill <= kills; kill += 1) {
        const { lines, kill: killNow } = run('writer.ts');
        await vi.waitFor(() => expect(lines.length).toBeGreaterThan(0), { timeout: 60_000, interval: 5 });
        const { found, reserved } = JSON.parse(lines[0] ?? '') as { found: Found[]; reserved: number };
        const byId = new Map(found.map((row) => [row.id, row]));
        for (const [id, hits] of acknowledged) expect(byId.get(id)?.hits, `action ${id}`).toBeGreaterThanOrEqual(hits);
        // Never half a transaction: counts and rows agree, and so do actions and the quota they reserved.
        for (const row of found) expect(row.rows, `hits of ${row.id}`).toBe(row.hits);
        expect(reserved).toBe(found.length * 5);
        checked = acknowledged.size;
        const enough = 10 + ((seed * (kill + 1)) % 90);
        await vi.waitFor(() => expect(lines.length).toBeGreaterThan(enough), { timeout: 60_000, interval: 1 });
        await killNow();
        for (const line of lines.slice(1)) {
          const { id, hits } = JSON.parse(line) as { id: string; hits: number };
          acknowledged.set(id, hits);
        }
      }
      console.log(`${kills} kills (seed ${seed}): ${checked} acknowledged actions, 0 lost, 0 torn.`);
      expect(checked).toBeGreaterThan(kills);
    },
  );

  it('refuses a second process on its directory, names the first, and opens when that was killed', long, async () => {
    await aCluster();
    const { child, lines, kill } = run('holder.ts');
    await vi.waitFor(() => expect(lines).toEqual(['open']), { timeout: 60_000 });
    await expect(open()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`in use by process ${child.pid} on `),
    });
    await kill();
    await open();
    expect((await readdir(directory)).filter((name) => name.startsWith('lock-'))).toHaveLength(1);
  });

  it('is not fooled by what a dead process left, nor by another path to the same directory', async () => {
    await aCluster();
    // The process id of a lock that is left over may be somebody else's by now.
    const left = join(directory, `lock-${process.pid}-abc123.sock`);
    const server = createServer().listen(left);
    await once(server, 'listening');
    const kept = join(directory, 'kept');
    await rename(left, kept);
    await new Promise((resolve) => server.close(resolve));
    await rename(kept, left);
    await open();
    expect(existsSync(left)).toBe(false);
    const other = `${directory}-link`;
    await symlink(directory, other);
    cleanUp.push(() => rm(other));
    await expect(open({ directory: other })).rejects.toMatchObject({ message: expect.stringContaining('in use by process') });
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

  it('lets everything else have its turn while statements follow each other', async () => {
    const db = await open();
    // Each statement takes a millisecond or two, whatever the machine is at.
    let nowMs = performance.now();
    const now = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 1));
    cleanUp.push(() => now.mockRestore());
    let turns = 0;
    let next = setImmediate(function look() {
      turns += 1;
      next = setImmediate(look);
    });
    await Promise.all(Array.from({ length: 300 }, (_, n) => db.query('select $1::int', [n])));
    clearImmediate(next);
    expect(turns).toBeGreaterThan(30);
  });

  it('has statements wait while its files are copied, and no longer', async () => {
    await aCluster();
    const db = await open();
    const done: string[] = [];
    await db.whileStill(async () => {
      void db.query("insert into secrets values ('late', 'x')").then(() => done.push('written'));
      await new Promise((resolve) => setTimeout(resolve, 100));
      done.push('copied');
    });
    await vi.waitFor(() => expect(done).toEqual(['copied', 'written']));
  });

  it('keeps its log short while it is written to, without waiting for the hour', async () => {
    const cluster = await aCluster();
    const clock = createTestClock(t0);
    const db = await open({ clock });
    // Or else the text that is repeated would be packed to nothing.
    await db.query('alter table secrets alter column secret set storage external');
    for (let megabytes = 0; megabytes < 115; megabytes += 1) {
      await db.query("insert into secrets values ($1, repeat('0123456789abcdef', 64000))", [`${megabytes}`]);
      clock.advance(1_001);
    }
    const segments = (await readdir(join(cluster, 'pg_wal'))).filter((name) => /^[0-9A-F]{24}$/.test(name));
    expect(segments.length * 16).toBeLessThanOrEqual(96);
  });

  it('does not grow without end when rows come and go', async () => {
    const cluster = await aCluster();
    const db = await open();
    const sizes: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const stores = openStores(db);
      const now = t0 + round * 3_600_000;
      for (let number = 0; number < 20; number += 1) {
        const placed = action({ maxHits: 10, createdAt: now, expiresAt: now + 1_000 });
        await stores.actions.place(placed, { ...wide, hitsPerHour: 1_000_000 });
        for (let of = 1; of <= 5; of += 1) await stores.hits.append(hit(placed, of));
      }
      await db.query("update actions set status = 'expired', ended_at = $1 where status = 'pending'", [now + 1_000]);
      await db.query('update actions set ended_at = coalesce(ended_at, $1)', [now + 1_000]);
      await db.query(
        "update hits set capture = (select string_agg(md5(random()::text || number || n), '') from generate_series(1, 1200) n)",
      );
      const pruned = await stores.prune({ actionsMs: 1_000, auditMs: 1_000, agentsMs: 1_000 }, now + 1_000_000);
      expect(pruned.actions).toBe(20);
      await db.vacuum();
      sizes.push(await bytesIn(join(cluster, 'base')));
    }
    console.log(`The tables after each round: ${sizes.map((bytes) => (bytes / 1e6).toFixed(1)).join(', ')} MB.`);
    expect((sizes.at(-1) ?? 0) - (sizes[1] ?? 0)).toBeLessThan(1_000_000);
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
      'was written by an older PostgreSQL',
      (cluster: string) => writeFile(join(cluster, 'PG_VERSION'), '17\n'),
      'written by PostgreSQL 17',
    ],
    [
      'was written by a newer PostgreSQL',
      (cluster: string) => writeFile(join(cluster, 'PG_VERSION'), '19\n'),
      'written by PostgreSQL 19',
    ],
    [
      'is empty where the database should be',
      async (cluster: string) => {
        await rm(cluster, { recursive: true });
        await mkdir(cluster);
      },
      'is broken: it has no PG_VERSION',
    ],
    [
      'has a file where the database should be',
      async (cluster: string) => {
        await rm(cluster, { recursive: true });
        await writeFile(cluster, 'mine');
      },
      'is broken: its folder postgres cannot be read (ENOTDIR)',
    ],
    ['has a control file that was cut', (cluster: string) => truncate(join(cluster, 'global', 'pg_control'), 100), 'is broken'],
    ['has lost a catalog', (cluster: string) => rm(join(cluster, 'base', '5'), { recursive: true }), 'is broken'],
    ['has lost its control file', (cluster: string) => writeFile(join(cluster, 'global', 'pg_control'), ''), 'is broken'],
    ['has lost its log', (cluster: string) => rm(join(cluster, 'pg_wal'), { recursive: true }), 'is broken'],
  ])('refuses a directory that %s, and gives the lock back', async (_what, damage, words) => {
    const cluster = await aCluster();
    await damage(cluster);
    const before = await namesAndSizes(directory);
    await expect(open()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(words),
      details: { next: expect.any(String) },
    });
    const lock = await lockDirectory(directory);
    await lock.release();
    // Whoever mends it finds it as it was.
    expect(await namesAndSizes(directory)).toEqual(before);
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

/** Every file with its length, but for what PostgreSQL makes anew at each start. */
async function namesAndSizes(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && !/^postmaster\.|^pg_internal\.init$/.test(entry.name));
  return (
    await Promise.all(
      files.map(async ({ parentPath, name }) => `${parentPath}/${name} ${(await stat(join(parentPath, name))).size}`),
    )
  ).sort();
}

/** Bytes of all files in a directory. */
async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** Puts a good, closed database into the directory and says where its files are. */
async function aCluster(): Promise<string> {
  await cp(pristine, directory, { recursive: true });
  return join(directory, 'postgres');
}
