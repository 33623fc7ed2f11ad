import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { dial } from '../../agents-sim/hello.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openExisting } from '../../src/storage/open.ts';
import type { AgentRecord } from '../../src/targets/agent.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres, postgresWorld, silent, type World } from '../storage/engines.ts';
import { type Caller, connectCaller, onCheckout, startAgent } from './world.ts';

/** Nobody listens there. */
const nowhere = 'ws://127.0.0.1:1/agent';
/** A call that waits for an agent gives up after five seconds. */
const patienceMs = 5_000;

/** An agent that connects to where `way` leads. */
async function roaming(bridge: TestBridge, id: string) {
  const way = { url: bridge.agentUrl };
  const agent = await startAgent(bridge, { id, connect: (_, key) => dial(way.url, key) });
  return { agent, way };
}

const gone = (agent: SimulatedAgent, { bridge }: Pick<TestBridge, 'bridge'>) =>
  until('it is gone', async () =>
    (await bridge.services.connected('default')).every(({ id }) => id !== agent.id) ? true : undefined,
  );

async function timed<T>(work: Promise<T>): Promise<{ answer: T; ms: number }> {
  const from = performance.now();
  const answer = await work;
  return { answer, ms: performance.now() - from };
}

describe('a call that finds no agent', () => {
  let bridge: TestBridge;
  let caller: Caller;
  const agents: SimulatedAgent[] = [];
  beforeAll(async () => {
    bridge = await startBridge();
    caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
  }, 60_000);
  afterEach(() => Promise.all(agents.splice(0).map((agent) => agent.stop())));
  afterAll(async () => {
    await caller?.close();
    await bridge?.close();
  });

  const cutOff = async (id: string) => {
    const { agent, way } = await roaming(bridge, id);
    agents.push(agent);
    way.url = nowhere;
    agent.disconnect();
    await gone(agent, bridge);
    return { agent, way };
  };

  it('waits for one that was there a moment ago, and goes on with it', async () => {
    const { agent, way } = await cutOff('back-soon');
    const asking = caller.call('take_snapshot', { ...onCheckout, waitSeconds: 0 });
    const locating = caller.call('locate', { source: { service: 'checkout' }, function: 'priceOf' });
    await sleep(500);
    way.url = bridge.agentUrl;
    const { isError, structured } = await asking;
    expect({ isError, targets: structured.targets }).toMatchObject({
      isError: false,
      targets: [{ agentId: agent.id, state: 'armed' }],
    });
    expect((await locating).isError).toBe(false);
  }, 20_000);

  it('waits the less for hits', async () => {
    const { way } = await cutOff('back-late-agent');
    const asking = caller.call('take_snapshot', { ...onCheckout, waitSeconds: 3 });
    await sleep(1_500);
    way.url = bridge.agentUrl;
    const { status, latencyMs } = (await asking).structured;
    expect(status).toBe('pending');
    expect(latencyMs.resolve).toBeGreaterThan(1_400);
    expect((latencyMs.resolve ?? 0) + (latencyMs.wait ?? 0)).toBeLessThan(4_000);
  }, 20_000);

  it('is refused after some seconds where it does not come back', async () => {
    await cutOff('not-back-soon');
    const { answer, ms } = await timed(caller.call('take_snapshot', { ...onCheckout, waitSeconds: 0 }));
    expect(answer.structured.error).toMatchObject({ code: 'not_found' });
    expect(ms).toBeGreaterThan(patienceMs - 100);
    expect(ms).toBeLessThan(patienceMs + 4_000);
  }, 20_000);

  it('is refused at once where that one is not meant, was never there, or said goodbye', async () => {
    await cutOff('another-agent');
    const leaving = await startAgent(bridge, { id: 'leaving-agent', service: 'billing' });
    await leaving.stop();
    await gone(leaving, bridge);
    const sources = [
      { service: 'unheard-of' },
      { service: 'billing' },
      { service: 'checkout', version: '9' },
      { agentIds: ['nobody'] },
    ];
    for (const source of sources) {
      const { answer, ms } = await timed(caller.call('take_snapshot', { ...onCheckout, source, waitSeconds: 0 }));
      expect(answer.structured.error).toMatchObject({ code: 'not_found' });
      expect(ms).toBeLessThan(patienceMs / 2);
    }
  }, 20_000);

  it('ends with its caller', async () => {
    await cutOff('caller-leaves');
    const stop = new AbortController();
    const asking = caller.call('take_snapshot', onCheckout, { signal: stop.signal });
    asking.catch(() => undefined);
    await sleep(300);
    stop.abort();
    const last = async () => (await bridge.bridge.audit.recent('default', 5)).find(({ reason }) => reason === 'cancelled');
    const from = performance.now();
    await until('it is over', last);
    expect(performance.now() - from).toBeLessThan(patienceMs - 1_000);
  }, 20_000);
});

describe('a bridge that is started again', () => {
  it.each([
    ['that left it in order', false],
    ['of which nobody wrote down until when they were there', true],
  ])(
    'waits for agents %s',
    async (_, isCrash) => {
      const data = await mkdtemp(join(tmpdir(), 'sidelight-between-'));
      const first = await startBridge({ data });
      const { agent, way } = await roaming(first, 'comes-again');
      const [known] = await first.bridge.services.connected('default');
      way.url = nowhere;
      await first.close();
      if (isCrash) {
        const settings = { databaseUrl: undefined, dataDirectory: data, unsafeNoFsync: false };
        const { stores, close } = await openExisting(settings, { clock: systemClock, log: silent });
        const long = { ...(known as AgentRecord), lastSeenAt: Date.now() - 30 * 60_000 };
        await stores.agents.connected(long, 'rep_that_died');
        await close();
      }
      const second = await startBridge({ data });
      const caller = await connectCaller(second.mcpUrl, first.fullKey);
      try {
        const asking = caller.call('take_snapshot', { ...onCheckout, waitSeconds: 0 });
        await sleep(300);
        way.url = second.agentUrl;
        expect((await asking).structured).toMatchObject({ targets: [{ agentId: agent.id, state: 'armed' }] });
      } finally {
        await Promise.all([caller.close(), agent.stop()]);
        await second.close();
        await rm(data, { recursive: true, force: true });
      }
    },
    60_000,
  );
});

describe.skipIf(!hasPostgres)('agents between two bridges', () => {
  let world: World;
  let parent: string;
  beforeAll(async () => {
    world = await postgresWorld();
    parent = await mkdtemp(join(tmpdir(), 'sidelight-between-'));
  }, 30_000);
  afterAll(async () => {
    await world?.close();
    await rm(parent, { recursive: true, force: true });
  });

  it('are found by a call that comes while all of them move', async () => {
    const settings = (name: string) => ({ data: join(parent, name), 'database-url': world.url ?? '' });
    const one = await startBridge(settings('one'));
    const two = await startBridge({ ...settings('two'), 'secret-file': join(parent, 'one', 'secret') });
    const caller = await connectCaller(two.mcpUrl, one.fullKey);
    const { agent, way } = await roaming(one, 'moving-agent');
    try {
      way.url = nowhere;
      await one.close();
      await gone(agent, two);
      const asking = caller.call('take_snapshot', { ...onCheckout, waitSeconds: 20 });
      await sleep(500);
      way.url = two.agentUrl;
      await until('it is armed', () => agent.probes.armed === 1 || undefined);
      agent.pass();
      expect((await asking).structured).toMatchObject({ status: 'completed', hitCount: 1 });
    } finally {
      await Promise.all([caller.close(), agent.stop()]);
      await two.close();
    }
  }, 60_000);
});
