import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { boundConnections, type ConnectionLimits } from '../../src/http/bounded-connections.ts';
import { noteGoodKey } from '../../src/http/good-key.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { until } from '../helpers/program.ts';

let server: Server;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  await once(server, 'close');
});

async function open(
  answer: Parameters<typeof createServer>[1],
  limits: Partial<ConnectionLimits> = {},
  clock = systemClock,
): Promise<() => Socket> {
  server = createServer(answer ?? (() => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  boundConnections(server, clock, { stuckMs: 400, ...limits });
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

it('of clients that take nothing those for which most waits are cut once too much waits for all', async () => {
  const dial = await open(({ url }, response) => response.end(Buffer.alloc(Number(url?.slice(1)), 'x')), {
    ...{ unsentBytes: 40_000_000, stuckMs: 60_000 },
  });
  const sockets = [24, 23, 22, 1].map((megabytes) => {
    const socket = dial().pause();
    socket.write(request.replace('/', `/${megabytes}000000`));
    return socket;
  });
  const [first, second, third, small] = sockets as [Socket, Socket, Socket, Socket];
  await until('the largest are cut', async () => (await count()) === 1 || undefined);
  for (const socket of [first, second, third]) socket.resume();
  small.resume();
  let taken = 0;
  small.on('data', (data) => {
    taken += data.length;
  });
  await until('the small one has all', () => taken > 1_000_000 || undefined);
});

it('who always has something waiting is cut in the end, however it trickles', async () => {
  const dial = await open((_request, response) => response.end(Buffer.alloc(50_000_000, 'x')), {
    slowMs: 3_000,
    stuckMs: 60_000,
  });
  const socket = dial();
  socket.write(request);
  socket.on('data', () => {
    socket.pause();
    setTimeout(() => socket.resume(), 50);
  });
  await once(socket, 'close');
  expect(socket.bytesRead).toBeLessThan(50_000_000);
}, 20_000);

it('beyond the connections there may be, an idle one makes room, and who waits for an answer keeps its own', async () => {
  const answers: (() => void)[] = [];
  const dial = await open((_request, response) => void answers.push(() => response.end('x')), { open: 3, stuckMs: 60_000 });
  const connected = async () => {
    const socket = dial();
    await once(socket, 'connect');
    return socket;
  };
  const asking = [await connected(), await connected()];
  for (const socket of asking) socket.write(request);
  const idle = await connected();
  await until('both have asked', () => answers.length === 2 || undefined);
  const third = await connected();
  await once(idle, 'close');
  third.write(request);
  await until('the third has asked', () => answers.length === 3 || undefined);
  await once(dial(), 'close');
  for (const answer of answers) answer();
  for (const socket of [...asking, third]) expect(String((await once(socket, 'data'))[0])).toContain('200 OK');
});

it('beyond the connections there may be, requests that come slowly make room first, and good keys and those that wait keep theirs', async () => {
  let nowMs = 0;
  const heads: string[] = [];
  const dial = await open(
    (request, response) => {
      heads.push(String(request.url));
      if (request.url === '/key') noteGoodKey(request);
      if (request.url !== '/waits') response.end('x');
    },
    { open: 7, stuckMs: 60_000 },
    { ...systemClock, monotonic: () => nowMs },
  );
  const gone: string[] = [];
  const opened = async (name: string, sent: string) => {
    nowMs += 1;
    const before = heads.length;
    let said = '';
    const socket = dial();
    socket.on('data', (data) => {
      said += String(data);
    });
    socket.on('close', () => gone.push(name));
    socket.write(sent);
    await until('its head is there', () => heads.length > before || undefined);
    if (!sent.includes('/waits')) await until('it is answered', () => said !== '' || undefined);
    return socket;
  };
  const get = (url: string) => request.replace('/', url);
  const half = `POST /waits HTTP/1.1\r\nHost: bridge\r\nContent-Length: 100\r\n\r\na`;
  const whole = half.replace('100', '1');
  const key = await opened('key', get('/key'));
  await opened('waits', get('/waits'));
  await opened('whole', whole);
  await opened('idle', get('/'));
  await opened('half', half);
  await opened('refused', half.replace('/waits', '/'));
  key.write(half.replace('/waits', '/key'));
  await until('the key asks again', () => heads.at(-1) === '/key' || undefined);
  dial()
    .on('close', () => gone.push('silent'))
    .resume();
  await until('all are there', async () => (await count()) === 7 || undefined);

  nowMs += 2_000;
  const wanted = ['half', 'refused', 'silent', 'idle', 'new 0', 'new 1', 'new 2'];
  for (const [turn] of wanted.entries()) {
    await opened(`new ${turn}`, half);
    await until(`${turn + 1} made room`, () => gone.length === turn + 1 || undefined);
  }
  expect(gone).toEqual(wanted);
});

const count = () => new Promise<number>((tell) => server.getConnections((_error, connections) => tell(connections)));
