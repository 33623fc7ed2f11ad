import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { Writable } from 'node:stream';
import Koa from 'koa';
import { expect, it } from 'vitest';
import { problems } from '../../src/api/problem.ts';
import { readJson } from '../../src/http/body.ts';
import { failures } from '../../src/http/failures.ts';
import type { RequestState } from '../../src/http/state.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';

/** Everything a request logs whose caller hangs up after so much of the body, while nobody has read any of it. */
async function loggedFor(body: string, contentLength: number, fails?: Error): Promise<string> {
  let logged = '';
  const log = createLog(
    'info',
    new Writable({
      write(chunk, _encoding, done) {
        logged += String(chunk);
        done();
      },
    }),
  );
  let handled: () => void = () => undefined;
  const isHandled = new Promise<void>((done) => {
    handled = done;
  });
  const app = new Koa<RequestState>();
  app.use((_ctx, next) => next().finally(handled));
  app.use(failures(log)).use(problems(log, systemClock));
  app.use(async (ctx) => {
    const closed = new Promise((done) => ctx.req.socket.once('close', done));
    socket.destroy();
    await closed;
    if (fails !== undefined) throw fails;
    await readJson(ctx, 1_000);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(`POST /api/v1/snapshots HTTP/1.1\r\nHost: bridge\r\nContent-Length: ${contentLength}\r\n\r\n${body}`);
  await isHandled;
  server.close();
  await once(server, 'close');
  return logged;
}

it('a caller that hangs up before its body was read is no failure of the bridge, whether all of it had come or not', async () => {
  expect(await loggedFor('{"a":1}', 7)).toBe('');
  expect(await loggedFor('{"a"', 7)).toBe('');
});

it('what fails by itself is logged, also when its caller has hung up', async () => {
  expect(await loggedFor('{"a":1}', 7, new Error('broken'))).toContain('broken');
});
