import { afterEach, expect, test, vi } from 'vitest';
import { BridgeTrust } from '../../src/agent/link/bridge-trust.ts';
import { type Described, Introduction } from '../../src/agent/link/introduction.ts';
import { Link, type LinkContext } from '../../src/agent/link/link.ts';
import { createGauges, type ToMain } from '../../src/agent/link/link-messages.ts';
import { Queue } from '../../src/agent/link/queue.ts';
import { type FakeBridge, framesOf, startFakeBridge } from './fake-bridge.ts';
import { until } from './until.ts';

// Without the waits between them, which grow to half a minute.
vi.mock('../../src/agent/link/link-wait.ts', async (original) => ({ ...(await original<object>()), waitMs: () => 1 }));

const rounds = 100;
let bridge: FakeBridge;
let link: Link;
afterEach(async () => {
  link.stop();
  await bridge.kill();
});

const described: Described = {
  ...{ t: 'hello', v: 1, service: 'shop', host: 'here', pid: 1, tags: [], startedAt: 0 },
  agent: { id: 'reconnecting', name: 'shop', version: '0', mode: 'inproc' },
  runtime: { language: 'javascript', name: 'node', version: process.version },
  capabilities: {
    ...{ kinds: [], where: ['line'], conditions: true, expressions: true, pending: true, sourceMaps: true },
    ...{ stops: 'thread', maxActions: 1 },
  },
};

const resources = (): number => process.getActiveResourcesInfo().length;

test(`${rounds} reconnects in a row leave no socket, no timer and no frame behind`, async () => {
  bridge = await startFakeBridge({ welcome: { maxSilenceMs: 30_000, beatMs: 10_000 } });
  const gauges = createGauges();
  const queue = new Queue(gauges);
  const commands: ToMain[] = [];
  const context: LinkContext = {
    config: {
      ...{
        url: `${bridge.url.replace('http', 'ws')}/agent`,
        key: 'sle_test',
        tags: [],
        instrument: [],
        denyFiles: [],
        engines: [],
      },
      log: 'warn',
    },
    introduction: new Introduction(described, new Uint8Array(32), new BridgeTrust(undefined)),
    ...{ queue, gauges },
    tellMain: (message) => commands.push(message),
    stopped: () => undefined,
    log: { warn: (message) => expect.unreachable(message), debug: () => undefined },
  };
  link = new Link(context);
  link.start();
  await bridge.connection(0);
  link.send({ t: 'state', body: { id: 'act_a', rev: 1, state: 'removed', hits: 0 } });
  let before = 0;
  for (let round = 0; round < rounds; round += 1) {
    const connection = await bridge.connection(round);
    await until(() => framesOf(connection, 'state').length === 1, 'the frame nobody acknowledged');
    if (round === 5) before = resources();
    connection.socket.terminate();
  }
  const last = await bridge.connection(rounds);
  await until(() => framesOf(last, 'state').length === 1, 'the frame again');
  expect(new Set(bridge.connections.map(({ hello }) => hello.agent.id))).toEqual(new Set(['reconnecting']));
  expect(last.hello.resume).toEqual({ session: 'ses_test', lastN: 1 });
  expect(commands.map(({ kind }) => kind)).toEqual(Array.from({ length: rounds + 1 }, () => 'welcome'));
  expect(queue.length).toBe(1);
  // Sockets that are just being closed, on either side.
  await until(() => resources() <= before + 1, `as few resources as before (${before})`);
});
