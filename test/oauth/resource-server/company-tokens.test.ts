import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askControl } from '../../../src/control.ts';
import { policiesWith } from '../../flow/world.ts';
import { startBridge, type TestBridge } from '../../helpers/bridge.ts';
import { type Issuer, startIssuer } from './issuer.ts';

let issuer: Issuer;
let bridge: TestBridge;
let policies: Awaited<ReturnType<typeof policiesWith>>;
let folder: string;

async function start(verify: 'jwt' | 'introspection', more: object = {}): Promise<void> {
  issuer = await startIssuer(() => `${bridge.url.origin}/mcp`);
  folder = await mkdtemp(join(tmpdir(), 'sidelight-secret-'));
  await writeFile(join(folder, 'secret'), 'its-secret\n');
  policies = await policiesWith({
    'identity.yaml': {
      mode: 'resource_server',
      resource_server: {
        ...{ issuer: issuer.url, verify, client_id: 'sidelight', client_secret: { file: join(folder, 'secret') } },
        ...{ scopes: { 'runtime:admin': ['sidelight.admin'] }, ...more },
      },
      claims: {
        role: { from: 'roles', values: { viewer: ['guests'], developer: ['engineering'], company_admin: ['platform'] } },
        groups: { from: 'groups', values: { everyone: ['team-a'] } },
      },
    },
  });
  bridge = await startBridge({ policies: policies.directory });
}

async function stop(): Promise<void> {
  await bridge?.close();
  await issuer?.close();
  await policies?.remove();
  await rm(folder, { recursive: true, force: true });
}

/** A call of get_status over the plain API: what the token is worth there. */
async function call(token: string): Promise<{ status: number; challenge: string; body: string }> {
  const response = await fetch(new URL('/api/v1/status', bridge.url), { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, challenge: response.headers.get('www-authenticate') ?? '', body: await response.text() };
}

describe("tokens of the company's provider, checked by its keys", () => {
  beforeAll(() => start('jwt'), 30_000);
  afterAll(stop);

  it('let people in with role, groups and scopes of their claims', async () => {
    const answer = await call(await issuer.token());
    expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('developer')]);
  });

  it('are asked for at the provider, and nothing else of the authorization server is there', async () => {
    const described = await fetch(new URL('/.well-known/oauth-protected-resource/mcp', bridge.url));
    expect(await described.json()).toMatchObject({ resource: bridge.mcpUrl, authorization_servers: [issuer.url] });
    for (const path of [
      '/.well-known/oauth-authorization-server',
      '/oauth/authorize',
      '/oauth/token',
      '/oauth/register',
      '/oauth/callback',
      '/oauth/local',
    ])
      expect([path, (await fetch(new URL(path, bridge.url))).status]).toEqual([path, 404]);
    const refused = await fetch(bridge.mcpUrl, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    expect(refused.headers.get('www-authenticate')).toContain('resource_metadata="');
  });

  it.each([
    { what: 'for another resource', claims: { aud: 'https://other.example.com/mcp' }, says: 'another resource' },
    { what: 'of another issuer', claims: { iss: 'https://other.example.com' }, says: 'another issuer' },
    { what: 'that has expired', claims: { exp: Math.floor(Date.now() / 1000) - 60 }, says: 'expired' },
    { what: 'without an end', claims: { exp: undefined }, says: 'exp' },
    { what: 'without a subject', claims: { sub: undefined }, says: 'sub' },
    { what: 'that is a logout token', claims: {}, header: { typ: 'logout+jwt' }, says: 'logout+jwt' },
  ])('$what are refused', async ({ claims, header, says }) => {
    const { status, challenge, body } = await call(await issuer.token(claims, header));
    expect([status, body]).toEqual([401, expect.stringContaining(says)]);
    expect(challenge).toContain('error="invalid_token"');
  });

  it('of a foreign key, without a signature, or edited are refused', async () => {
    const good = await issuer.token();
    const [head = '', payload = '', signature = ''] = good.split('.');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const richer = Buffer.from(JSON.stringify({ ...claims, roles: ['platform'] })).toString('base64url');
    const hmac = await issuer.token({}, { alg: 'ES256' });
    for (const bad of [
      await issuer.token({}, {}, 'foreign key'),
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${head}.${richer}.${signature}`,
      `${hmac}x`,
      'a.b.c',
    ]) {
      expect([bad, (await call(bad)).status]).toEqual([bad, 401]);
    }
    expect((await call(good)).status).toBe(200);
  });

  it('of people without a role that signs in are told which claim was looked at', async () => {
    for (const roles of [['guests'], ['nothing'], undefined]) {
      const { status, body } = await call(await issuer.token({ roles }));
      expect([status, body]).toEqual([403, expect.stringContaining('org_access_denied')]);
      expect(body).toContain('claim roles');
    }
  });

  it('lack what their scopes do not say, and a client can ask for more', async () => {
    const token = await issuer.token({ scope: 'runtime:read', scp: ['other'] });
    const response = await fetch(new URL('/api/v1/snapshots', bridge.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"file":"a.js","line":1}',
    });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('scope="runtime:read runtime:capture"');
  });

  it('of a person who was disabled here are refused with the next request', async () => {
    const token = await issuer.token({ sub: 'leaver' });
    expect((await call(token)).status).toBe(200);
    await askControl(bridge.directory, 'people.disable', { org: 'default', subject: 'user:leaver' });
    const { status, body } = await call(token);
    expect([status, body]).toEqual([401, expect.stringContaining('disabled')]);
  });

  it('never carry our own keys to the provider', async () => {
    const before = issuer.requests.length;
    expect((await call('slk_12345678_notakeyofours')).status).toBe(401);
    expect((await call(bridge.readKey)).status).toBe(200);
    expect(issuer.requests.slice(before)).toEqual([]);
  });

  it('cannot be checked while the provider is down and its keys are not known, which is no 401', async () => {
    const token = await issuer.token();
    await bridge.close();
    bridge = await startBridge({ policies: policies.directory, port: bridge.url.port });
    issuer.isDown = true;
    expect((await call(token)).status).toBe(503);
    issuer.isDown = false;
    expect((await call(token)).status).toBe(200);
  });
});

describe("tokens of the company's provider, checked by asking it", () => {
  beforeAll(() => start('introspection'), 30_000);
  afterAll(stop);
  const active = () => ({
    ...{ iss: issuer.url, aud: [`${bridge.url.origin}/mcp`], sub: 'ada', exp: Math.floor(Date.now() / 1000) + 600 },
    ...{ roles: ['platform'], scope: 'sidelight.admin runtime:read' },
  });

  it('let people in while they are active, and end at once when they are revoked there', async () => {
    issuer.opaque.set('opaque-token', active());
    expect(await call('opaque-token')).toMatchObject({ status: 200, body: expect.stringContaining('company_admin') });
    issuer.opaque.delete('opaque-token');
    expect((await call('opaque-token')).status).toBe(401);
  });

  it('that are for another resource, of another issuer, of nobody or past their end are refused', async () => {
    for (const wrong of [
      { aud: 'https://other' },
      { aud: undefined },
      { iss: 'https://other' },
      { sub: undefined },
      { exp: 1 },
    ]) {
      issuer.opaque.set('token', { ...active(), ...wrong });
      expect([wrong, (await call('token')).status]).toEqual([wrong, 401]);
    }
  });

  it('are asked about no more than 300 times a minute where they are not good, however many come at once', async () => {
    issuer.opaque.set('known', active());
    expect((await call('known')).status).toBe(200);
    const before = issuer.requests.length;
    const answers = await Promise.all(Array.from({ length: 400 }, (_, index) => call(`junk-${index}`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
    expect(issuer.requests.length - before).toBeLessThanOrEqual(300);
    expect((await call('known')).status).toBe(200);
  });
});

describe('an answer of the provider that may be remembered', () => {
  beforeAll(() => start('introspection', { cache_seconds: 60 }), 30_000);
  afterAll(stop);

  it('is asked for once', async () => {
    issuer.opaque.set('token', {
      ...{ aud: `${bridge.url.origin}/mcp`, sub: 'ada', roles: ['engineering'], scope: 'runtime:read' },
    });
    const before = issuer.requests.filter((request) => request === 'POST /introspect').length;
    for (let turn = 0; turn < 3; turn += 1) expect((await call('token')).status).toBe(200);
    expect(issuer.requests.filter((request) => request === 'POST /introspect').length).toBe(before + 1);
  });
});
