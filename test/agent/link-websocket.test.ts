import { createHash } from 'node:crypto';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Ended, WebSocketClient } from '../../src/agent/link/websocket.ts';
import { FrameError, FrameReader } from '../../src/agent/link/websocket-frames.ts';
import { until } from './until.ts';

const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

let cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanUp.reverse()) clean();
  cleanUp = [];
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A server that shakes hands and then leaves the raw socket to the test. */
async function rawServer(
  headers: Record<string, string> = {},
): Promise<{ port: number; socket: () => Promise<Socket>; sent: () => Buffer }> {
  const server = createHttpServer();
  let raw: Socket | undefined;
  let sent = Buffer.alloc(0);
  server.on('upgrade', (request, socket) => {
    raw = socket as Socket;
    raw.on('data', (chunk) => (sent = Buffer.concat([sent, chunk])));
    raw.on('error', () => undefined);
    const answer: Record<string, string> = {
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Accept': createHash('sha1')
        .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64'),
      'Sec-WebSocket-Protocol': 'test.v1',
      ...headers,
    };
    const lines = Object.entries(answer).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
    cleanUp.push(() => socket.destroy());
  });
  const port = await listen(server);
  return { port, socket: () => until(() => raw, 'the raw socket'), sent: () => sent };
}

interface Heard {
  client: WebSocketClient;
  open: boolean;
  texts: string[];
  ended?: Ended;
}

function connect(port: number, more: { handshakeMs?: number } = {}): Heard {
  const heard: Partial<Heard> & { texts: string[]; open: boolean } = { texts: [], open: false };
  const options = {
    url: new URL(`ws://127.0.0.1:${port}/agent`),
    subprotocol: 'test.v1',
    bearer: 'sle_test',
    maxMessageBytes: 1_000,
    handshakeMs: 5_000,
    closeMs: 300,
    ...more,
  };
  heard.client = new WebSocketClient(options, {
    open: () => (heard.open = true),
    text: (message) => heard.texts.push(message),
    ended: (why) => {
      expect(heard.ended).toBeUndefined();
      heard.ended = why;
    },
  });
  cleanUp.push(() => heard.client?.destroy('the test ended'));
  return heard as Heard;
}

const bytes = (...parts: (number | string)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));

describe('against the ws package', () => {
  async function echoServer(): Promise<{ port: number; clients: WebSocket[] }> {
    const http = createHttpServer();
    const sockets = new WebSocketServer({ server: http });
    const clients: WebSocket[] = [];
    sockets.on('connection', (client) => {
      clients.push(client);
      client.on('message', (data) => client.send(String(data)));
    });
    return { port: await listen(http), clients };
  }

  test.each([0, 1, 125, 126, 600])('%i characters go there and come back', async (length) => {
    const { port } = await echoServer();
    const heard = connect(port);
    await until(() => heard.open, 'the connection');
    heard.client.send('ä'.repeat(length / 2).padEnd(length, 'x'));
    await until(() => heard.texts.length > 0, 'the echo');
    expect(heard.texts).toEqual(['ä'.repeat(length / 2).padEnd(length, 'x')]);
  });

  test('a message above 64 KiB leaves whole', async () => {
    const { port, clients } = await echoServer();
    const heard = connect(port);
    await until(() => heard.open, 'the connection');
    const received = new Promise<string>((resolve) => clients[0]?.once('message', (data) => resolve(String(data))));
    heard.client.send('y'.repeat(70_000));
    expect(await received).toBe('y'.repeat(70_000));
  });

  test('a ping is answered with its payload', async () => {
    const { port, clients } = await echoServer();
    const heard = connect(port);
    await until(() => heard.open, 'the connection');
    const pong = new Promise((resolve) => clients[0]?.once('pong', (data) => resolve(String(data))));
    clients[0]?.ping('beat');
    expect(await pong).toBe('beat');
  });

  test('a close is answered and told with its code and reason', async () => {
    const { port, clients } = await echoServer();
    const heard = connect(port);
    await until(() => heard.open, 'the connection');
    const closed = new Promise((resolve) => clients[0]?.once('close', resolve));
    clients[0]?.close(1012, 'restart');
    expect(await until(() => heard.ended, 'the end')).toEqual({ kind: 'closed', code: 1012, reason: 'restart' });
    expect(await closed).toBe(1012);
  });

  test('our own close waits for the answer', async () => {
    const { port, clients } = await echoServer();
    const heard = connect(port);
    await until(() => heard.open, 'the connection');
    const closed = new Promise((resolve) => clients[0]?.once('close', (code, reason) => resolve([code, String(reason)])));
    heard.client.close(1000, 'bye');
    expect(await closed).toEqual([1000, 'bye']);
    expect(await until(() => heard.ended, 'the end')).toEqual({ kind: 'closed', code: 1000, reason: 'bye' });
  });
});

describe('against a server that does it wrong', () => {
  test.each([
    [{ 'Sec-WebSocket-Accept': 'wrong' }, 'the server answered the upgrade wrongly'],
    [{ 'Sec-WebSocket-Protocol': 'other.v1' }, 'the server does not speak test.v1'],
    [{ 'Sec-WebSocket-Extensions': 'permessage-deflate' }, 'the server set an extension that was not offered'],
  ])('%o is refused', async (headers, message) => {
    const { port } = await rawServer(headers as Record<string, string>);
    const heard = connect(port);
    expect(await until(() => heard.ended, 'the end')).toEqual({ kind: 'network', message });
    expect(heard.open).toBe(false);
  });

  test('a plain answer is told with its status', async () => {
    const port = await listen(createHttpServer((_request, response) => response.writeHead(302, { location: '/' }).end()));
    const heard = connect(port);
    expect(await until(() => heard.ended, 'the end')).toEqual({ kind: 'refused', status: 302 });
  });

  test('a server that never answers is left after the handshake time', async () => {
    const server = createHttpServer();
    server.on('upgrade', () => undefined);
    const heard = connect(await listen(server), { handshakeMs: 100 });
    expect(await until(() => heard.ended, 'the end')).toEqual({ kind: 'network', message: 'no answer within 100 ms' });
  });

  test('a connection that is cut is told as such', async () => {
    const { port, socket } = await rawServer();
    const heard = connect(port);
    (await socket()).destroy();
    expect(await until(() => heard.ended, 'the end')).toMatchObject({ kind: 'network' });
  });

  test('a server that does not answer our close is left after the close time', async () => {
    const { port, socket } = await rawServer();
    const heard = connect(port);
    await socket();
    await until(() => heard.open, 'the connection');
    heard.client.close(1000, 'bye');
    expect(await until(() => heard.ended, 'the end', 2_000)).toEqual({ kind: 'closed', code: 1000, reason: 'bye' });
  });

  test('a message in fragments, byte by byte, with a ping in the middle, arrives whole', async () => {
    const { port, socket, sent } = await rawServer();
    const heard = connect(port);
    const raw = await socket();
    const message = Buffer.concat([bytes(0x01, 3, 'one'), bytes(0x89, 1, '!'), bytes(0x00, 0), bytes(0x80, 3, 'two')]);
    for (const byte of message) {
      raw.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => heard.texts.length > 0, 'the message');
    expect(heard.texts).toEqual(['onetwo']);
    await until(() => sent().length >= 7, 'the pong');
    expect([sent()[0], sent()[1]]).toEqual([0x8a, 0x81]);
  });

  test.each([
    ['a masked frame', bytes(0x81, 0x81, 0, 0, 0, 0, 'x'), 1002],
    ['a reserved bit', bytes(0xc1, 1, 'x'), 1002],
    ['an unknown operation', bytes(0x83, 0), 1002],
    ['a fragmented ping', bytes(0x09, 0), 1002],
    ['a long ping', bytes(0x89, 126, 0, 200), 1002],
    ['a continuation of nothing', bytes(0x80, 1, 'x'), 1002],
    ['two messages mixed', bytes(0x01, 1, 'x', 0x81, 1, 'y'), 1002],
    ['a binary message', bytes(0x82, 1, 'x'), 1003],
    ['text that is not UTF-8', bytes(0x81, 1, 0xff), 1007],
    ['a message that is too long', bytes(0x81, 126, 0xff, 0xff), 1009],
    ['a length of 2^63', bytes(0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0), 1009],
    ['fragments that are too long together', bytes(0x01, 126, 3, 0xe8, 'x'.repeat(1_000), 0x80, 1, 'y'), 1009],
    ['fragments without end', Buffer.concat([bytes(0x01, 0), ...Array.from({ length: 1_100 }, () => bytes(0x00, 0))]), 1008],
  ])('%s ends the connection', async (_name, wrong, code) => {
    const { port, socket, sent } = await rawServer();
    const heard = connect(port);
    (await socket()).write(wrong);
    expect(await until(() => heard.ended, 'the end')).toMatchObject({ kind: 'closed', code });
    expect(heard.texts).toEqual([]);
    await until(() => sent().length >= 8, 'our close frame');
    const mask = sent().subarray(2, 6);
    expect((((sent()[6] ?? 0) ^ (mask[0] ?? 0)) << 8) | ((sent()[7] ?? 0) ^ (mask[1] ?? 0))).toBe(code);
  });
});

test(`random bytes in random pieces never do more than end the connection (seed ${seed})`, () => {
  let state = seed;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let messages = 0;
  for (let round = 0; round < 3_000; round += 1) {
    const reader = new FrameReader(1_000);
    try {
      for (let piece = 0; piece < 20; piece += 1) {
        const plausible = [0x01, 0x00, 0x80, 0x81, 0x89, 0x8a, 0x88][next(7)] ?? 0;
        reader.push(
          Buffer.from(next(3) > 0 ? [plausible, next(4), ...Array.from({ length: next(4) }, () => next(256))] : [next(256)]),
        );
        while (reader.next() !== undefined) messages += 1;
      }
    } catch (error) {
      expect(error, `seed ${seed}`).toBeInstanceOf(FrameError);
    }
  }
  expect(messages).toBeGreaterThan(1_000);
});
