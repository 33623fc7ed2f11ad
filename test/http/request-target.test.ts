import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../src/lib/log.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';

let bridge: TestBridge;
let logged = '';
beforeAll(async () => {
  const log = createLog('warn', {
    write(line) {
      logged += line;
    },
  });
  bridge = await startBridge({}, undefined, { log });
}, 60_000);
afterAll(() => bridge?.close());

/** The answer to a request written by hand. */
async function answerTo(requestLine: string, headers = 'Connection: close\r\n'): Promise<string> {
  const socket = connect(Number(bridge.url.port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.end(`${requestLine} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`);
  await once(socket, 'close');
  return answer;
}

it.each(['http://[', 'http://[::1', 'http://a:99999/', 'http://'])(
  'what asks for %s, which is no URL, is answered 400 and not logged',
  async (target) => {
    logged = '';
    const answer = await answerTo(`GET ${target}`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    const id = /X-Request-Id: (\S+)/i.exec(answer)?.[1];
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ code: 'invalid_input', requestId: id });
    expect(logged).toBe('');
  },
);

it('a whole URL is a target as its path is, and OPTIONS * asks about the bridge', async () => {
  expect(await answerTo('GET http://127.0.0.1/healthz')).toMatch(/^HTTP\/1\.1 200 /);
  expect(await answerTo('GET //[')).toMatch(/^HTTP\/1\.1 404 /);
  expect(await answerTo('OPTIONS *')).not.toMatch(/^HTTP\/1\.1 (400|5)/);
});

it('a bridge that is asked for a WebSocket at no URL goes on', async () => {
  await answerTo('GET http://[', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n');
  expect((await fetch(new URL('/healthz', bridge.url))).status).toBe(200);
});
