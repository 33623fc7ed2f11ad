import dns from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { isSpecialUse } from '../../src/oauth/special-addresses.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

let world: OAuthWorld;
let server: Server;
/** Connections that reached something on this machine. */
let reached = 0;
/** Where connections to the port of https go on this machine. */
let open: number | undefined;
beforeAll(async () => {
  world = await oauthWorld();
  server = createServer((socket) => {
    reached += 1;
    socket.on('error', () => undefined); // the other side hangs up
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { connect } = Socket.prototype;
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...given: unknown[]) {
    const options = [given[0]].flat()[0] as { port?: number };
    if (String(options.port) === '443') options.port = open ?? 9; // nothing listens on the port of discard
    return Reflect.apply(connect, this, given) as Socket;
  } as never);
  const { lookup } = dns;
  vi.spyOn(dns, 'lookup').mockImplementation(((host: string, options: { all?: boolean }, tell: (...given: unknown[]) => void) => {
    const address = names.get(host);
    if (address === undefined) return Reflect.apply(lookup, dns, [host, options, tell]);
    const found = address.map((each) => ({ address: each, family: each.includes(':') ? 6 : 4 }));
    if (options.all === true) return tell(null, found);
    return tell(null, found[0]?.address, found[0]?.family);
  }) as never);
});
afterEach(() => {
  reached = 0;
  open = undefined;
});
afterAll(async () => {
  vi.restoreAllMocks();
  server.close();
  await world.close();
});

const names = new Map([
  ['open.example.com', ['127.0.0.1']],
  ['closed.example.com', ['127.0.0.1']],
  ['mapped.example.com', ['::ffff:127.0.0.1']],
  ['both.example.com', ['10.0.0.1', '127.0.0.1', '::1']],
  ['silent.example.com', []],
]);

/** What a person is told about a client whose document lies there; without the name of the host. */
async function toldOf(host: string): Promise<string> {
  const response = await fetch(world.client.authorizeUrl(`https://${host}/client.json`).url, { redirect: 'manual' });
  expect(response.status).toBe(400);
  const { description } = (await response.json()) as { description: string };
  expect(description).toContain(host);
  return description.replace(host, '');
}

describe('a document whose name leads into a private network', () => {
  it.each(['open.example.com', 'mapped.example.com', 'both.example.com'])(
    'makes no connection to where %s leads',
    async (host) => {
      open = (server.address() as AddressInfo).port;
      await toldOf(host);
      await fetch(`${world.bridge.url.origin}/healthz`); // a connection of then would have arrived by now
      expect(reached).toBe(0);
    },
  );

  it('is told of in the same words whether something listens there, nothing does, or there is no such name', async () => {
    const closed = await toldOf('closed.example.com');
    expect(closed).toContain('it could not be fetched');
    open = (server.address() as AddressInfo).port;
    expect(await toldOf('open.example.com')).toBe(closed);
    expect(await toldOf('silent.example.com')).toBe(closed);
  });
});

describe('an address', () => {
  it.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1'],
    ...['192.0.2.1', '192.168.1.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '255.255.255.255'],
    ...['::', '::1', '::ffff:10.0.0.1', '::ffff:a00:1', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1', '2001::1'],
    ...[
      '2001:db8::1',
      '2002:7f00:1::',
      'fc00::1',
      'fd00:ec2::254',
      'fe80::1',
      'fec0::1',
      'ff02::1',
      'fe80::1%eth0',
      'no address',
    ],
  ])('%s is none of the public internet', (address) => {
    expect(isSpecialUse(address)).toBe(true);
  });

  it.each(['1.1.1.1', '100.63.255.255', '172.32.0.1', '192.167.1.1', '223.255.255.255', '2606:4700::1111', '2a00:1450:4001::8a'])(
    '%s is one',
    (address) => {
      expect(isSpecialUse(address)).toBe(false);
    },
  );
});
