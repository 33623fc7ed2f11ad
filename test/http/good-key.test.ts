import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { expect, it } from 'vitest';
import { bearer } from '../../src/http/bearer.ts';
import { failures } from '../../src/http/failures.ts';
import { hasGoodKey } from '../../src/http/good-key.ts';
import type { CallerState } from '../../src/http/state.ts';
import { createLog } from '../../src/lib/log.ts';
import { Refusal } from '../../src/lib/refusal.ts';
import { principal } from '../authorization/world.ts';

it('a request has a good key once its bearer was let in, and not where it was refused', async () => {
  const authenticate = async (token: string | undefined) => {
    if (token !== 'good') throw new Refusal({ code: 'invalid_token', message: 'no' });
    return principal();
  };
  const koa = new Koa<CallerState>().use(failures(createLog('silent'))).use(bearer({ authenticate }));
  const requests: IncomingMessage[] = [];
  const server = createServer(koa.use((ctx) => void ctx.res.end()).callback()).prependListener('request', (request) =>
    requests.push(request),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const token of ['good', 'bad'])
    await fetch(`http://127.0.0.1:${port}/`, { headers: { Authorization: `Bearer ${token}`, Connection: 'close' } });
  expect(requests.map(hasGoodKey)).toEqual([true, false]);
  server.close();
  await once(server, 'close');
});
