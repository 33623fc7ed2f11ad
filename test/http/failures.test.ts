import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { expect, it } from 'vitest';
import { failures } from '../../src/http/failures.ts';
import type { RequestState } from '../../src/http/state.ts';
import { createLog } from '../../src/lib/log.ts';
import { seldom } from '../../src/lib/seldom.ts';
import { createTestClock } from '../helpers/clock.ts';

it('requests that fail by a defect are logged sixty times a minute, and then how many more there were', async () => {
  const clock = createTestClock();
  const lines: { level: number; msg: string; left?: number; err?: { message: string } }[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line)) });
  const app = new Koa<RequestState>();
  app.use(failures(seldom(log, clock))).use(() => {
    throw new Error('broken');
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  for (let at = 0; at < 100; at++) expect((await fetch(url)).status).toBe(500);
  expect(lines).toHaveLength(60);
  expect(lines[0]).toMatchObject({ level: 50, msg: 'request failed', err: { message: 'broken' } });
  clock.advance(60_000);
  expect(lines.slice(60)).toMatchObject([{ level: 50, left: 40 }]);
  await fetch(url);
  expect(lines[61]).toMatchObject({ msg: 'request failed' });
  clock.advance(60_000);
  expect(lines, 'none were left out').toHaveLength(62);
  server.close();
  await once(server, 'close');
});
