import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw } from '../mcp/send.ts';
import { handClient, redirectUri } from './flow.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

describe('what a client can find out before anybody signed in', () => {
  let world: OAuthWorld;
  let origin: string;
  beforeAll(async () => {
    world = await oauthWorld();
    origin = world.bridge.url.origin;
  });
  afterAll(() => world.close());

  const read = async (path: string) => {
    const response = await fetch(`${origin}${path}`, { headers: { Origin: 'https://inspector.example.com' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('cache-control')).toContain('no-store');
    return (await response.json()) as Record<string, unknown>;
  };

  it('is named by the challenge of a request without token, which asks for what most calls need', async () => {
    const response = await fetch(`${origin}/mcp`, {
      method: 'POST',
      body: '{}',
      headers: { 'Content-Type': 'application/json' },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer realm="sidelight", resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="runtime:read runtime:capture"`,
    );
    const api = await fetch(`${origin}/api/v1/sources`);
    expect(api.headers.get('www-authenticate')).toContain('resource_metadata=');
  });

  it.each(['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'])(
    'is at %s: which server lets clients in, byte for byte as people type the URL',
    async (path) => {
      expect(await read(path)).toEqual({
        resource: `${origin}/mcp`,
        authorization_servers: [origin],
        scopes_supported: ['runtime:read', 'runtime:capture'],
        bearer_methods_supported: ['header'],
        resource_name: 'Sidelight',
      });
    },
  );

  it.each(['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration/mcp'])(
    'is at %s the same each time, with the same headers',
    async (path) => {
      const ofEach = ['x-request-id', 'date', 'connection', 'keep-alive'];
      const answers = [];
      for (const method of ['GET', 'GET', 'HEAD', 'GET']) {
        const response = await fetch(`${origin}${path}`, { method, headers: { Origin: 'https://inspector.example.com' } });
        const headers = [...response.headers].filter(([name]) => !ofEach.includes(name));
        answers.push({ status: response.status, headers, body: method === 'GET' ? await response.text() : 'as the others' });
      }
      const [first, second, head, last] = answers;
      expect(second).toEqual(first);
      expect(last).toEqual(first);
      expect(head).toEqual({ ...first, body: 'as the others' });
    },
  );

  it('is told by the name that people of this computer wrote, and tokens for either name are the same', async () => {
    const local = origin.replace('127.0.0.1', 'localhost');
    const refused = await fetch(`${local}/mcp`, { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } });
    expect(refused.headers.get('www-authenticate')).toContain(`"${local}/.well-known/oauth-protected-resource/mcp"`);
    const about = await fetch(`${local}/.well-known/oauth-protected-resource/mcp`);
    expect(await about.json()).toMatchObject({ resource: `${local}/mcp`, authorization_servers: [origin] });
    const tokens = await world.client.tokens({ resource: `${local}/mcp` });
    expect((await world.client.call(tokens.access_token)).status).toBe(200);
    const { clientId } = tokens;
    for (const resource of [`${local.replace(/\d+$/, '1')}/mcp`, `${local}/api`, local.replace('http:', 'https:')]) {
      await expect(world.client.code(clientId, { resource })).rejects.toThrow('invalid_target');
    }
  });

  it('is enough to check an ID token, where a client asks for one', async () => {
    const { id_token } = (await world.client.tokens({ scope: 'openid runtime:read' })) as unknown as { id_token: string };
    const keys = createLocalJWKSet((await read('/oauth/jwks')) as unknown as JSONWebKeySet);
    const { payload } = await jwtVerify(id_token, keys, { issuer: origin });
    expect(payload.sub).toBe('default/user:alice');
  });

  it.each([
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/mcp',
    '/.well-known/openid-configuration',
    '/.well-known/openid-configuration/mcp',
  ])('is at %s: what the server offers', async (path) => {
    expect(await read(path)).toMatchObject({
      issuer: origin,
      authorization_endpoint: `${origin}/oauth/authorize`,
      token_endpoint: `${origin}/oauth/token`,
      registration_endpoint: `${origin}/oauth/register`,
      revocation_endpoint: `${origin}/oauth/revoke`,
      jwks_uri: `${origin}/oauth/jwks`,
      response_types_supported: ['code'],
      grant_types_supported: expect.arrayContaining(['authorization_code', 'refresh_token']),
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
      id_token_signing_alg_values_supported: ['EdDSA'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
    });
  });

  it('has the same signing key after a restart, and no private part of it', async () => {
    const before = await read('/oauth/jwks');
    await world.restart();
    expect(await read('/oauth/jwks')).toEqual(before);
    const [key] = before.keys as Record<string, unknown>[];
    expect(key).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' });
    expect(key).not.toHaveProperty('d');
  });

  it.each([
    '/oauth/auth',
    '/oauth/me',
    '/oauth/introspect',
    '/oauth/request',
    '/oauth/device',
    '/reg',
    '/auth',
    '/interaction/x',
  ])('does not include %s', async (path) => {
    for (const method of ['GET', 'POST']) expect((await fetch(`${origin}${path}`, { method })).status).toBe(404);
  });

  it('is told to no other host name', async () => {
    const { port } = world.bridge.url;
    for (const path of ['/.well-known/oauth-authorization-server', '/oauth/token']) {
      expect((await sendRaw(Number(port), { Host: 'evil.example.com' }, path)).status).toBe(421);
    }
  });
});

/** A port that was free a moment ago: behind a public URL the bridge does not tell its own. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

interface Got {
  status: number;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

/** Asks as the proxy does: over HTTP, with the host name people use. */
function throughProxy(port: string, path: string, method = 'GET', body = ''): Promise<Got> {
  return new Promise((resolve, reject) => {
    const headers = { Host: 'sidelight.example.com', 'Content-Type': 'application/json', 'X-Forwarded-Proto': 'http' };
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text.startsWith('{') ? JSON.parse(text) : {},
        }),
      );
    });
    sent.on('error', reject).end(body);
  });
}

const settings = { 'public-url': 'https://sidelight.example.com' };

describe('a bridge behind a proxy that ends TLS', () => {
  it('speaks of itself by its public URL only, and sends its cookies over TLS only', async () => {
    const port = await freePort();
    const identity = `mode: company
company: { issuer: 'https://login.example.com', client_id: sidelight }
claims: { role: { from: roles, values: { developer: [engineering] } } }
`;
    const world = await oauthWorld({ identity, settings: { ...settings, port } });
    const about = await throughProxy(port, '/.well-known/oauth-authorization-server');
    expect(about.body).toMatchObject({
      issuer: 'https://sidelight.example.com',
      token_endpoint: 'https://sidelight.example.com/oauth/token',
    });
    const refused = await throughProxy(port, '/mcp', 'POST', '{}');
    expect(refused.headers['www-authenticate']).toContain(
      'resource_metadata="https://sidelight.example.com/.well-known/oauth-protected-resource/mcp"',
    );
    const { body } = await throughProxy(port, '/oauth/register', 'POST', JSON.stringify({ redirect_uris: [redirectUri] }));
    const { url } = handClient('https://sidelight.example.com').authorizeUrl(String(body.client_id));
    const begun = await throughProxy(port, `${url.pathname}${url.search}`);
    expect(begun.status).toBe(303);
    expect(begun.headers.location).toMatch(/^(?:https:\/\/sidelight\.example\.com)?\/oauth\/interaction\//);
    for (const cookie of begun.headers['set-cookie'] ?? [])
      expect(cookie).toMatch(/; secure; httponly; samesite=lax|; samesite=lax; secure; httponly/i);
    expect(begun.headers['set-cookie']?.length).toBeGreaterThan(1);
    await world.close();
  });
});

describe('a bridge that does not sign people in', () => {
  it('on a public URL without a company provider takes keys only, and says nothing of sign-ins', async () => {
    const port = await freePort();
    const world = await oauthWorld({ settings: { ...settings, port } });
    for (const path of ['/.well-known/oauth-protected-resource', '/.well-known/oauth-authorization-server', '/oauth/authorize']) {
      expect((await throughProxy(port, path)).status).toBe(404);
    }
    expect((await throughProxy(port, '/mcp', 'POST', '{}')).headers['www-authenticate']).not.toContain('resource_metadata');
    expect((await world.bridge.bridge.authenticate(world.bridge.fullKey, undefined)).kind).toBe('api_key');
    await world.close();
  });

  it('because the company serves clients itself names the company, and has no server of its own', async () => {
    const identity = `mode: resource_server
resource_server: { issuer: 'https://login.example.com', verify: jwt }
claims: { role: { from: roles, values: { developer: [engineering] } } }
`;
    const world = await oauthWorld({ identity });
    const { origin } = world.bridge.url;
    const about = await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`);
    expect(await about.json()).toMatchObject({ resource: `${origin}/mcp`, authorization_servers: ['https://login.example.com'] });
    for (const path of ['/.well-known/oauth-authorization-server', '/oauth/register', '/oauth/token', '/oauth/authorize']) {
      expect((await fetch(`${origin}${path}`)).status).toBe(404);
    }
    await world.close();
  });
});
