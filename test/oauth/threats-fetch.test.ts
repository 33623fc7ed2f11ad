import { execFileSync } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readSink } from '../../src/audit/sinks.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

/** Where a client could say that its document, or its keys, lie: each a way to write an address of this machine or of its network. */
const inward = [
  ...['https://127.0.0.1/c.json', 'https://127.1/c.json', 'https://2130706433/c.json', 'https://0x7f.0.0.1/c.json'],
  ...['https://0177.0.0.1/c.json', 'https://0/c.json', 'https://127.0.0.1./c.json', 'https://①②⑦.0.0.1/c.json'],
  ...['https://[::1]/c.json', 'https://[::]/c.json', 'https://[::ffff:127.0.0.1]/c.json', 'https://[::ffff:7f00:1]/c.json'],
  ...['https://[64:ff9b::7f00:1]/c.json', 'https://localhost/c.json', 'https://LOCALHOST./c.json', 'https://a.localhost/c.json'],
  ...['https://169.254.169.254/latest/meta-data/', 'https://[fd00:ec2::254]/c.json', 'https://metadata.google.internal/c.json'],
  ...['https://10.0.0.1/c.json', 'https://vault.lan/c.json', 'https://intranet/c.json', 'http://client.example.com/c.json'],
  ...[
    'https://client.example.com:8200/c.json',
    'https://u:p@client.example.com/c.json',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
  ],
];

/** Where sockets were sent, but for those to the bridge. */
const dialled: { host?: string; port?: number }[] = [];
let world: OAuthWorld;
/** Set while something on this machine stands in for whatever listens on the port of https. */
let listener: Listener | undefined;
beforeAll(async () => {
  world = await oauthWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  dialled.length = 0;
  const { connect } = Socket.prototype;
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...given: unknown[]) {
    const options = [given[0]].flat()[0] as { host?: string; port?: number };
    if (String(options.port) !== world.bridge.url.port) dialled.push({ ...options });
    // Stands for a router: what goes to the port of https on this machine reaches the listener.
    if (listener !== undefined && String(options.port) === '443') options.port = listener.port;
    return Reflect.apply(connect, this, given) as Socket;
  } as never);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function hasOpenssl(): boolean {
  try {
    return execFileSync('openssl', ['version'], { stdio: 'pipe' }).length > 0;
  } catch {
    return false;
  }
}

interface Listener {
  port: number;
  requests: string[];
  close(): Promise<void>;
}

/** Something on this machine that speaks TLS with a certificate nobody trusts. */
async function listen(): Promise<Listener> {
  const directory = await mkdtemp(join(tmpdir(), 'sidelight-tls-'));
  const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const how = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=inside'];
  execFileSync('openssl', ['req', '-x509', ...how, '-keyout', keyFile, '-out', certFile], { stdio: 'pipe' });
  const requests: string[] = [];
  const server = createServer({ key: await readFile(keyFile), cert: await readFile(certFile) }, counting(requests));
  await rm(directory, { recursive: true });
  return opened(server, requests);
}

const counting =
  (requests: string[]): RequestListener =>
  (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.end('{}');
  };

async function opened(server: Server | ReturnType<typeof createPlainServer>, requests: string[]): Promise<Listener> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { port, requests, close };
}

/** Names of the example lead to this machine, as an attacker's name server could say; the names that were asked for. */
function rebind(): string[] {
  const { lookup } = dns;
  const asked: string[] = [];
  vi.spyOn(dns, 'lookup').mockImplementation(((host: string, options: { all?: boolean }, tell: (...given: unknown[]) => void) => {
    asked.push(host);
    if (!host.endsWith('.example.com')) return Reflect.apply(lookup, dns, [host, options, tell]);
    if (options.all === true) return tell(null, [{ address: '127.0.0.1', family: 4 }]);
    return tell(null, '127.0.0.1', 4);
  }) as never);
  return asked;
}

describe('threat 8, a bridge that is made to ask its own network', () => {
  it.each(inward)('dials nobody for a client whose document is said to lie at %s', async (id) => {
    const response = await fetch(world.client.authorizeUrl(id).url, { redirect: 'manual' });
    expect(response.status).toBe(400);
    expect(dialled).toEqual([]);
  });

  it.skipIf(!hasOpenssl())(
    'sends no request to a name that leads into this machine, although nobody checks certificates',
    async () => {
      listener = await listen();
      const { requests, close } = listener;
      const asked = rebind();
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
      // Without the guard the request arrives: the listener, the name and the router do what they stand for.
      expect((await fetch('https://control.example.com/c.json')).status).toBe(200);
      expect(requests).toEqual(['GET /c.json']);
      requests.length = 0;
      const response = await fetch(world.client.authorizeUrl('https://rebound.example.com/c.json').url, { redirect: 'manual' });
      expect(response.status).toBe(400);
      expect(asked).toContain('rebound.example.com');
      expect(requests).toEqual([]);
      listener = undefined;
      await close();
    },
  );

  it('asks nobody for the keys of a client, however its document spells where they lie', async () => {
    const fetched: string[] = [];
    const documents = new Map<string, object>();
    const other = await oauthWorld({
      async fetch(url) {
        fetched.push(url);
        const document = documents.get(url);
        return document === undefined ? new Response('{}', { status: 404 }) : Response.json(document);
      },
    });
    for (const [index, jwks_uri] of inward.entries()) {
      const id = `https://client.example.com/${index}.json`;
      const redirect_uris = ['http://127.0.0.1/callback'];
      documents.set(id, { client_id: id, redirect_uris, token_endpoint_auth_method: 'private_key_jwt', jwks_uri });
      fetched.length = 0;
      const parts = [{ alg: 'ES256' }, { iss: id, sub: id, aud: other.bridge.url.origin, jti: 'j', exp: 9e9 }];
      const answer = await other.client.refresh('slr_x', id, {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: [...parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')), 'AAAA'].join('.'),
      });
      expect([400, 401], jwks_uri).toContain(answer.status);
      expect(answer.error, jwks_uri).toMatch(/^invalid_client/);
      expect(
        fetched.filter((url) => url !== id),
        jwks_uri,
      ).toEqual([]);
    }
    expect(dialled.filter(({ port }) => String(port) !== other.bridge.url.port)).toEqual([]);
    await other.close();
  });

  it('posts no checkpoint to where the receiver of checkpoints points', async () => {
    const inside: string[] = [];
    const target = await opened(createPlainServer(counting(inside)), inside);
    for (const status of [301, 302, 303, 307, 308]) {
      const pointing = createPlainServer((_request, response) => {
        response.writeHead(status, { location: `http://127.0.0.1:${target.port}/admin` }).end();
      });
      const { port, close } = await opened(pointing, []);
      await expect(readSink(`http://127.0.0.1:${port}/`)?.deliver({} as never), `${status}`).rejects.toThrow();
      await close();
    }
    expect(inside).toEqual([]);
    await target.close();
    for (const plain of [
      'http://10.0.0.1/x',
      'http://example.com/x',
      'http://169.254.169.254/',
      'https://u:p@example.com/',
      'ftp://x/',
    ])
      expect(readSink(plain), plain).toBeUndefined();
  });
});
