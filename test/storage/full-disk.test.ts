import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import type { Db } from '../../src/storage/db.ts';
import { cannotStart, requireFree } from '../../src/storage/disk-trouble.ts';
import { openEmbedded } from '../../src/storage/embedded.ts';
import { createTestClock } from '../helpers/clock.ts';
import { silent } from './engines.ts';
import { FillableFs } from './fillable-fs.ts';
import { t0 } from './fixtures.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let home: string;
let pristine: string;
let directory: string;
let made = 0;
let cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sidelight-full-disk-'));
  pristine = join(home, 'pristine');
  await (await openEmbedded({ directory: pristine, log: silent, clock: systemClock })).close();
});
afterAll(() => rm(home, { recursive: true }));
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  cleanUp = [];
});

/** A store whose disk can be filled, and what was acknowledged to be in it. */
async function aStore(clock = createTestClock(t0)) {
  directory = join(home, `store-${++made}`);
  await cp(pristine, directory, { recursive: true });
  const disks: FillableFs[] = [];
  let full: RegExp | undefined;
  const fileSystem = (cluster: string) => {
    const disk = new FillableFs(cluster);
    disk.full = full;
    disks.push(disk);
    return disk;
  };
  const db = await openEmbedded({ directory, log: silent, clock, fileSystem });
  cleanUp.push(async () => {
    await db.close();
    for (const disk of disks) disk.close();
  });
  return {
    db,
    clock,
    fill(files: RegExp | undefined) {
      full = files;
      for (const disk of disks) disk.full = files;
    },
    breakDisk() {
      for (const disk of disks) disk.isBroken = true;
    },
  };
}

const put = (db: Db, name: string) => db.query('insert into secrets values ($1, $2)', [name, 'x'.repeat(1_000)]);
const putTwo = (db: Db, name: string) =>
  db.tx(async ({ query }) => {
    for (const half of ['a', 'b']) await query('insert into secrets values ($1, $2)', [`${name} ${half}`, 'x']);
  });
const names = async (db: Db) =>
  (await db.query<{ name: string }>("select name from secrets where name <> 'master-check' order by name")).map(
    ({ name }) => name,
  );
const unavailable = { code: 'unavailable', details: { next: expect.any(String) } };

describe.skipIf(process.platform !== 'linux')('a disk that is full', () => {
  it.each([
    ['a statement', put, ['before', 'later']],
    ['a transaction', putTwo, ['before a', 'before b', 'later a', 'later b']],
  ])(
    'in the middle of %s is a refusal, and the store runs again by itself with what it acknowledged',
    async (_what, write, kept) => {
      const { db, clock, fill } = await aStore();
      await write(db, 'before');
      fill(/pg_wal/);
      const answers = await Promise.allSettled([write(db, 'lost'), write(db, 'queued'), db.query('select 1')]);
      for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: unavailable });
      await expect(db.query('select 1')).rejects.toMatchObject(unavailable);

      // Not yet: the disk is as full as before.
      clock.advance(1_000);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await expect(write(db, 'too early')).rejects.toMatchObject(unavailable);

      fill(undefined);
      await vi.waitFor(
        async () => {
          clock.advance(30_000);
          await db.query('select 1');
        },
        { timeout: 30_000, interval: 100 },
      );
      await write(db, 'later');
      expect(await names(db)).toEqual(kept);
    },
  );

  it('for a table is the refusal of one statement, and others go on', async () => {
    const { db, fill } = await aStore();
    const [row] = await db.query<{ path: string }>("select pg_relation_filepath('secrets') as path");
    fill(new RegExp(row?.path ?? 'none'));
    const refused = async () => {
      for (let number = 0; number < 50; number += 1)
        await db.query('insert into secrets values ($1, repeat($2, 2000))', [`${number}`, 'x']);
    };
    await expect(refused()).rejects.toMatchObject(unavailable);
    expect(await db.query('select 1 as alive')).toEqual([{ alive: 1 }]);
    fill(undefined);
    await put(db, 'after');
    expect(await names(db)).toContain('after');
  });

  it('acknowledges no commit that could not be forced to disk', async () => {
    const { db, breakDisk } = await aStore();
    breakDisk();
    await expect(put(db, 'not forced')).rejects.toMatchObject(unavailable);
    await expect(putTwo(db, 'nor this')).rejects.toMatchObject(unavailable);
    await db.close();
  });

  it('is told at the start, and leaves nothing half made', async () => {
    await expect(requireFree(home, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/is full: \d+ MiB of \d+ MiB are free/),
      details: { next: expect.stringContaining('Make space') },
    });
    expect(cannotStart('/data', { name: 'ErrnoError', errno: 51 })).toMatchObject({
      message: expect.stringContaining('/data is full'),
    });
    expect(cannotStart('/data', { name: 'ErrnoError', errno: 69 })).toMatchObject({ message: expect.stringContaining('EROFS') });
    const { db } = await aStore();
    await db.close();
    expect((await readdir(directory)).filter((name) => name !== 'postgres')).toEqual([]);
  });
});
