import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { SimulatedAgent } from '../../agents-sim/agent.ts';
import { dial } from '../../agents-sim/hello.ts';
import { checkout } from '../../agents-sim/scenarios/checkout.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { connectCaller, onCheckout } from './world.ts';

let bridge: TestBridge;

beforeAll(async () => {
  bridge = await startBridge();
}, 180_000);

afterAll(() => bridge?.close());

it('a hello that comes late, over a connection that its agent has left, does not throw out the connection it has now', async () => {
  const opened: WebSocket[] = [];
  let sayHello: (() => void) | undefined;
  const agent = new SimulatedAgent({
    ...{ url: bridge.agentUrl, key: bridge.enrolKey, id: 'stale-agent-1', scenario: checkout() },
    connect(url, key) {
      const socket = dial(url, key);
      opened.push(socket);
      if (opened.length > 1) return socket;
      const send = socket.send.bind(socket);
      socket.send = (text: string) => {
        sayHello = () => send(text);
      };
      // To the agent it is over; what it sent is still on its way.
      socket.terminate = () => void socket.emit('close', 1006, Buffer.alloc(0));
      return socket;
    },
  });
  const welcomed = agent.start();
  const say = await until('the challenge has come', () => sayHello);
  agent.disconnect();
  await welcomed;
  const left = new Promise<number>((resolve) => opened[0]?.once('close', resolve));
  say();
  expect(await left).toBe(1006);
  const caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
  const { structured } = await caller.call('take_snapshot', { ...onCheckout, waitSeconds: 0 });
  expect(structured.targets).toMatchObject([{ agentId: 'stale-agent-1', state: 'armed' }]);
  expect([agent.state, opened.length]).toEqual(['connected', 2]);
  await caller.close();
  await agent.stop();
}, 180_000);
