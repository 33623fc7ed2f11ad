import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { clients } from '../mcp/clients.ts';
import { type Caller, connectCaller, onCheckout, startAgent } from './world.ts';

let bridge: TestBridge;
let agent: SimulatedAgent;
let watcher: Caller;

beforeAll(async () => {
  bridge = await startBridge();
  agent = await startAgent(bridge);
  watcher = await connectCaller(bridge.mcpUrl, bridge.fullKey);
}, 60_000);

afterAll(async () => {
  await watcher?.close();
  await agent?.stop();
  await bridge?.close();
});

afterEach(() => expect(agent.probes.armed).toBe(0));

/** A snapshot that is never hit, and that its caller would wait a long time for. */
const patient = { ...onCheckout, timeoutSeconds: 300, waitSeconds: 200 };

const armed = () => until('the agent is armed', () => agent.probes.armed === 1 || undefined);
const newest = async () => (await watcher.call('list_actions', { limit: 1 })).structured.actions[0];
const cancelled = () =>
  until('the action is cancelled and taken off', async () => {
    const action = await newest();
    return action?.status === 'cancelled' && agent.probes.armed === 0 ? action : undefined;
  });

describe('a caller that goes away while it waits', () => {
  it.each(clients)('through $name leaves nothing behind', async (how) => {
    const caller = await connectCaller(bridge.mcpUrl, bridge.fullKey, how);
    const gone = new AbortController();
    const answer = caller.call('take_snapshot', patient, { signal: gone.signal });
    const rejected = expect(answer).rejects.toThrow();
    await armed();
    gone.abort();
    await rejected;
    expect(await cancelled()).toMatchObject({ statusReason: 'The caller went away.', mine: true });
    await caller.close();
  });

  it('without a word, as when its machine dies, leaves nothing behind', async () => {
    const calling = request(bridge.mcpUrl, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${bridge.fullKey}`,
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
      },
    });
    calling.on('error', () => undefined);
    calling.end(
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'take_snapshot', arguments: patient } }),
    );
    await once(calling, 'response');
    await armed();
    calling.destroy();
    await cancelled();
  });

  it('from wait_for_hits leaves the action to whoever placed it', async () => {
    const { structured: placed } = await watcher.call('take_snapshot', { ...patient, waitSeconds: 0 });
    const reader = await connectCaller(bridge.mcpUrl, bridge.readKey);
    const gone = new AbortController();
    let waiting = false;
    const answer = reader.call(
      'wait_for_hits',
      { actionId: placed.actionId, waitSeconds: 200 },
      {
        signal: gone.signal,
        onprogress: () => {
          waiting = true;
        },
      },
    );
    const rejected = expect(answer).rejects.toThrow();
    await until('it waits', () => waiting || undefined);
    gone.abort();
    await rejected;
    agent.pass();
    const { structured } = await watcher.call('wait_for_hits', { actionId: placed.actionId });
    expect(structured).toMatchObject({ status: 'completed', hitCount: 1 });
    await reader.close();
  });
});

describe('the end of an action', () => {
  it('by time takes it off the agent, and the answer says that its time was up', async () => {
    const { structured } = await watcher.call('take_snapshot', { ...onCheckout, condition: 'price < 0', timeoutSeconds: 1 });
    expect(structured).toMatchObject({ status: 'expired', statusReason: expect.stringContaining('time'), hitCount: 0 });
    await until('it is taken off', () => agent.probes.armed === 0 || undefined);
  });

  it('by time comes also when nobody waits for it', async () => {
    const { structured: placed } = await watcher.call('take_snapshot', { ...onCheckout, timeoutSeconds: 1, waitSeconds: 0 });
    await until('it is expired', async () => {
      const action = await newest();
      return (action?.actionId === placed.actionId && action.status === 'expired') || undefined;
    });
    await until('it is taken off', () => agent.probes.armed === 0 || undefined);
  });

  it('by its caller is told once, keeps the hits, and repeating it is no error', async () => {
    const { structured: placed } = await watcher.call('take_snapshot', { ...onCheckout, maxHits: 5, waitSeconds: 0 });
    agent.pass(2);
    await watcher.call('wait_for_hits', { actionId: placed.actionId, afterHit: 1 });
    const cancel = async () => (await watcher.call('cancel_actions', { actionIds: [placed.actionId] })).structured.actions[0];
    expect(await cancel()).toMatchObject({ cancelled: true, status: 'cancelled', hitCount: 2 });
    expect(await cancel()).toMatchObject({ cancelled: false, status: 'cancelled', hitCount: 2 });
    const { structured } = await watcher.call('wait_for_hits', { actionId: placed.actionId });
    expect(structured.hits.map((hit) => hit.number)).toEqual([1, 2]);
  });

  it('ends the wait of everybody who waits for it', async () => {
    const { structured: placed } = await watcher.call('take_snapshot', { ...patient, waitSeconds: 0 });
    const reader = await connectCaller(bridge.mcpUrl, bridge.readKey);
    const answer = reader.call('wait_for_hits', { actionId: placed.actionId, waitSeconds: 200 });
    await watcher.call('cancel_actions', { actionIds: [placed.actionId] });
    expect((await answer).structured).toMatchObject({ status: 'cancelled', statusReason: 'Cancelled by full.' });
    await reader.close();
  });
});
