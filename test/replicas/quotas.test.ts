import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onCheckout } from '../flow/world.ts';
import { hasPostgres } from '../storage/engines.ts';
import { plainly } from './load.ts';
import { type Together, together } from './world.ts';

const callsPerHour = 40;
const hitsPerHour = 30;
const hitsEach = 3;

describe.skipIf(!hasPostgres)('quotas of bridges of which one is killed', () => {
  let all: Together;
  beforeAll(async () => {
    // An hour that ends while this runs would renew them.
    const leftMs = 3_600_000 - (Date.now() % 3_600_000);
    if (leftMs < 60_000) await new Promise((done) => setTimeout(done, leftMs));
    all = await together({
      ...{ replicas: 2, agents: 1, seed: 1, passesPerSecond: 0 },
      quotas: { calls_per_hour: callsPerHour, hits_per_hour: hitsPerHour },
    });
  }, 180_000);
  afterAll(() => all?.close(), 60_000);

  const used = async (quota: string) =>
    (
      await all.world.db.query<{ used: number }>('select used from quota_counters where quota = $1 order by used desc limit 1', [
        quota,
      ])
    )[0]?.used;
  /** Answered, by code where refused, or `broken`. */
  const outcomesOf = async (calls: number, key: string, tool: string, args: object, between?: () => Promise<void>) => {
    const ask = plainly(all.fleet.balancer.mcpUrl, key);
    const outcomes: Record<string, number> = {};
    const call = async () => {
      const outcome = await ask(tool, { ...args }, 30_000).then(
        ({ structured }) => structured.error?.code ?? 'answered',
        () => 'broken',
      );
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    };
    const first = Array.from({ length: calls / 2 }, call);
    await between?.();
    await Promise.all([...first, ...Array.from({ length: calls / 2 }, call)]);
    return outcomes;
  };

  it('are spent to the last hit and not beyond', async () => {
    const args = { ...onCheckout, maxHits: hitsEach, waitSeconds: 0, timeoutSeconds: 60 };
    const outcomes = await outcomesOf(30, all.fleet.keys.fullKey, 'take_snapshot', args);
    const rows = await all.world.db.query(`select id from actions where status = 'pending'`);
    console.log(`hits per hour: ${JSON.stringify(outcomes)}, ${rows.length} placed`);
    expect(outcomes).toEqual({ answered: hitsPerHour / hitsEach, quota_exceeded: 30 - hitsPerHour / hitsEach });
    expect(rows).toHaveLength(hitsPerHour / hitsEach);
    expect(await used('hits_per_hour')).toBe(hitsPerHour);
  }, 90_000);

  it('are spent to the last call and not beyond, also by calls whose bridge was killed', async () => {
    const [one] = all.fleet.members;
    const outcomes = await outcomesOf(80, all.fleet.keys.readKey, 'list_sources', {}, async () => {
      if (one !== undefined) await all.fleet.kill(one);
    });
    console.log(`calls per hour: ${JSON.stringify(outcomes)}`);
    const { answered = 0, broken = 0, quota_exceeded = 0 } = outcomes;
    expect(answered).toBeLessThanOrEqual(callsPerHour);
    expect(answered + broken).toBeGreaterThanOrEqual(callsPerHour);
    expect(answered + broken + quota_exceeded).toBe(80);
    expect(await used('calls_per_hour')).toBe(callsPerHour);
  }, 90_000);
});
