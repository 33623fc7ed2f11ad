import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshSeed } from '../../agents-sim/random.ts';
import { onCheckout } from '../flow/world.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres } from '../storage/engines.ts';
import { mistakesIn, orphansAfter } from './books.ts';
import { amiss, type Ended, figuresOf, plainly, startLoad } from './load.ts';
import { type Together, together } from './world.ts';

const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? freshSeed());

describe.skipIf(!hasPostgres)(`bridges that are restarted one after the other under load, seed ${seed}`, () => {
  let all: Together;
  beforeAll(async () => {
    // As behind any balancer: what it sends before it knows is served.
    all = await together({ replicas: 2, agents: 4, seed, flags: ['--drain-delay-seconds', '1'] });
  }, 120_000);
  afterAll(() => all?.close(), 60_000);

  it('end each wait with its handle, and lose no action, no hit and no call', async () => {
    const { world, fleet, agents, acknowledged } = all;
    const load = startLoad({ mcpUrl: fleet.balancer.mcpUrl, keys: [fleet.keys.fullKey], seed, callers: 5 });
    for (const member of fleet.members) {
      const ask = plainly(member.running.first.mcpUrl, fleet.keys.fullKey);
      const waiting = ask(
        'take_snapshot',
        { ...onCheckout, condition: 'price < 0', timeoutSeconds: 20, waitSeconds: 50 },
        60_000,
      );
      await until('it is armed', async () => {
        const rows = await world.db.query(
          `select 1 from actions a join action_targets t on t.action_id = a.id and t.state = 'armed'
           where a.asked like '%price < 0%' and a.status = 'pending' and a.created_at > $1`,
          [Date.now() - 15_000],
        );
        return rows.length > 0 || undefined;
      });
      const stoppedAt = performance.now();
      const { code, ms } = await fleet.stop(member);
      const { structured } = await waiting;
      console.log(`seed ${seed}: ${member.name} was told at ${Math.round(stoppedAt)} ms and ended after ${Math.round(ms)} ms`);
      expect(structured).toMatchObject({ status: 'pending', actionId: expect.stringMatching(/^act_/) });
      expect(code).toBe(0);
      const again = await plainly(fleet.balancer.mcpUrl, fleet.keys.fullKey)(
        'wait_for_hits',
        { actionId: structured.actionId, waitSeconds: 0 },
        20_000,
      );
      expect(again.structured.status).toBe('pending');
      await until('all agents are connected', () => agents.every(({ state }) => state === 'connected') || undefined);
      await fleet.restart(member);
    }
    await load.stop();
    const orphans = await orphansAfter(world.db, agents, 40_000);
    console.log(`seed ${seed}: ${figuresOf(load.ended)}; ${acknowledged.size} hits acknowledged`);
    expect(orphans).toEqual([]);
    expect(await acknowledged.lostIn(world.db)).toEqual([]);
    expect(await mistakesIn(world.db)).toEqual([]);
    expect(amiss(load.ended, () => false)).toEqual([]);
    // An agent has 5 s to answer, which is little on a machine that is overloaded.
    const wasSlow = ({ outcome, ms }: Ended) => outcome === 'upstream_error' && ms >= 5_000;
    const expected = ['answered', 'unavailable', 'not_found'];
    expect(load.ended.filter((call) => !expected.includes(call.outcome) && !wasSlow(call))).toEqual([]);
  }, 180_000);
});
