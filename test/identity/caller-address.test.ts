import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AddressOf, addressBehind } from '../../src/identity/caller-address.ts';

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
