import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshSeed } from '../../agents-sim/random.ts';
import { until } from '../helpers/program.ts';
import { mistakesIn, orphansAfter } from './books.ts';
import { startCluster } from './cluster.ts';
import { aliveIn } from './fleet.ts';
import { amiss, figuresOf, startLoad } from './load.ts';
import { type Together, together } from './world.ts';

const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? freshSeed());
const cluster = await startCluster();

describe.skipIf(cluster === undefined)(`a database that goes away under load, seed ${seed}`, () => {
  let all: Together;
  beforeAll(async () => {
    all = await together({ replicas: 2, agents: 4, seed, open: () => (cluster as NonNullable<typeof cluster>).open() });
  }, 120_000);
  afterAll(async () => {
    await all?.close();
    await cluster?.close();
  }, 60_000);

  it.each(['fast', 'immediate'] as const)(
    'by a stop that is %s: nothing that was acknowledged is lost, and all goes on by itself',
    async (mode) => {
      const { world, fleet, agents, acknowledged } = all;
      const load = startLoad({ mcpUrl: fleet.balancer.mcpUrl, keys: [fleet.keys.fullKey], seed, callers: 5 });
      await until('hits come', () => acknowledged.size > 5 || undefined);
      await cluster?.stop(mode);
      const stoppedAt = performance.now();
      const isReady = async () =>
        (await Promise.all(fleet.members.map(({ port }) => fetch(`http://127.0.0.1:${port}/readyz`)))).map(
          ({ status }) => status,
        );
      const whileAway = await isReady();
      await new Promise((done) => setTimeout(done, 2_000));
      await cluster?.start();
      const startedAt = performance.now();
      await until('both are ready', async () => (await isReady()).every((status) => status === 200) || undefined, 60_000);
      const readyAt = performance.now();
      await until('agents are connected', () => agents.every(({ state }) => state === 'connected') || undefined, 30_000);
      await until(
        'a call is answered',
        () => load.ended.some(({ outcome, from }) => outcome === 'answered' && from > startedAt) || undefined,
        30_000,
      );
      await load.stop();
      const orphans = await orphansAfter(world.db, agents, 40_000);
      const known = await world.db.query(`select id from agents where connected and replica = any($1)`, [
        await aliveIn(world.db),
      ]);
      console.log(
        `seed ${seed}, ${mode}: away ${Math.round(startedAt - stoppedAt)} ms, ready ${Math.round(readyAt - startedAt)} ms after; ${figuresOf(load.ended)}; ${acknowledged.size} hits acknowledged`,
      );
      expect(whileAway).toEqual([503, 503]);
      expect(orphans).toEqual([]);
      expect(await acknowledged.lostIn(world.db)).toEqual([]);
      expect(await mistakesIn(world.db)).toEqual([]);
      expect(amiss(load.ended, () => false)).toEqual([]);
      expect(known).toHaveLength(agents.length);
    },
    180_000,
  );
});
