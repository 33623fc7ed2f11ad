import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { receive } from '../../src/hub/receive.ts';
import type { Action } from '../../src/protocol/frames.ts';
import { limits } from '../../src/protocol/limits.ts';
import { acks, ending, helloFrame, hitFrame, parsed, rawAgent } from './raw.ts';
import { newAction, openWorld, until, type World } from './world.ts';

let world: World;
const sockets: (WebSocket | Socket)[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) 'terminate' in socket ? socket.terminate() : socket.destroy();
  await world.end();
});

/** An agent that was asked for an action, and has not answered. */
async function asked(id: string): Promise<{ socket: WebSocket; frames: string[]; action: Action; say(n: number): void }> {
  const frames: string[] = [];
  const socket = await rawAgent(world, id, frames);
  sockets.push(socket);
  const action = newAction({ limits: { hits: 50 } });
  void world.hub.arm('acme', id, action).catch(() => undefined);
  await until('asked', () => parsed(frames).some(({ t }) => t === 'arm'));
  const say = (n: number) => socket.send(JSON.stringify({ t: 'state', n, id: action.id, rev: 1, state: 'armed', hits: 0 }));
  return { socket, frames, action, say };
}

/** Which frames came to the handlers, by agent, and a gate before them. */
function gate(): { came: string[]; open(count?: number): Promise<void> } {
  const came: string[] = [];
  const held: (() => void)[] = [];
  world.handlers.before.state = async (event) => {
    if (event.on !== 'state') return;
    came.push(`${event.agent.id} ${event.frame.n}`);
    await new Promise<void>((go) => held.push(go));
  };
  return {
    came,
    async open(count = 1) {
      for (let opened = 0; opened < count; opened += 1) {
        await until('one is held', () => held.length > 0);
        held.shift()?.();
      }
    },
  };
}

describe('frames that are stored', () => {
  it('are in hand a few at a time, however many agents send them', async () => {
    world = await openWorld();
    const { came, open } = gate();
    const agents = await Promise.all(Array.from({ length: 12 }, (_, index) => asked(`agent-of-many-${index}`)));
    for (const { say } of agents) say(1);
    await until('eight are in hand', () => came.length === 8);
    await pause(100);
    expect(came).toHaveLength(8);
    await open(12);
    await until('all are stored', () => agents.every(({ frames }) => acks(frames).includes(1)));
  });

  it('of an agent that has none under way go before those of agents that have', async () => {
    world = await openWorld({ storing: { each: 1, all: 1 } });
    const { came, open } = gate();
    const [first, second, calm] = await Promise.all(['eager-agent-1', 'eager-agent-2', 'calm-agent-1'].map(asked));
    for (let n = 1; n <= 5; n += 1) first?.say(n);
    await until('the first is in hand', () => came.length === 1);
    for (let n = 1; n <= 5; n += 1) second?.say(n);
    // Its frames have come: what is answered here stands behind them.
    await pause(50);
    await open();
    await until('another is in hand', () => came.length === 2);
    calm?.say(1);
    await pause(50);
    await open(10);
    await until('all came', () => came.length === 11);
    expect(came.slice(0, 3)).toEqual(['eager-agent-1 1', 'eager-agent-2 1', 'calm-agent-1 1']);
  });

  it('wait no longer than they may be in hand, and what is stuck keeps nobody else', async () => {
    world = await openWorld({ storing: { each: 1, all: 1 }, handlerMs: 300 });
    const { came } = gate();
    const stuck = await asked('stuck-agent');
    const next = await asked('next-agent');
    stuck.say(1);
    await until('it is stuck', () => came.length === 1);
    const ended = ending(stuck.socket, stuck.frames);
    await pause(100);
    next.say(1);
    expect((await ended).code).toBe(1011);
    await until('the next one has its turn', () => came.includes('next-agent 1'));
    await until('signed off', () => world.handlers.count('disconnected') === 1);
    world.handlers.before = {};
    const again = await asked('stuck-agent');
    again.say(1);
    await until('it is back', () => acks(again.frames).includes(1));
  });

  it('are stored though their agent has gone meanwhile', async () => {
    world = await openWorld({ storing: { each: 1, all: 1 } });
    const { came, open } = gate();
    const first = await asked('first-agent');
    const gone = await asked('gone-agent');
    first.say(1);
    await until('the first is in hand', () => came.length === 1);
    for (let n = 1; n <= 3; n += 1) gone.say(n);
    await pause(50);
    gone.socket.close();
    await open(4);
    await until('all came', () => came.length === 4);
    await until('signed off', () => world.handlers.count('disconnected') === 1);
    expect(came).toEqual(['first-agent 1', 'gone-agent 1', 'gone-agent 2', 'gone-agent 3']);
  });
});

describe('frames that wait', () => {
  it('of all agents together have a ceiling, above which only those are read that send little, and nobody is cut for its silence', async () => {
    world = await openWorld({ maxBacklogBytes: 100_000, beatMs: 50, pauseAtBytes: 1e9 });
    const { open, came } = gate();
    const eager = await asked('eager-agent');
    const other: string[] = [];
    const calm = await rawAgent(world, 'calm-agent', other);
    sockets.push(calm);
    const beats = setInterval(() => {
      for (const socket of [calm, eager.socket])
        socket.send(
          JSON.stringify({
            t: 'beat',
            ts: 1,
            actions: 0,
            queue: { length: 0, dropped: 0 },
            overhead: { share: 0, maxPauseMicros: 0 },
          }),
        );
    }, 20);
    try {
      eager.say(1);
      await until('it is in hand', () => came.length === 1);
      for (let n = 2; n <= 24; n += 1)
        eager.socket.send(
          hitFrame(eager.action.id, n, n - 1).replace('"stack":[]', `"stack":[],"fill":"${'x'.repeat(250_000)}"`),
        );
      await pause(100);
      calm.send('{"t":"someday"}');
      // Three beats missed and more, had they been missed.
      await pause(400);
      expect(eager.socket.bufferedAmount).toBeGreaterThan(0);
      expect(parsed(other).filter(({ t }) => t === 'error')).toHaveLength(1);
      expect(world.hub.agents('acme')).toHaveLength(2);
      await open();
      await until('it is read again', () => acks(eager.frames).includes(24));
      expect(world.hub.agents('acme')).toHaveLength(2);
    } finally {
      clearInterval(beats);
    }
  });

  it('are read in pieces of work between which everybody else goes on', async () => {
    world = await openWorld();
    const text = `{"t":"hit","pad":[${'{},'.repeat(9_900)}"${'x'.repeat(200_000)}"]}`;
    expect(text.length).toBeLessThan(limits.maxHitBytes);
    const frames = Array.from({ length: 60 }, () => receive({ data: Buffer.from(text), binary: false }));
    let done = false;
    const all = Promise.all(frames).finally(() => {
      done = true;
    });
    let turns = 0;
    for (; !done; turns += 1) await nextTurn();
    expect(turns).toBeGreaterThan(10);
    expect((await all).map(({ ok }) => ok)).not.toContain(true);
  });
});

/** A connection of an agent over plain TCP, to cut frames as one likes. */
async function overTcp(
  id: string,
): Promise<{ socket: Socket; said: () => string; send(bytes: Buffer, pieceBytes?: number): Promise<void> }> {
  const { port, host } = new URL(world.url);
  const socket = connect(Number(port), '127.0.0.1').setNoDelay(true);
  sockets.push(socket);
  let said = '';
  socket.on('data', (data) => {
    said += data.toString('latin1');
  });
  socket.on('error', () => undefined);
  const head = ['GET /agent HTTP/1.1', `Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const key = `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`;
  socket.write([...head, key, 'Sec-WebSocket-Protocol: sidelight.v1', 'Authorization: Bearer any', '', ''].join('\r\n'));
  await until('challenged', () => said.includes('challenge'));
  const send = async (bytes: Buffer, pieceBytes = bytes.length) => {
    for (let at = 0; at < bytes.length && !socket.destroyed; at += pieceBytes) {
      socket.write(bytes.subarray(at, at + pieceBytes));
      if (pieceBytes < bytes.length) await nextTurn();
    }
  };
  await send(frame(JSON.stringify(helloFrame(id))));
  await until('welcomed', () => said.includes('welcome'));
  return { socket, said: () => said, send };
}

/** A masked WebSocket frame; the mask is zeros. */
function frame(text: string, opcode = 1, isLast = true): Buffer {
  const { length } = Buffer.from(text);
  const head = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14);
  head[0] = opcode + (isLast ? 0x80 : 0);
  head[1] = 0x80 + (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 8) head.writeUInt16BE(length, 2);
  if (head.length === 14) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe('a message', () => {
  it('that is the largest hit gets through, though it comes in small pieces', async () => {
    world = await openWorld();
    let reads = 0;
    world.server.on('connection', (socket) => socket.on('data', () => (reads += 1)));
    const { said, send } = await overTcp('slow-agent');
    const action = newAction({ limits: { hits: 50 } });
    void world.hub.arm('acme', 'slow-agent', action).catch(() => undefined);
    await until('asked', () => said().includes(action.id));
    const hit = hitFrame(action.id, 1, 1);
    const fill = `"stack":[],"fill":"${'x'.repeat(limits.maxHitBytes - hit.length - ',"fill":""'.length)}"`;
    const largest = hit.replace('"stack":[]', fill);
    expect(largest).toHaveLength(limits.maxHitBytes);
    // The smallest packets that IPv4 promises bring 536 bytes.
    await send(frame(largest), 536);
    await until('it is stored', () => world.handlers.count('hit') === 1);
    expect(reads).toBeGreaterThan(200);
  });

  it.each([
    [
      'fragments',
      Buffer.concat([
        frame('"', 1, false),
        ...Array.from({ length: 70 }, () => [frame('a', 0, false), frame('p'.repeat(100), 10)]).flat(),
      ]),
      undefined,
    ],
    ['packets', frame('x'.repeat(2_000)), 1],
  ] as const)('of too many %s ends the connection, before it is whole', async (_, bytes, pieceBytes) => {
    world = await openWorld({ beatMs: 60_000 });
    const { socket, send } = await overTcp('piecemeal-agent');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await send(bytes, pieceBytes);
    await closed;
    await until('signed off', () => world.handlers.count('disconnected') === 1);
  });
});
