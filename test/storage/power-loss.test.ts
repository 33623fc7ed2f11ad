import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { openEmbedded } from '../../src/storage/embedded.ts';
import { silent } from './engines.ts';
import { PowerLossFs } from './power-loss-fs.ts';

/** A long run has hundreds: SIDELIGHT_TEST_POWER_LOSSES=300. */
const losses = Number(process.env.SIDELIGHT_TEST_POWER_LOSSES ?? 4);
const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? Date.now() % 1_000_000);

vi.setConfig({ testTimeout: 60_000 + losses * 10_000 });

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function chanceOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

it(`loses nothing that it acknowledged in ${losses} power cuts at any moment, and always opens (seed ${seed})`, async () => {
  const chance = chanceOf(seed);
  const home = await mkdtemp(join(tmpdir(), 'sidelight-power-'));
  const disks: PowerLossFs[] = [];
  const fileSystem = (cluster: string) => {
    const disk = new PowerLossFs(cluster);
    disks.push(disk);
    return disk;
  };
  const total = { acknowledged: 0, pages: 0, lostPages: 0, lostRows: 0, tornRows: 0 };
  try {
    const db = await openEmbedded({ directory: join(home, 'store'), log: silent, clock: systemClock, fileSystem });
    const [disk] = disks;
    if (disk === undefined) throw new Error('The store has no disk.');
    await db.query('create table halves (name text primary key, half text not null, filler text not null)');
    const acknowledged: string[] = [];
    let written = 0;
    const write = async () => {
      written += 1;
      const name = `row ${written}`;
      await db.tx(async ({ query }) => {
        for (const half of ['a', 'b'])
          await query('insert into halves values ($1, $2, $3)', [
            `${name} ${half}`,
            half,
            'x'.repeat(Math.floor(chance() * 9_000)),
          ]);
      });
      acknowledged.push(name);
      if (written % 25 === 0) await db.query('checkpoint');
    };

    for (let loss = 1; loss <= losses; loss += 1) {
      const directory = join(home, `after-${loss}`);
      await mkdir(directory);
      let steps = 1 + Math.floor(chance() * 120);
      const survives = chance();
      let known: string[] | undefined;
      disk.onStep = () => {
        steps -= 1;
        if (steps !== 0) return;
        known = [...acknowledged];
        const { pages, lost } = disk.lose(join(directory, 'postgres'), () => chance() < survives);
        total.pages += pages;
        total.lostPages += lost;
      };
      while (known === undefined) await write();
      disk.onStep = () => {};

      const after = await openEmbedded({ directory, log: silent, clock: systemClock });
      const rows = await after.query<{ name: string }>('select name from halves');
      const names = new Set(rows.map(({ name }) => name));
      total.acknowledged += known.length;
      total.lostRows += known.filter((name) => !names.has(`${name} a`)).length;
      total.tornRows += [...names].filter(
        (name) => !names.has(name.endsWith('a') ? name.replace(/a$/, 'b') : name.replace(/b$/, 'a')),
      ).length;
      // Every index and every page can be read.
      await after.query('reindex table halves');
      await after.query('vacuum (analyze) halves');
      await after.close();
      await rm(directory, { recursive: true });
    }
    await db.close();
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  console.log(`${losses} power cuts (seed ${seed}): ${JSON.stringify(total)}`);
  expect(total).toMatchObject({ lostRows: 0, tornRows: 0 });
  expect(total.lostPages).toBeGreaterThan(0);
});
