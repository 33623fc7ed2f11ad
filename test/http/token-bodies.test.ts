import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import Koa from 'koa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { failures } from '../../src/http/failures.ts';
import { oauthRoutes } from '../../src/http/oauth.ts';
import type { HttpMiddleware, RequestState } from '../../src/http/state.ts';
import { createLog } from '../../src/lib/log.ts';
import { createTestClock } from '../helpers/clock.ts';
import { until } from '../helpers/program.ts';

let server: Server;
let asked: number;
const sockets: Socket[] = [];

beforeEach(async () => {
  asked = 0;
  const next: HttpMiddleware = (_ctx, go) => go();
  /** Reads as oidc-provider does, and says what it read. */
  const serve: HttpMiddleware = async (ctx) => {
    const isReadable = ctx.req.readable;
    let body = '';
    for await (const piece of ctx.req.iterator({ destroyOnReturn: false })) body += String(piece);
    ctx.body = { isReadable, body };
  };
  const koa = new Koa<RequestState>().on('error', () => undefined).use(failures(createLog('silent')));
  for (const stage of oauthRoutes({ origin: 'http://bridge', metadata: next, server: { pages: next, serve } }, createTestClock()))
    koa.use(stage);
  server = createServer(koa.callback()).prependListener('request', () => {
    asked += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  await once(server, 'close');
});

const head = (...lines: string[]) => `${['POST /oauth/token HTTP/1.1', 'Host: bridge', ...lines].join('\r\n')}\r\n\r\n`;
const half = `${head('Content-Length: 100')}a=`;
const ofTwo = head('Content-Length: 2');

/** A connection that sends this, and what it heard. */
function send(text: string): { socket: Socket; said(): string } {
  let said = '';
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  socket.on('data', (data) => {
    said += String(data);
  });
  sockets.push(socket);
  socket.write(text);
  return { socket, said: () => said };
}

async function answerTo(...pieces: string[]): Promise<string> {
  const [first = '', ...rest] = pieces;
  const before = asked;
  const { socket, said } = send(first);
  for (const piece of rest) {
    await until('its head is there', () => asked > before || undefined);
    await new Promise(setImmediate);
    socket.write(piece);
  }
  return until('it is answered', () => (/\r\n\r\n./.test(said()) ? said() : undefined));
}

it('the body of a request for a token is read as it came, in however many pieces, up to 8 KiB', async () => {
  const long = 'x'.repeat(8 * 1024);
  expect(await answerTo(`${ofTwo}ab`)).toContain('{"isReadable":true,"body":"ab"}');
  expect(await answerTo(ofTwo, 'a', 'b')).toContain('{"isReadable":true,"body":"ab"}');
  expect(await answerTo(head('Content-Length: 8192'), long.slice(0, 5_000), long.slice(5_000))).toContain(`"${long}"`);
  expect(await answerTo(head('Content-Length: 8193'))).toContain('payload_too_large');
  const chunked = head('Transfer-Encoding: chunked');
  expect(await answerTo(chunked, '1\r\na\r\n', '1\r\nb\r\n0\r\n\r\n')).toContain('{"isReadable":true,"body":"ab"}');
  expect(await answerTo(chunked, `2001\r\n${long}x\r\n`)).toContain('payload_too_large');
  for (const nothing of [[head('Content-Length: 0')], [head()], [`${chunked}0\r\n\r\n`], [chunked, '0\r\n\r\n']])
    expect(await answerTo(...nothing)).toContain('{"isReadable":true,"body":""}');
});

it('requests for tokens whose bodies do not come take nobody’s place; of more than 64 the oldest are told to go', async () => {
  const halves: ReturnType<typeof send>[] = [];
  for (let turn = 0; turn < 310; turn += 1) {
    halves.push(send(half));
    if (turn % 10 === 9) await until('they are there', () => asked === turn + 1 || undefined);
  }
  await until('so many went', () => halves.filter(({ said }) => said() !== '').length === 310 - 64 || undefined);
  const [oldest] = halves;
  expect(oldest?.said()).toMatch(/^HTTP\/1\.1 429 [\s\S]*Connection: close[\s\S]*"too_busy"/);
  expect(halves.slice(-40).every(({ said }) => said() === '')).toBe(true);
  expect(await answerTo(`${ofTwo}ab`)).toContain('200 OK');
});

it('requests for tokens that are broken off count as tries that failed', async () => {
  for (let turn = 0; turn < 300; turn += 50) {
    const halves = Array.from({ length: 50 }, () => send(half));
    await until('they are there', () => asked === turn + 50 || undefined);
    for (const { socket } of halves) socket.destroy();
    await until('they are gone', async () => (await connections()) === 0 || undefined);
  }
  const answer = await answerTo(`${ofTwo}ab`);
  expect(answer).toContain('429 Too Many Requests');
  expect(answer).toContain('Retry-After: 60');
  // Nor is anything of such a request awaited.
  expect(await answerTo(half)).toContain('429 Too Many Requests');
});

const connections = () => new Promise<number>((tell) => server.getConnections((_error, count) => tell(count)));
