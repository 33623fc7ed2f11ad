import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { type Caller, connectCaller, onCheckout, startAgent } from './world.ts';

const ids = ['replica-1', 'replica-2', 'replica-3'];

let bridge: TestBridge;
let caller: Caller;
let agents: SimulatedAgent[] = [];

beforeAll(async () => {
  bridge = await startBridge();
  agents = await Promise.all(ids.map((id) => startAgent(bridge, { id, passesPerSecond: 200 })));
  caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
}, 120_000);

afterAll(async () => {
  await caller?.close();
  await Promise.all(agents.map((agent) => agent.stop()));
  await bridge?.close();
});

const armed = () => agents.filter((agent) => agent.probes.armed > 0).map((agent) => agent.id);

afterEach(() => until('nobody is armed any more', () => armed().length === 0 || undefined));

const stored = async (actionId: string) => {
  const hits = await bridge.bridge.services.hits.page('default', actionId, 0, 50);
  return ids.map((id) => hits.filter((hit) => hit.agentId === id).length);
};
const total = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0);

describe('three replicas that all run the line as fast as they can', () => {
  it('give exactly as many hits as are asked for together, and are told at once', async () => {
    for (const maxHits of [1, 5, 50]) {
      const { structured } = await caller.call('take_snapshot', { ...onCheckout, maxHits });
      expect(structured).toMatchObject({ status: 'completed', hitCount: maxHits });
      // Far below the life of the action: they are told, and do not find out by their own clock.
      await until('nobody is armed any more', () => armed().length === 0 || undefined);
      expect(total(await stored(structured.actionId))).toBe(maxHits);
    }
  });

  it.each(['take_snapshot', 'add_log'])(
    'give exactly as many hits of %s as each of them may, and then it is complete',
    async (tool) => {
      const args = { ...onCheckout, ...(tool === 'add_log' ? { template: 'price {price}' } : {}), maxHitsPerAgent: 4 };
      const { structured } = await caller.call(tool, args);
      expect(structured).toMatchObject({ status: 'completed', hitCount: 12, maxHits: 12 });
      expect(await stored(structured.actionId)).toEqual([4, 4, 4]);
    },
  );

  it('give no more together than maxHits, whatever each may give', async () => {
    const { structured } = await caller.call('take_snapshot', { ...onCheckout, maxHits: 5, maxHitsPerAgent: 4 });
    expect(structured).toMatchObject({ status: 'completed', hitCount: 5 });
    const counts = await stored(structured.actionId);
    expect(total(counts)).toBe(5);
    expect(Math.max(...counts)).toBeLessThanOrEqual(4);
  });

  it('are complete without those that left, and what is spared of the quota comes back', async () => {
    const left = async () =>
      (await caller.call('get_status')).structured.quotas.find(({ quota }) => quota === 'hits_per_hour')?.left ?? 0;
    const before = await left();
    const quiet = await startAgent(bridge, { id: 'quiet-replica', passesPerSecond: 0 });
    const waiting = caller.call('take_snapshot', { ...onCheckout, maxHits: 20, maxHitsPerAgent: 2, waitSeconds: 45 });
    const action = await until('the others have given theirs', async () => {
      const all = await bridge.bridge.services.actions.store.live('default', Date.now());
      return all.find(({ hits }) => hits === 6);
    });
    expect(action.status).toBe('pending');
    await quiet.stop();
    const { structured } = await waiting;
    expect(structured).toMatchObject({ status: 'completed', statusReason: expect.stringContaining('Every agent'), hitCount: 6 });
    expect(await left()).toBe(before - 6);
  }, 60_000);

  it('cannot be asked for more of each than the role may have at all', async () => {
    const { structured } = await caller.call('take_snapshot', { ...onCheckout, maxHitsPerAgent: 51 });
    expect(structured.error).toMatchObject({ code: 'limit_exceeded', field: 'maxHitsPerAgent' });
  });
});
