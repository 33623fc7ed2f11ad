import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { hasRedis, redis } from '../storage/redis.ts';
import { type Caller, connectCaller, onCheckout, startAgent } from './world.ts';

/** How they tell each other what is new. */
const buses = ['PostgreSQL', ...(hasRedis ? ['Redis'] : [])];

describe.skipIf(!hasPostgres).each(buses)('two bridges on one PostgreSQL database, told by %s', (bus) => {
  let world: World;
  let busUrl: Record<string, string> = {};
  let stopBus = async () => {};
  let parent: string;
  let one: TestBridge;
  let two: TestBridge;
  let there: Caller;
  let here: Caller;
  const agents: SimulatedAgent[] = [];
  const settings = (name: string) => ({
    ...{ data: join(parent, name), 'database-url': world.url ?? '' },
    ...busUrl,
    ...(name === 'one' ? {} : { 'secret-file': join(parent, 'one', 'secret') }),
  });
  beforeAll(async () => {
    world = await postgresWorld();
    if (bus === 'Redis') {
      const own = await redis();
      stopBus = await own.start();
      busUrl = { 'bus-url': own.url };
    }
    parent = await mkdtemp(join(tmpdir(), 'sidelight-replicas-'));
    one = await startBridge(settings('one'));
    two = await startBridge(settings('two'));
    here = await connectCaller(one.mcpUrl, one.fullKey);
    there = await connectCaller(two.mcpUrl, one.fullKey);
  }, 60_000);
  afterEach(async () => {
    await Promise.all(agents.splice(0).map((agent) => agent.stop()));
    await until('no agent is known', async () => (await one.bridge.services.connected('default')).length === 0 || undefined);
  });
  afterAll(async () => {
    await Promise.all([here?.close(), there?.close()]);
    await Promise.all([one?.close(), two?.close()]);
    await world.close();
    await stopBus();
    await rm(parent, { recursive: true, force: true });
  });

  const agentOf = async (bridge: TestBridge, options: Parameters<typeof startAgent>[1] = {}) => {
    const agent = await startAgent({ agentUrl: bridge.agentUrl, enrolKey: one.enrolKey }, options);
    agents.push(agent);
    return agent;
  };
  const isArmed = (agent: SimulatedAgent) => until('it is armed', () => agent.probes.armed === 1 || undefined);
  const isFree = (agent: SimulatedAgent) => until('it is free', () => agent.probes.armed === 0 || undefined);

  it('serve a caller of one with an agent of the other', async () => {
    const agent = await agentOf(one);
    const listed = await there.call('list_sources');
    expect(listed.structured.agents).toMatchObject([{ service: 'checkout', connected: true }]);
    const asked = there.call('take_snapshot', { ...onCheckout, waitSeconds: 20 });
    await isArmed(agent);
    agent.pass();
    const { structured } = await asked;
    expect(structured).toMatchObject({ status: 'completed', hitCount: 1 });
    await isFree(agent);
  });

  it('end a wait at one when the hit comes in at the other, at once', async () => {
    const agent = await agentOf(one);
    const placed = await here.call('take_snapshot', { ...onCheckout, maxHits: 2, waitSeconds: 0 });
    const { actionId } = placed.structured;
    const waited = there.call('wait_for_hits', { actionId, waitSeconds: 20 });
    await until('the other listens', async () =>
      (await one.bridge.services.actions.store.get('default', actionId))?.listeners.length === 2 ? true : undefined,
    );
    const passedAt = performance.now();
    agent.pass();
    expect((await waited).structured).toMatchObject({ hitCount: 1 });
    // The poll that is there for lost notes comes after a second.
    expect(performance.now() - passedAt).toBeLessThan(900);
    await here.call('cancel_actions', { actionIds: [actionId] });
  });

  it('take a probe off when the action is cancelled at the other', async () => {
    const agent = await agentOf(one);
    const { actionId } = (await there.call('take_snapshot', { ...onCheckout, waitSeconds: 0 })).structured;
    await isArmed(agent);
    await there.call('cancel_actions', { actionIds: [actionId] });
    expect(agent.probes.armed).toBe(0);
  });

  it('place on agents of both, and on one that comes later to either', async () => {
    const [a, b] = [await agentOf(one), await agentOf(two)];
    const { targets, actionId } = (await here.call('take_snapshot', { ...onCheckout, maxHits: 9, waitSeconds: 0 })).structured;
    expect(targets.map(({ state }) => state)).toEqual(['armed', 'armed']);
    const late = await agentOf(two);
    await isArmed(late);
    for (const agent of [a, b, late]) agent.pass();
    await until('all have hit', async () =>
      (await there.call('wait_for_hits', { actionId, waitSeconds: 0 })).structured.hitCount === 3 ? true : undefined,
    );
    await there.call('cancel_actions', { actionIds: [actionId] });
    for (const agent of [a, b, late]) await isFree(agent);
  });

  it('ask an agent of the other where something is', async () => {
    await agentOf(one);
    const found = await there.call('locate', { source: { service: 'checkout' }, function: 'priceOf' });
    const own = await here.call('locate', { source: { service: 'checkout' }, function: 'priceOf' });
    expect(found.isError).toBe(own.isError);
    const { requestId: _, ...told } = found.structured;
    const { requestId: __, ...toldHere } = own.structured;
    expect({ ...told, latencyMs: 0, timestamp: '' }).toEqual({ ...toldHere, latencyMs: 0, timestamp: '' });
  });

  it('refuse what an agent of the other refuses in the same words', async () => {
    await agentOf(one);
    const nowhere = { ...onCheckout, expectLine: 'not what stands there', waitSeconds: 0 };
    const [far, near] = [await there.call('take_snapshot', nowhere), await here.call('take_snapshot', nowhere)];
    expect(far.isError).toBe(true);
    expect({ ...far.structured.error, requestId: '' }).toEqual({ ...near.structured.error, requestId: '' });
  });
});
