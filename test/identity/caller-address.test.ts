import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AddressOf, addressBehind } from '../../src/identity/caller-address.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { subprotocol } from '../../src/protocol/frames.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';

let addressOf: AddressOf = () => undefined;
const server = createServer((request, response) => response.end(String(addressOf(request))));
let url: string;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

/** Where a request from 127.0.0.1 with this header comes from. */
async function seen(trusted: string[], forwarded?: string): Promise<string> {
  addressOf = addressBehind(trusted);
  return (await fetch(url, { headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } })).text();
}

describe('where a request comes from', () => {
  it('is its connection, whatever it says, while no proxy is trusted', async () => {
    expect(await seen([], '203.0.113.9')).toBe('127.0.0.1');
    expect(await seen(['10.0.0.0/8'], '203.0.113.9')).toBe('127.0.0.1');
  });

  it.each([
    ['what a trusted proxy wrote', '203.0.113.9', '203.0.113.9'],
    ['the last one that no trusted proxy is', '203.0.113.9, 10.1.1.1', '203.0.113.9'],
    ['never what the client wrote before it', '127.0.0.1, 10.2.2.2, 203.0.113.9', '203.0.113.9'],
    ['the connection where nothing was written', undefined, '127.0.0.1'],
    ['the last address before what is none', 'unknown, 10.1.1.1', '10.1.1.1'],
    ['the connection where the header is no address', '<script>', '127.0.0.1'],
    ['without the port that some proxies write', '203.0.113.9:5123', '203.0.113.9'],
    ['without the port behind an address of IPv6', '[2001:db8::7]:5123', '2001:db8::7'],
    ['an address of IPv6', '2001:db8::7', '2001:db8::7'],
  ])('is %s', async (_, forwarded, expected) => {
    expect(await seen(['127.0.0.1', '10.0.0.0/8'], forwarded)).toBe(expected);
  });

  it('is looked for behind sixteen proxies at most', async () => {
    const chain = ['203.0.113.9', ...Array.from({ length: 40 }, () => '10.0.0.1')].join(',');
    expect(await seen(['127.0.0.1', '10.0.0.0/8'], chain)).toBe('10.0.0.1');
  });
});

describe('a bridge behind a proxy that it was not told of', () => {
  const warnings: string[] = [];
  const log = createLog('warn', {
    write(text: string) {
      const { msg } = JSON.parse(text) as { msg: string };
      if (msg.includes('SIDELIGHT_TRUSTED_PROXIES')) warnings.push(msg);
    },
  });
  /** How far the time has been put forward, so that nobody waits for a minute to pass. */
  let aheadMs = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + aheadMs };
  const ask = (bridge: TestBridge, headers: Record<string, string>, path = '/healthz') =>
    fetch(new URL(path, bridge.url), { headers }).then(({ status }) => status);
  const from = (bridge: TestBridge, address: string) =>
    new Promise((done) => {
      const headers = { connection: 'Upgrade', upgrade: 'websocket', 'x-forwarded-for': address, authorization: 'Bearer no' };
      get(new URL('/agent', bridge.url), { headers: { ...headers, 'sec-websocket-protocol': subprotocol } }, (response) => {
        response.resume();
        done(response.statusCode);
      });
    });

  it('says so once a minute, whoever comes through it', async () => {
    const bridge = await startBridge({}, clock, { log });
    try {
      await ask(bridge, {});
      expect(warnings).toEqual([]);
      expect(await from(bridge, '203.0.113.9')).toBe(401);
      for (const address of ['203.0.113.7', '203.0.113.8']) await ask(bridge, { 'x-forwarded-for': address }, '/mcp');
      expect(warnings).toHaveLength(1);
      aheadMs += 59_000;
      await ask(bridge, { forwarded: 'for=203.0.113.7' });
      expect(warnings).toHaveLength(1);
      aheadMs += 60_000;
      await ask(bridge, { forwarded: 'for=203.0.113.7' });
      expect(warnings).toHaveLength(2);
    } finally {
      await bridge.close();
    }
  }, 60_000);

  it('has nothing to say where it was told', async () => {
    const before = warnings.length;
    const bridge = await startBridge({ 'trusted-proxies': '10.0.0.1' }, clock, { log });
    try {
      await ask(bridge, { 'x-forwarded-for': '203.0.113.7' });
      expect(warnings).toHaveLength(before);
    } finally {
      await bridge.close();
    }
  }, 60_000);
});
