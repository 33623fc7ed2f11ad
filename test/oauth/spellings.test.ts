import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redirectUri } from './flow.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

let world: OAuthWorld;
beforeAll(async () => {
  world = await oauthWorld();
});
afterAll(() => world.close());

/** The status of a path that is sent as it is written; `fetch` would tidy some of these. */
function statusOf(method: string, path: string, body = ''): Promise<number> {
  const { port } = world.bridge.url;
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      response.on('end', () => resolve(response.statusCode ?? 0)).resume();
    });
    sent.on('error', reject).end(body);
  });
}

describe('a path of the authorization server in another spelling', () => {
  it.each([
    ...['/oauth/Register', '/OAUTH/register', '/oauth/register/', '/oauth//register', '/oauth/register//', '//oauth/register'],
    ...['/oauth/register%2f', '/oauth/%72egister', '/oauth/./register', '/oauth/reg%C4%B1ster'],
  ])('registers nobody at %s', async (path) => {
    const before = (await world.events()).length;
    expect(await statusOf('POST', path, JSON.stringify({ redirect_uris: [redirectUri] }))).toBe(404);
    expect(await world.events()).toHaveLength(before);
  });

  it.each([
    ...['/oauth/AUTHORIZE', '/oauth/authorize/', '/OAUTH/authorize', '/oauth/authorize/x/', '/oauth/authorize/x/y'],
    ...['/OAUTH/interaction/x', '/oauth/interaction/x/', '/oauth/Interaction/x', '/oauth/interaction', '/oauth/interaction/'],
    ...[
      '/oauth/Callback',
      '/oauth/LOCAL',
      '/oauth/local/',
      '/oauth/JWKS',
      '/oauth/session/end',
      '/oauth/reg',
      '/oauth',
      '/oauth/',
    ],
  ])('shows nothing at %s', async (path) => {
    const { search } = world.client.authorizeUrl('nobody').url;
    expect(await statusOf('GET', path + search)).toBe(404);
  });

  it('is served as it is written in the description', async () => {
    const { body } = await world.client.register();
    const { pathname, search } = world.client.authorizeUrl(String(body.client_id)).url;
    expect(await statusOf('GET', pathname + search)).toBe(303);
    expect(await statusOf('GET', '/oauth/jwks')).toBe(200);
  });
});

describe('a path of the API in another spelling', () => {
  it.each(['/API/V1/keys', '/api/v1/Keys', '/api/v1/keys/', '/api/V1/status', '/api/v1/status/', '/api/v1/openapi.json/'])(
    'is nothing at %s',
    async (path) => {
      const { origin } = world.bridge.url;
      const response = await fetch(origin + path, { headers: { Authorization: `Bearer ${world.bridge.fullKey}` } });
      expect(response.status).toBe(404);
    },
  );
});

describe('a response mode', () => {
  it.each(['form_post', 'fragment', 'web_message', 'form_post.jwt', 'FORM_POST'])(
    '%s is refused in the query of the redirect, without a page that posts',
    async (response_mode) => {
      const { body } = await world.client.register();
      const { url } = world.client.authorizeUrl(String(body.client_id), { response_mode });
      const response = await fetch(url, { redirect: 'manual' });
      expect(await response.text()).not.toContain('<form');
      const location = new URL(String(response.headers.get('location')));
      expect(location.href.startsWith(redirectUri)).toBe(true);
      expect(location.searchParams.get('error')).toBe('unsupported_response_mode');
    },
  );

  it('that is refused for another reason is no way to such a page either', async () => {
    const { body } = await world.client.register();
    const { url } = world.client.authorizeUrl(String(body.client_id), { response_mode: 'form_post', code_challenge: undefined });
    url.searchParams.append('response_mode', 'form_post');
    const response = await fetch(url, { redirect: 'manual' });
    expect(await response.text()).not.toContain('<form');
  });

  it('is query, by name or without, and the description says no other', async () => {
    const { body } = await world.client.register();
    const { code } = await world.client.code(String(body.client_id), { response_mode: 'query' });
    expect(code).toMatch(/^slc_/);
    const about = await fetch(`${world.bridge.url.origin}/.well-known/oauth-authorization-server`);
    expect(await about.json()).toMatchObject({ response_modes_supported: ['query'] });
  });
});
