import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { boundConnections } from '../../src/http/bounded-connections.ts';
import { until } from '../helpers/program.ts';

let server: Server;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  await once(server, 'close');
});

async function open(answer: Parameters<typeof createServer>[1]): Promise<() => Socket> {
  server = createServer(answer ?? (() => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  boundConnections(server, { stuckMs: 400 });
  const { port } = server.address() as AddressInfo;
  return () => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
}

const request = 'GET / HTTP/1.1\r\nHost: bridge\r\n\r\n';

it('a connection with more than eight requests that are not answered is cut, and one that waits for each answer is not', async () => {
  let asked = 0;
  const dial = await open((_request, response) => {
    asked += 1;
    setTimeout(() => response.end('x'), 20);
  });
  const greedy = dial();
  greedy.write(request.repeat(9));
  await once(greedy, 'close');
  const eight = dial();
  let said = '';
  eight.on('data', (data) => {
    said += String(data);
  });
  for (const round of [1, 2]) {
    eight.write(request.repeat(8));
    await until('all are answered', () => said.split('HTTP/1.1 200').length === 1 + 8 * round || undefined);
  }
  expect(eight.closed).toBe(false);
  expect(asked).toBe(25);
});

it('a client that takes nothing of its answer for long is cut; a slow one, and one that waits for its answer, are served', async () => {
  const big = Buffer.alloc(20_000_000, 'x');
  const dial = await open(({ url }, response) => {
    if (url === '/waits') setTimeout(() => response.end('at last'), 1_500);
    else response.end(big);
  });
  const [stuck, slow, waiting] = [dial(), dial(), dial()];
  for (const socket of [stuck, slow]) socket.write(request);
  waiting.write(request.replace('/', '/waits'));
  stuck.pause();
  let heard = '';
  waiting.on('data', (data) => {
    heard += String(data);
  });
  let taken = 0;
  slow.on('data', (data) => {
    taken += data.length;
    // Far longer for all of it than anybody may take nothing.
    slow.pause();
    setTimeout(() => slow.resume(), 5);
  });
  await until('the slow one has all', () => taken > big.length || undefined);
  await until('the one that waits has its answer', () => heard.includes('at last') || undefined);
  stuck.resume();
  await once(stuck, 'close');
  expect(stuck.bytesRead).toBeLessThan(big.length);
});

it('a connection that is kept and not used is closed as ever', async () => {
  const dial = await open((_request, response) => response.end('x'));
  server.keepAliveTimeout = 300;
  const idle = dial();
  idle.write(request);
  idle.resume();
  await once(idle, 'close');
});
