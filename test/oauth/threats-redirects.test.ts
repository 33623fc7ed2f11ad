import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { modernClient, signIn } from './sdk-clients.ts';
import { createBrowser } from './sign-in/browser.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

let world: OAuthWorld;
beforeAll(async () => {
  world = await oauthWorld();
});
afterAll(() => world.close());

describe('threat 7, a code sent to a stranger', () => {
  const registered = ['http://127.0.0.1/callback', 'https://claude.ai/api/mcp/auth_callback'];

  it.each([
    ...[
      'https://evil.example.com/callback',
      'http://evil.example.com/callback',
      'https://claude.ai.evil.example.com/api/mcp/auth_callback',
    ],
    ...['https://claude.ai@evil.example.com/api/mcp/auth_callback', 'https://claude.ai/api/mcp/auth_callback/../../../evil'],
    ...['https://claude.ai/api/mcp/auth_callback?next=https://evil.example.com', 'https://claude.ai/api/mcp/auth_callback#x'],
    ...[
      'https://claude.ai:8443/api/mcp/auth_callback',
      'HTTPS://CLAUDE.AI/api/mcp/auth_callback',
      '//claude.ai/api/mcp/auth_callback',
    ],
    ...['https://claude.ai\\@evil.example.com/api/mcp/auth_callback', 'https:claude.ai/api/mcp/auth_callback'],
    ...['http://127.0.0.1:9/callback/x', 'http://127.0.0.1:9/callback?x', 'http://127.0.0.1@evil.example.com/callback'],
    ...[
      'http://127.0.0.1.evil.example.com/callback',
      'http://127.1/callback',
      'http://0x7f000001/callback',
      'http://2130706433/callback',
    ],
    ...['http://[::1]:9/callback', 'http://localhost:9/callback', 'https://127.0.0.1:9/callback', 'http://127.0.0.2/callback'],
    ...[
      'javascript:alert(1)',
      'data:text/html,x',
      'cursor://anysphere.cursor-mcp/oauth/callback',
      ' http://127.0.0.1:9/callback',
    ],
    undefined,
  ])('is not: a client of two redirects that asks for %j is shown an error here, and nobody is sent anywhere', async (uri) => {
    const { body } = await world.client.register({ redirect_uris: registered });
    const { url } = world.client.authorizeUrl(String(body.client_id), { redirect_uri: uri });
    const response = await createBrowser().request(url.href);
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.json()).toMatchObject({ error: expect.stringMatching(/^invalid_(?:redirect_uri|request)$/) });
  });

  it('is not, twice over: a request that names one redirect of its own and one of a stranger is refused', async () => {
    const { body } = await world.client.register({ redirect_uris: registered });
    const { url } = world.client.authorizeUrl(String(body.client_id), { redirect_uri: registered[0] });
    url.searchParams.append('redirect_uri', 'https://evil.example.com/callback');
    const response = await createBrowser().request(url.href);
    expect({ status: response.status, location: response.headers.get('location') }).toEqual({ status: 400, location: null });
  });

  it.each([
    { title: 'of no known client', changes: { client_id: 'client_nobody' } },
    { title: 'by a document that lies nowhere', changes: { client_id: 'https://169.254.169.254/x.json' } },
  ])('is not an error either: a request $title is answered here', async ({ changes }) => {
    const { url } = world.client.authorizeUrl('x', { ...changes, redirect_uri: 'https://evil.example.com/callback' });
    const response = await createBrowser().request(url.href);
    expect({ status: response.status, location: response.headers.get('location') }).toEqual({ status: 400, location: null });
  });
});

describe('threat 21, a client that takes one server for another', () => {
  afterEach(() => {
    world.people.consents = undefined;
  });

  it.each([
    { of: 'another issuer', change: (answer: URLSearchParams) => answer.set('iss', 'https://evil.example.com') },
    { of: 'no issuer', change: (answer: URLSearchParams) => answer.delete('iss') },
  ])('is warned: the v2 SDK takes no answer of $of, because the server says that it names itself', async ({ change }) => {
    const client = modernClient(world.bridge.mcpUrl, undefined, {
      redirectUri: 'http://127.0.0.1:9/callback',
      async signIn(url) {
        const answer = await signIn(url);
        change(answer);
        return answer;
      },
    });
    await expect(client.connect()).rejects.toThrow(/iss/i);
    expect(client.kept.tokens).toBeUndefined();
    await client.close();
  });

  it('reads the issuer on every way out: a code, a denial, a request that cannot be', async () => {
    const clientId = String((await world.client.register()).body.client_id);
    const { origin } = world.bridge.url;
    const answers = [await signIn(world.client.authorizeUrl(clientId).url)];
    world.people.consents = [];
    answers.push(await signIn(world.client.authorizeUrl(clientId).url));
    for (const changes of [{ resource: 'https://other.example.com/mcp' }, { code_challenge: undefined }, { prompt: 'none' }])
      answers.push(await signIn(world.client.authorizeUrl(clientId, changes as Record<string, string | undefined>).url));
    expect(answers.map((answer) => answer.get('error'))).toEqual([
      null,
      'access_denied',
      'invalid_target',
      'invalid_request',
      'login_required',
    ]);
    for (const answer of answers) expect(answer.get('iss')).toBe(origin);
  });
});
