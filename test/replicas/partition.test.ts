import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshSeed } from '../../agents-sim/random.ts';
import { onCheckout, startAgent } from '../flow/world.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres } from '../storage/engines.ts';
import { mistakesIn, orphansAfter } from './books.ts';
import { aliveIn } from './fleet.ts';
import { amiss, figuresOf, plainly, startLoad } from './load.ts';
import { type Together, together } from './world.ts';

const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? freshSeed());
/** Longer than a lease of 15 s. */
const awayMs = 20_000;
/** Both ways of being cut off; one is as long as all other tests of this folder. */
const hows = process.env.SIDELIGHT_TEST_LONG === undefined ? (['silently'] as const) : (['silently', 'reset'] as const);

describe.skipIf(!hasPostgres)(`a bridge that is cut off from the database, seed ${seed}`, () => {
  let all: Together;
  beforeAll(async () => {
    all = await together({ replicas: 2, agents: 4, seed });
  }, 120_000);
  afterAll(() => all?.close(), 60_000);

  it.each(hows)(
    '%s: others take its agents for gone, nothing is lost, and it comes back by itself',
    async (how) => {
      const { world, fleet, agents, acknowledged } = all;
      const [one, two] = fleet.members;
      if (one === undefined || two === undefined) throw new Error('There are two.');
      // One that has nothing to say, so that its connection to the bridge that is cut off stands.
      const quiet = await startAgent(
        { agentUrl: one.running.first.agentUrl, enrolKey: fleet.keys.enrolKey },
        { id: `quiet-${how}`, service: 'quiet', passesPerSecond: 0 },
      );
      const readyz = async (port: number) =>
        (await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as { status: string; checks: Record<string, boolean> };
      const knows = async () => {
        const { structured } = await plainly(two.running.first.mcpUrl, fleet.keys.fullKey)('list_sources', {}, 20_000);
        return structured.agents.some(({ agentId }) => agentId === quiet.id && true);
      };
      const isListed = async () =>
        (
          (await plainly(two.running.first.mcpUrl, fleet.keys.fullKey)('list_sources', {}, 20_000)).structured.agents as {
            agentId: string;
            connected?: boolean;
          }[]
        ).find(({ agentId }) => agentId === quiet.id)?.connected;
      expect(await knows()).toBe(true);
      const load = startLoad({ mcpUrl: two.running.first.mcpUrl, keys: [fleet.keys.fullKey], seed, callers: 5 });
      await until('hits come', () => acknowledged.size > 5 || undefined);
      one.wire.cut(how);
      const cutAt = performance.now();
      const notReadyMs = await until('it says so', async () => {
        const { status, checks } = await readyz(one.port);
        return status === 'not ready' && checks.database === false ? performance.now() - cutAt : undefined;
      });
      const goneMs = await until(
        'its lease ends',
        async () => ((await aliveIn(world.db)).length === 1 ? performance.now() - cutAt : undefined),
        30_000,
      );
      expect((await readyz(one.port)).checks).toMatchObject({ database: false });
      expect(await isListed()).not.toBe(true);
      // Placed while the agent is cut off: it is given to it afterwards.
      const wanted = plainly(two.running.first.mcpUrl, fleet.keys.fullKey);
      await new Promise((done) => setTimeout(done, Math.max(0, awayMs - (performance.now() - cutAt))));
      one.wire.mend();
      const mendedAt = performance.now();
      const readyMs = await until(
        'it is ready',
        async () => ((await readyz(one.port)).status === 'ready' ? performance.now() - mendedAt : undefined),
        60_000,
      );
      const backMs = await until(
        'its agent is known',
        async () => ((await isListed()) === true ? performance.now() - mendedAt : undefined),
        60_000,
      );
      const { structured } = await wanted(
        'take_snapshot',
        { ...onCheckout, source: { agentIds: [quiet.id] }, waitSeconds: 0, timeoutSeconds: 5 },
        20_000,
      );
      await until('it is armed through the other', () => quiet.probes.armed === 1 || undefined);
      await load.stop();
      const orphans = await orphansAfter(world.db, [...agents, quiet], 40_000);
      console.log(
        `seed ${seed}, cut off ${how}: not ready after ${Math.round(notReadyMs)} ms, lease over after ${Math.round(goneMs)} ms; back: ready after ${Math.round(readyMs)} ms, agent known after ${Math.round(backMs)} ms; ${figuresOf(load.ended)}; ${acknowledged.size} hits acknowledged`,
      );
      expect(structured.error).toBeUndefined();
      expect(orphans).toEqual([]);
      expect(await acknowledged.lostIn(world.db)).toEqual([]);
      expect(await mistakesIn(world.db)).toEqual([]);
      expect(amiss(load.ended, () => false)).toEqual([]);
      await quiet.stop();
    },
    180_000,
  );
});
