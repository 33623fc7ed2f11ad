import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { dial } from '../../agents-sim/hello.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { type Caller, connectCaller, onCheckout, policiesWith, quotasOf, startAgent } from './world.ts';

let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let caller: Caller;
let quick: SimulatedAgent;
let slow: SimulatedAgent;
/** What the slow agent has to say, kept back while this is a list. */
let held: (() => void)[] | undefined = [];

beforeAll(async () => {
  policies = await policiesWith({ 'quotas.yaml': quotasOf({ concurrent_actions_per_agent: 1 }) });
  bridge = await startBridge({ policies: policies.directory });
  caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
  quick = await startAgent(bridge, { id: 'quick-agent-1' });
  slow = await startAgent(bridge, {
    id: 'slow-agent-1',
    connect(url, key) {
      const socket = dial(url, key);
      const send = socket.send.bind(socket);
      socket.send = (data: string) => {
        if (held !== undefined && data.includes('"t":"state"')) held.push(() => send(data));
        else send(data);
      };
      return socket;
    },
  });
}, 180_000);

afterAll(async () => {
  await caller?.close();
  await Promise.all([quick?.stop(), slow?.stop()]);
  await bridge?.close();
  await policies?.remove();
});

it('an agent that arms an action after it was given up lets go of it when another has its place', async () => {
  const given = await caller.call('take_snapshot', { ...onCheckout, waitSeconds: 0 });
  expect(given.structured.targets).toMatchObject([
    { agentId: 'quick-agent-1', state: 'armed' },
    { agentId: 'slow-agent-1', state: 'failed' },
  ]);
  // It was told, and has not answered yet.
  expect([...slow.probes.states.keys()]).toEqual([given.structured.actionId]);

  const second = caller.call('take_snapshot', { ...onCheckout, source: { agentIds: ['slow-agent-1'] }, waitSeconds: 0 });
  await until('the second one has come to the slow agent', () => slow.probes.states.size === 2 || undefined);
  for (const say of held ?? []) say();
  held = undefined;

  const { isError, structured } = await second;
  expect(isError, JSON.stringify(structured)).toBe(false);
  expect(structured.targets).toMatchObject([{ agentId: 'slow-agent-1', state: 'armed' }]);
  await until('the first one is off the slow agent', () => slow.probes.states.size === 1 || undefined);
  expect([...slow.probes.states.keys()]).toEqual([structured.actionId]);

  const { store, clock } = bridge.bridge.services.actions;
  const first = await store.get('default', given.structured.actionId);
  expect(first).toMatchObject({ status: 'pending', targets: [{ state: 'armed' }, { agentId: 'slow-agent-1', state: 'failed' }] });
  expect((await store.liveOn('default', 'slow-agent-1', clock.now())).map(({ id }) => id)).toContain(structured.actionId);
  expect(quick.probes.armed).toBe(1);
}, 180_000);
