import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { mayFetchDocument } from '../../src/oauth/document-guard.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

const home = 'https://client.example.com/oauth/client.json';

describe('a client that shows a document about itself', () => {
  let world: OAuthWorld;
  const documents = new Map<string, unknown>();
  const fetched: string[] = [];
  beforeAll(async () => {
    world = await oauthWorld({
      async fetch(url) {
        fetched.push(url);
        const document = documents.get(url);
        if (document instanceof Response) return document;
        return document === undefined ? new Response('', { status: 404 }) : Response.json(document);
      },
    });
  });
  afterAll(() => world.close());
  afterEach(() => void fetched.splice(0));

  /** A document of its own for each test: they are kept for at least a minute. */
  function publish(name: string, metadata: Record<string, unknown>): string {
    const id = `https://client.example.com/${name}.json`;
    documents.set(id, { client_id: id, client_name: name, ...metadata });
    return id;
  }

  it('is let in without registering, on any loopback port although its document names none', async () => {
    const id = publish('port-less', {
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      token_endpoint_auth_method: 'none',
      logo_uri: 'https://client.example.com/logo.png',
    });
    const tokens = await world.client.redeem(await world.client.code(id));
    expect(tokens.status).toBe(200);
    expect(world.people.shown).toMatchObject({ client: { id, name: 'port-less', known: 'document' } });
    expect((await world.client.refresh(tokens.refresh_token, id)).status).toBe(200);
    expect(fetched).toEqual([id]);
    expect((await world.events()).filter(({ event }) => event === 'client_document_fetched')).toMatchObject([{ clientId: id }]);
  });

  it('proves itself by a key of its own where its document says so', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] };
    const id = publish('signing', {
      redirect_uris: ['http://127.0.0.1/callback'],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks_uri: 'https://client.example.com/jwks.json',
    });
    documents.set('https://client.example.com/jwks.json', jwks);
    const assertion = (key: typeof privateKey) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(world.bridge.url.origin)
        .setJti(`${Math.random()}`)
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(key);
    const with_ = async (key: typeof privateKey) =>
      world.client.redeem(await world.client.code(id), {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await assertion(key),
      });
    expect((await with_(privateKey)).status).toBe(200);
    expect(await with_((await generateKeyPair('ES256')).privateKey)).toMatchObject({ status: 401, error: 'invalid_client' });
    expect(await world.client.redeem(await world.client.code(id))).toMatchObject({ status: 401, error: 'invalid_client' });
  });

  it.each([
    {
      title: 'names another client',
      document: { client_id: 'https://other.example.com/x.json', redirect_uris: ['http://127.0.0.1/callback'] },
    },
    { title: 'sends codes to a stranger', document: { redirect_uris: ['https://evil.example.com/callback'] } },
    { title: 'has a secret', document: { redirect_uris: ['http://127.0.0.1/callback'], client_secret: 'x' } },
    {
      title: 'is larger than 64 KiB',
      document: { redirect_uris: ['http://127.0.0.1/callback'], software_id: 'x'.repeat(70_000) },
    },
    { title: 'is no object', document: [] },
    { title: 'is a redirect', document: new Response('', { status: 302, headers: { Location: 'http://169.254.169.254/' } }) },
  ])('is refused when its document $title', async ({ title, document }) => {
    const id = `https://client.example.com/${encodeURIComponent(title)}.json`;
    const plain = typeof document === 'object' && !Array.isArray(document) && !(document instanceof Response);
    documents.set(id, plain ? { client_id: id, ...document } : document);
    const response = await fetch(world.client.authorizeUrl(id).url, { redirect: 'manual' });
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    const { description } = (await response.json()) as { description: string };
    expect(description).toContain(`The client's document https://client.example.com/`);
    expect(description).toContain('clients.known');
  });

  it('is fetched anew only when its document is no longer fresh', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const id = publish('fresh', { redirect_uris: ['http://127.0.0.1/callback'] });
    for (let turn = 0; turn < 3; turn += 1) await fetch(world.client.authorizeUrl(id).url, { redirect: 'manual' });
    expect(fetched).toEqual([id]);
    vi.useRealTimers();
  });

  it.each([
    'http://client.example.com/client.json',
    'https://127.0.0.1/client.json',
    'https://2130706433/client.json',
    'https://0x7f000001/client.json',
    'https://017700000001/client.json',
    'https://[::1]/client.json',
    'https://[::ffff:127.0.0.1]/client.json',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/client.json',
    'https://bridge.localhost/client.json',
    'https://vault.internal/client.json',
    'https://printer.local/client.json',
    'https://intranet/client.json',
    'https://client.example.com:8443/client.json',
    'https://user@client.example.com/client.json',
    'https://client.example.com/a/../client.json',
    'https://client.example.com/client.json#x',
  ])('is not fetched from %s', async (id) => {
    const response = await fetch(world.client.authorizeUrl(id).url, { redirect: 'manual' });
    expect(response.status).toBe(400);
    expect(fetched).toEqual([]);
  });

  it('cannot make the bridge fetch its keys from within', async () => {
    const id = publish('inward', {
      redirect_uris: ['http://127.0.0.1/callback'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'https://169.254.169.254/jwks',
    });
    const code = await world.client.code(id);
    fetched.length = 0;
    const assertion = [
      { alg: 'ES256', kid: 'k' },
      { iss: id, sub: id, aud: world.bridge.url.origin, jti: 'j', exp: 9e9 },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .concat('AAAA')
      .join('.');
    const answer = await world.client.redeem(code, {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    });
    expect(answer.status).toBe(401);
    expect(fetched).toEqual([]);
  });
});

describe('a host list for documents', () => {
  it.each([
    { id: home, hosts: [], may: true },
    { id: home, hosts: ['client.example.com'], may: true },
    { id: home, hosts: ['*.example.com'], may: true },
    { id: home, hosts: ['example.com'], may: false },
    { id: 'https://client.example.com/', hosts: [], may: false },
    { id: 'https://127.0.0.1/client.json', hosts: [], may: false },
    { id: 'https://127.0.0.1/client.json', hosts: ['*'], may: false },
  ])('$hosts lets $id in: $may', ({ id, hosts, may }) => {
    expect(mayFetchDocument(id, hosts)).toBe(may);
  });
});
