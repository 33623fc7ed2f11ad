import { once } from 'node:events';
import { Agent, type ClientRequest, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { expect, it } from 'vitest';
import { failures } from '../../src/http/failures.ts';
import type { CallerState } from '../../src/http/state.ts';
import { turns } from '../../src/http/turns.ts';
import { createLog } from '../../src/lib/log.ts';
import { principal } from '../authorization/world.ts';
import { createTestClock } from '../helpers/clock.ts';
import { until } from '../helpers/program.ts';

/** A server whose requests are worked on until the test says so. */
async function openServer() {
  const clock = createTestClock();
  const app = new Koa<CallerState>();
  const atWork: { name: string; admitted(): void; endTurn(): void; answer(): void }[] = [];
  app.use((ctx, next) => {
    ctx.state.address = '127.0.0.1';
    return next();
  });
  app.use(failures(createLog('silent'))).use(turns(clock));
  app.use(async (ctx) => {
    const [, person] = /Bearer of-(\w+)-/.exec(ctx.get('Authorization')) ?? [];
    if (person !== undefined)
      ctx.state.principal = principal({ kind: 'api_key', subject: `key:${ctx.path}`, owner: `user:${person}` });
    await new Promise<void>((answer) => {
      const { admitted, end } = ctx.state.turn;
      atWork.push({ name: ctx.path.slice(1), admitted, endTurn: end, answer });
    });
    ctx.body = 'done';
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
  const statuses: number[] = [];
  return {
    clock,
    statuses,
    names: () => atWork.map(({ name }) => name).sort(),
    /** Sends it, and resolves when the server has it, as far as one can know. */
    async send(name: string, token?: string): Promise<ClientRequest> {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const sent = request({ host: '127.0.0.1', port, path: `/${name}`, agent, headers });
      sent.on('error', () => undefined).on('response', (response) => statuses.push(response.resume().statusCode ?? 0));
      const came = once(server, 'request');
      sent.end();
      await came;
      await new Promise(setImmediate);
      return sent;
    },
    find: (name: string) => atWork.find((one) => one.name === name),
    connections: () => new Promise<number>((tell) => server.getConnections((_error, count) => tell(count))),
    answerAll: () => atWork.splice(0).forEach(({ answer }) => void answer()),
    async close() {
      agent.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

it('of one token two requests are worked on at a time, in order, and those of others beside them', async () => {
  const server = await openServer();
  for (let n = 1; n <= 4; n += 1) await server.send(`a${n}`, 'a');
  for (let n = 1; n <= 3; n += 1) await server.send(`nobody${n}`);
  await server.send('b1', 'b');
  expect(server.names()).toEqual(['a1', 'a2', 'b1', 'nobody1', 'nobody2']);
  server.find('a2')?.answer();
  await until('the next', () => server.find('a3'));
  expect(server.find('a4')).toBeUndefined();
  // Its tool has started: the answer is not out, and may take minutes.
  server.find('a1')?.endTurn();
  await until('the next', () => server.find('a4'));
  server.find('a1')?.endTurn();
  server.find('a1')?.answer();
  await server.send('a5', 'a');
  expect(server.find('a5'), 'a turn ends once').toBeUndefined();
  server.answerAll();
  await until('the last', () => server.find('a5') && server.find('nobody3'));
  server.answerAll();
  await until('all are answered', () => server.statuses.length === 9 || undefined);
  expect(new Set(server.statuses)).toEqual(new Set([200]));
  await server.close();
});

it('of all callers eight are worked on at a time; who had nothing at work goes first, then the others in turn', async () => {
  const server = await openServer();
  for (const caller of ['a', 'b', 'c', 'd', 'e']) for (let n = 1; n <= 3; n += 1) await server.send(`${caller}${n}`, caller);
  expect(server.names()).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2', 'd1', 'd2']);
  await server.send('late1', 'late');
  const left = await server.send('gone1', 'gone');
  await server.send('later1', 'later');
  left.destroy();
  await until('it has left', async () => (await server.connections()) === 17 || undefined);
  await new Promise(setImmediate);
  const begun: string[] = [];
  for (const ended of ['a1', 'b1', 'c1', 'c2', 'd1', 'd2', 'a2']) {
    const before = server.names();
    server.find(ended)?.endTurn();
    await until('another', () => server.names().length > before.length || undefined);
    begun.push(...server.names().filter((name) => !before.includes(name)));
  }
  expect(begun).toEqual(['e1', 'late1', 'later1', 'a3', 'e2', 'b3', 'c3']);
  await server.close();
});

it('who was admitted makes room for another of its caller, and for others once it waits', async () => {
  const server = await openServer();
  for (const caller of ['a', 'b', 'c', 'd']) for (let n = 1; n <= 3; n += 1) await server.send(`${caller}${n}`, caller);
  await server.send('e1', 'e');
  server.find('a1')?.admitted();
  server.find('a1')?.admitted();
  await new Promise(setImmediate);
  expect(server.names()).toHaveLength(8);
  server.find('b1')?.endTurn();
  await until('who had none', () => server.find('e1'));
  server.find('c1')?.endTurn();
  await until('whose request was admitted', () => server.find('a3'));
  server.find('a1')?.endTurn();
  await until('the next', () => server.find('b3'));
  expect(server.names()).toHaveLength(11);
  await server.close();
});

it('who waits for something else for a tenth of a second keeps only its caller from the thread', async () => {
  const server = await openServer();
  for (const caller of ['a', 'b', 'c', 'd', 'e']) for (let n = 1; n <= 3; n += 1) await server.send(`${caller}${n}`, caller);
  server.clock.advance(99);
  await new Promise(setImmediate);
  expect(server.find('e1')).toBeUndefined();
  server.clock.advance(1);
  await until('the next', () => server.find('e2'));
  expect(server.names()).toHaveLength(10);
  await server.close();
});

it('who leaves while it waits is never worked on, and who leaves while it is worked on makes room', async () => {
  const server = await openServer();
  const one = await server.send('a1', 'a');
  await server.send('a2', 'a');
  const waiting = await server.send('a3', 'a');
  await server.send('a4', 'a');
  waiting.destroy();
  await until('it has left', async () => (await server.connections()) === 3 || undefined);
  await new Promise(setImmediate);
  one.destroy();
  await until('the next', () => server.find('a4'));
  expect(server.find('a3')).toBeUndefined();
  await server.close();
});

it('all tokens and keys of one person are one caller, once they are known, and those of others are not', async () => {
  const server = await openServer();
  for (const token of ['of-ada-1', 'of-ada-2', 'of-ada-3', 'of-bob-1']) {
    await server.send(token, token);
    server.answerAll();
    await until('it is answered', () => server.statuses.length > 0 || undefined);
    server.statuses.length = 0;
  }
  for (const token of ['of-ada-1', 'of-ada-2', 'of-ada-3', 'of-bob-1']) await server.send(`again-${token}`, token);
  expect(server.names()).toEqual(['again-of-ada-1', 'again-of-ada-2', 'again-of-bob-1']);
  server.answerAll();
  await until('the next', () => server.find('again-of-ada-3'));
  await server.close();
});

it('a turn that lasts longer than a second is only waiting, and passes', async () => {
  const server = await openServer();
  for (let n = 1; n <= 3; n += 1) await server.send(`a${n}`, 'a');
  server.clock.advance(999);
  await new Promise(setImmediate);
  expect(server.find('a3')).toBeUndefined();
  server.clock.advance(1);
  await until('the next', () => server.find('a3'));
  await server.close();
});

it('more than 256 of one token that wait are refused at once, and nobody else is', async () => {
  const server = await openServer();
  for (let n = 1; n <= 258; n += 1) await server.send(`a${n}`, 'a');
  await server.send('beyond', 'a');
  await until('it is refused', () => server.statuses.length === 1 || undefined);
  expect(server.statuses).toEqual([429]);
  await server.send('b1', 'b');
  expect(server.find('b1')).toBeDefined();
  await server.close();
});
