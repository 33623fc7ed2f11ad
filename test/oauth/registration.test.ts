import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { cleanClientName } from '../../src/oauth/client-names.ts';
import { createTestClock } from '../helpers/clock.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres, postgresWorld } from '../storage/engines.ts';
import { redirectUri } from './flow.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

const hour = 3_600_000;

describe('a client that registers itself', () => {
  let world: OAuthWorld;
  beforeAll(async () => {
    world = await oauthWorld();
  });
  afterAll(() => world.close());
  afterEach(() => void vi.useRealTimers());

  it.each(['https://claude.ai@evil.example.com/callback', 'javascript:alert(1)', 7])(
    'cannot have codes sent to %j',
    async (uri) => {
      const { status, body } = await world.client.register({ redirect_uris: [redirectUri, uri] });
      expect({ status, error: body.error }).toEqual({ status: 400, error: 'invalid_redirect_uri' });
      expect(body.error_description).toContain('is refused');
    },
  );

  it.each([
    'http://127.0.0.1/callback',
    'cursor://anysphere.cursor-retrieval/oauth/user-sidelight/callback',
    'https://claude.ai/api/mcp/auth_callback',
  ])('can have codes sent to %s', async (uri) => {
    expect((await world.client.register({ redirect_uris: [uri] })).status).toBe(201);
  });

  it('on loopback is sent its code on any port, and on no other path', async () => {
    const { body } = await world.client.register({ redirect_uris: ['http://127.0.0.1/callback'] });
    const clientId = String(body.client_id);
    const { code } = await world.client.code(clientId, { redirect_uri: 'http://127.0.0.1:9/callback' });
    expect(code).toMatch(/^slc_/);
    await expect(world.client.code(clientId, { redirect_uri: 'http://127.0.0.1:9/other' })).rejects.toThrow(
      'invalid_redirect_uri',
    );
    await expect(world.client.code(clientId, { redirect_uri: 'http://localhost:9/callback' })).rejects.toThrow(
      'invalid_redirect_uri',
    );
  });

  it('is answered with what it is here, whatever it said', async () => {
    const { status, body } = await world.client.register({
      client_name: 'Cl\u202eaude\u0000 \n\u200bCode ﬁ',
      logo_uri: 'https://evil.example.com/pixel.png',
      tos_uri: 'javascript:alert(1)',
      client_uri: 'javascript:alert(1)',
      scope: 'runtime:read',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code', 'client_credentials'],
      response_types: ['code', 'token'],
      application_type: 'web',
      ...{ software_id: 'x', sidelight_shape: 'x' },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      client_id: expect.stringMatching(/^client_[0-9A-Za-z]{22}$/),
      client_name: 'Claude Code fi',
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
    for (const name of ['logo_uri', 'tos_uri', 'client_uri', 'scope', 'client_secret', 'sidelight_shape', 'software_id'])
      expect(body).not.toHaveProperty(name);
    expect((await world.events()).at(0)).toMatchObject({ event: 'client_registered' });
  });

  it('can ask for more than the scopes it registered with', async () => {
    const { body } = await world.client.register({ scope: 'runtime:read' });
    const tokens = await world.client.redeem(await world.client.code(String(body.client_id), { scope: 'runtime:capture' }));
    expect(tokens.scope).toBe('runtime:capture');
  });

  it('with a secret must show it', async () => {
    const { body } = await world.client.register({ token_endpoint_auth_method: 'client_secret_post' });
    const [clientId, secret] = [String(body.client_id), String(body.client_secret)];
    expect(secret.length).toBeGreaterThan(40);
    const redeem = async (changes: Record<string, string>) => world.client.redeem(await world.client.code(clientId), changes);
    expect(await redeem({})).toMatchObject({ status: 401, error: 'invalid_client' });
    expect(await redeem({ client_secret: `${secret}x` })).toMatchObject({ status: 401, error: 'invalid_client' });
    expect((await redeem({ client_secret: secret })).status).toBe(200);
  });

  it('is forgotten after a day in which nobody signed in through it, and kept for its grants otherwise', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const start = Date.now();
    const used = await world.client.tokens();
    const unused = String((await world.client.register()).body.client_id);
    vi.setSystemTime(start + 24 * hour - 1_000);
    expect((await fetch(world.client.authorizeUrl(unused).url, { redirect: 'manual' })).status).toBe(303);
    vi.setSystemTime(start + 24 * hour + 1_000);
    const late = await fetch(world.client.authorizeUrl(unused).url, { redirect: 'manual' });
    expect({ status: late.status, body: await late.json() }).toMatchObject({ status: 400, body: { error: 'invalid_client' } });
    expect((await world.client.refresh(used.refresh_token, used.clientId)).status).toBe(200);
  });

  it('is shown to its person as what it is', async () => {
    await world.client.tokens();
    expect(world.people.shown).toMatchObject({
      step: 'consent',
      accountId: 'default/user:alice',
      client: { name: 'By hand', known: 'self_registered', redirectUri },
      scopes: ['runtime:read', 'runtime:capture'],
    });
  });

  it.each([{ redirect_uris: 'http://127.0.0.1/' }, { redirect_uris: [] }, { redirect_uris: Array(21).fill(redirectUri) }])(
    'is refused with %j',
    async (metadata) => {
      expect((await world.client.register(metadata)).status).toBe(400);
    },
  );
});

describe.runIf(hasPostgres)('what nobody can use any more', () => {
  it('is deleted by the bridge itself, every ten minutes', async () => {
    const database = await postgresWorld();
    const clock = createTestClock(Date.now());
    const world = await oauthWorld({ clock, settings: { 'database-url': database.url ?? '' } });
    const kept = async () => (await database.db.query("select 1 from oauth_records where model = 'Client'")).length;
    await world.client.register();
    expect(await kept()).toBe(1);
    await until('the client is deleted', async () => {
      clock.advance(12 * hour);
      return (await kept()) === 0 ? true : undefined;
    });
    await world.close();
    await database.close();
  });
});

describe('clients that the operator knows, and registration that is off', () => {
  let world: OAuthWorld;
  beforeAll(async () => {
    vi.stubEnv('SIDELIGHT_TEST_CLIENT_SECRET', 'a-secret-of-the-operator');
    world = await oauthWorld({
      identity: `mode: local
clients:
  registration: false
  metadata_documents: false
  known:
    - { id: n8n, name: Our n8n, redirect_uris: ['https://n8n.example.com/rest/oauth2-credential/callback'], client_secret: { env: SIDELIGHT_TEST_CLIENT_SECRET } }
    - { id: desk, name: Desk, redirect_uris: ['${redirectUri}'] }
`,
    });
  });
  afterAll(() => world.close());

  it('has no endpoint to register at, and says so in its description', async () => {
    expect((await world.client.register()).status).toBe(404);
    const description = await fetch(`${world.bridge.url.origin}/.well-known/oauth-authorization-server`);
    expect(await description.json()).not.toHaveProperty('registration_endpoint');
  });

  it('lets in the clients of the operator, with their own redirects and secrets', async () => {
    const tokens = await world.client.redeem(await world.client.code('desk'));
    expect(tokens.status).toBe(200);
    expect(world.people.shown).toMatchObject({ client: { name: 'Desk', known: 'operator' } });
    const { url } = world.client.authorizeUrl('n8n', { redirect_uri: 'https://n8n.example.com/rest/oauth2-credential/callback' });
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(303);
    const withSecret = async (secret: string) => {
      const response = await fetch(`${world.bridge.url.origin}/oauth/token`, {
        method: 'POST',
        headers: { Authorization: `Basic ${Buffer.from(`n8n:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'slr_nothing' }),
      });
      return (await response.json()) as { error: string };
    };
    expect((await withSecret('a-secret-of-the-operator')).error).toBe('invalid_grant');
    expect((await withSecret('another')).error).toBe('invalid_client');
  });
});

describe('the name of a client', () => {
  it.each([
    { said: 'Claude Code', shown: 'Claude Code' },
    { said: '  a \r\n b\u2028c ', shown: 'a b c' },
    { said: '\u202eevil\u2066\u200d\ufeff', shown: 'evil' },
    { said: '\u001b[31mred', shown: '[31mred' },
    { said: 'ｆｕｌｌ', shown: 'full' },
    { said: 'x'.repeat(500), shown: 'x'.repeat(80) },
    { said: '😀'.repeat(100), shown: '😀'.repeat(80) },
    { said: '\u200b\u3164', shown: undefined },
    { said: 7, shown: undefined },
  ])('%j is shown as one harmless line', ({ said, shown }) => {
    expect(cleanClientName(said)).toBe(shown);
  });
});
