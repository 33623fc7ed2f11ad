import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { startWire, type Wire } from '../replicas/wire.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';

describe.skipIf(!hasPostgres)('the metrics of a bridge whose database hangs', () => {
  let world: World;
  let wire: Wire;
  let bridge: TestBridge;
  /** How far the time has been put forward, so that nobody waits for a lease to end. */
  let aheadMs = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + aheadMs };
  beforeAll(async () => {
    world = await postgresWorld();
    wire = await startWire(world.url ?? '');
    bridge = await startBridge({ 'database-url': wire.url, 'metrics-port': '0' }, clock);
    await until('it is ready', async () => (await read()).includes('sidelight_ready{check="all"} 1') || undefined);
    wire.cut('silently');
  }, 60_000);
  afterAll(async () => {
    wire?.mend();
    await bridge?.close();
    await wire?.close();
    await world?.close();
  }, 60_000);

  const read = async () => (await fetch(bridge.metricsUrl as URL)).text();
  /** The series of a metric, each with its number. */
  const seriesOf = (text: string, name: string) =>
    text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));

  it('say of every check whether it holds, and leave out what only the database knows', async () => {
    const text = await until('the next look', async () => {
      const now = await read();
      return now.includes('sidelight_ready{check="database"} 1') ? undefined : now;
    });
    expect(seriesOf(text, 'sidelight_ready').sort()).toEqual([
      'sidelight_ready{check="all"} 0',
      'sidelight_ready{check="clock"} 1',
      'sidelight_ready{check="database"} 0',
      'sidelight_ready{check="lease"} 1',
      'sidelight_ready{check="policies"} 1',
      'sidelight_ready{check="schema"} 0',
    ]);
    for (const name of [
      'sidelight_actions_active',
      'sidelight_audit_unsigned_records',
      'sidelight_audit_undelivered_checkpoints',
    ])
      expect(seriesOf(text, name), name).toEqual([]);
    expect(seriesOf(text, 'sidelight_replicas')).toEqual(['sidelight_replicas 1']);
  }, 30_000);

  it('count no replica once the lease of this one is over: it knows of none, and is none of them', async () => {
    aheadMs = 60_000;
    const text = await until('the next look', async () => {
      const now = await read();
      return now.includes('sidelight_ready{check="lease"} 0') ? now : undefined;
    });
    expect(seriesOf(text, 'sidelight_replicas')).toEqual(['sidelight_replicas 0']);
  }, 30_000);
});
