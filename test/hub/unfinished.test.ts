import { afterEach, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { limits } from '../../src/protocol/limits.ts';
import { acks, ending, helloFrame, hitFrame, rawAgent, rawSocket } from './raw.ts';
import { newAction, openWorld, until, type World } from './world.ts';

let world: World;
afterEach(() => world.end());

/** The socket below: what a client would not send goes over it. */
const below = (socket: WebSocket) => (socket as unknown as { _socket: NodeJS.WritableStream })._socket;

/** The beginning of a masked text frame of `whole` bytes, with so many of them. */
function begun(whole: number, bytes: number): Buffer {
  const head = Buffer.alloc(14);
  head.writeUInt8(0x81, 0);
  head.writeUInt8(0x80 | 127, 1);
  head.writeBigUInt64BE(BigInt(whole), 2);
  return Buffer.concat([head, Buffer.alloc(bytes, 'x')]);
}

it('frames that have begun are counted, of all agents: the oldest of them goes where they are too much', async () => {
  world = await openWorld({ maxUnfinishedBytes: 150_000 });
  const [first, second] = [await rawAgent(world, 'first-agent'), await rawAgent(world, 'second-agent')];
  const calm = world.agent();
  await calm.start();
  below(first).write(begun(200_000, 100_000));
  const isOpen = (socket: WebSocket) => socket.readyState === socket.OPEN;
  // What comes whole counts no more.
  for (let turn = 0; turn < 5; turn += 1) await world.hub.arm('acme', calm.id, newAction());
  expect(isOpen(first)).toBe(true);
  below(second).write(begun(200_000, 100_000));
  await until('the first is cut', () => !isOpen(first));
  expect([isOpen(second), calm.state]).toEqual([true, 'connected']);
});

it('strangers who say no hello fill no log', async () => {
  world = await openWorld({ helloMs: 50 });
  const strangers = await Promise.all(Array.from({ length: 80 }, () => rawSocket(world)));
  await until('all are out', () => strangers.every((socket) => socket.readyState === socket.CLOSED));
  expect(world.log.filter((line) => line.includes('agent turned out'))).toHaveLength(60);
});

it('nobody sends more than a hello before the hello', async () => {
  world = await openWorld();
  const stranger = await rawSocket(world);
  const closed = ending(stranger, []);
  below(stranger).write(begun(250_000, 8 * limits.maxHelloBytes));
  expect((await closed).code).toBe(1006);
});

it('what agents say of themselves is bounded in all, and room is made by those that go', async () => {
  world = await openWorld({ maxHelloBytes: 3 * JSON.stringify(helloFrame('some-agent-0')).length });
  const agents = await Promise.all([1, 2, 3].map((turn) => rawAgent(world, `some-agent-${turn}`)));
  const frames: string[] = [];
  const late = await rawSocket(world, frames);
  const closed = ending(late, frames);
  late.send(JSON.stringify(helloFrame('some-agent-4')));
  expect(await closed).toEqual({ code: 1008, error: 'rate' });
  agents[0]?.close();
  await until('it is gone', () => world.hub.agents('acme').length === 2);
  await rawAgent(world, 'some-agent-5');
});

it.each(['ping', 'pong'] as const)('an agent that floods with %s is cut, one that sends some is not', async (kind) => {
  world = await openWorld({ controlFramesPerSecond: 1, controlFrameBurst: 20 });
  const [calm, eager] = [await rawAgent(world, 'calm-agent'), await rawAgent(world, 'eager-agent')];
  const closed = ending(eager, []);
  for (let turn = 0; turn < 15; turn += 1) calm[kind]();
  for (let turn = 0; turn < 50; turn += 1) eager[kind]();
  expect((await closed).code).toBe(1006);
  expect(calm.readyState).toBe(calm.OPEN);
});

it.each<[what: string, text: string]>([
  ['with more values than a hit can have', `{"t":"beat","x":[${Array(30_000).fill('{}').join()}]}`],
  ['of a small kind that is large', JSON.stringify({ t: 'beat', ts: 1, x: 'x'.repeat(20_000) })],
])('a frame %s is refused', async (_what, text) => {
  world = await openWorld({ maxBadFrames: 3 });
  const frames: string[] = [];
  const agent = await rawAgent(world, 'large-agent', frames);
  const closed = ending(agent, frames);
  for (let turn = 0; turn < 4; turn += 1) agent.send(text);
  expect(await closed).toEqual({ code: 1008, error: 'too-big' });
});

it('a hit that is sent again on its connection is acknowledged, and no work', async () => {
  world = await openWorld();
  const frames: string[] = [];
  const agent = await rawAgent(world, 'eager-agent', frames);
  const action = newAction({ limits: { hits: 2 } });
  void world.hub.arm('acme', 'eager-agent', action).catch(() => undefined);
  await until('it is asked', () => frames.some((frame) => frame.includes('"arm"')));
  for (let n = 1; n <= 20; n += 1) agent.send(hitFrame(action.id, n, 1));
  agent.send(hitFrame(action.id, 21, 2));
  await until('all are acknowledged', () => acks(frames).includes(21));
  expect(world.handlers.hits().map(({ hit }) => hit)).toEqual([1, 2]);
});
