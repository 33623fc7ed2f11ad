import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom, freshSeed } from '../../agents-sim/random.ts';
import { markedLine, type Program, startProgram, until } from '../helpers/program.ts';
import { hasPostgres } from '../storage/engines.ts';
import { mistakesIn, orphansAfter } from './books.ts';
import { amiss, type Ended, figuresOf, plainly, startLoad } from './load.ts';
import { type Together, together } from './world.ts';

const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? freshSeed());
/** How often a bridge is killed. */
const kills = Number(process.env.SIDELIGHT_TEST_KILLS ?? 2);
const program = fileURLToPath(new URL('../flow/programs/ticker.mjs', import.meta.url));
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

describe.skipIf(!hasPostgres)(`bridges that are killed under load, seed ${seed}`, () => {
  let all: Together;
  let ticker: Program;
  beforeAll(async () => {
    all = await together({ replicas: 3, agents: 4, seed });
    const { balancer, keys } = all.fleet;
    ticker = startProgram({ file: program, service: 'ticker', url: balancer.agentUrl, key: keys.enrolKey });
    await ticker.printed(/ready/);
  }, 120_000);
  afterAll(async () => {
    await ticker?.stop();
    await all?.close();
  }, 60_000);

  /** Snapshots of the real program, one after the other, until `isOver`. */
  async function watch(isOver: () => boolean): Promise<Record<string, number>> {
    const ask = plainly(all.fleet.balancer.mcpUrl, all.fleet.keys.fullKey);
    const place = { source: { service: 'ticker' }, file: program, line: markedLine(program), maxHits: 5 };
    const outcomes: Record<string, number> = {};
    while (!isOver()) {
      const outcome = await ask('take_snapshot', { ...place, timeoutSeconds: 4, waitSeconds: 3 }, 30_000).then(
        ({ structured }) => structured.error?.code ?? structured.status,
        () => 'broken',
      );
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (outcome !== 'completed') await pause(100);
    }
    return outcomes;
  }
  const isWatched = () => /"watched":(true|false)(?!.*"watched")/s.exec(ticker.output())?.[1] === 'true';

  it(
    'lose nothing that was acknowledged, leave no probe behind, and every call ends',
    async () => {
      const { world, fleet, agents, acknowledged } = all;
      const random = createRandom(seed).fork('kills');
      // A process that is killed takes a while to be gone; until then a client that keeps its connection open sends its next call into it.
      const deaths: { from: number; to: number }[] = [];
      const load = startLoad({ mcpUrl: fleet.balancer.mcpUrl, keys: [fleet.keys.fullKey], seed, callers: 5 });
      let isOver = false;
      const watched = watch(() => isOver);
      for (let turn = 0; turn < kills; turn += 1) {
        await pause(random.integer(500, 2_500));
        const member = fleet.members[random.integer(0, fleet.members.length - 1)];
        if (member === undefined) continue;
        const from = performance.now();
        await fleet.kill(member);
        deaths.push({ from, to: performance.now() });
        await pause(random.integer(0, 1_500));
        await fleet.restart(member);
      }
      await pause(1_000);
      isOver = true;
      await load.stop();
      const real = await watched;
      const endedAt = performance.now();
      const orphans = await orphansAfter(world.db, agents, 40_000);
      const orphansMs = performance.now() - endedAt;
      const hits = (await world.db.query<{ n: number }>('select count(*) as n from hits'))[0]?.n;
      console.log(
        `seed ${seed}: ${kills} kills; ${figuresOf(load.ended)}; ${hits} hits stored, ${acknowledged.size} acknowledged; all ended after ${Math.round(orphansMs)} ms`,
      );
      console.log(`seed ${seed}: of a real program ${JSON.stringify(real)}`);
      expect(orphans).toEqual([]);
      await until('nobody watches the real program', () => !isWatched() || undefined, 30_000);
      expect(real.completed).toBeGreaterThan(0);
      expect(real.internal_error).toBeUndefined();
      expect(await acknowledged.lostIn(world.db)).toEqual([]);
      expect(await mistakesIn(world.db)).toEqual([]);
      const wasKilled = ({ from, ms }: Ended) => deaths.some((death) => from <= death.to && death.from <= from + ms);
      expect(amiss(load.ended, (call) => wasKilled(call) && (call.bySdk || call.outcome === 'broken'))).toEqual([]);
      await until('all agents are connected', () => agents.every(({ state }) => state === 'connected') || undefined, 30_000);
    },
    120_000 + kills * 20_000,
  );
});
