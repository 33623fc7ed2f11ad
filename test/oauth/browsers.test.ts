import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { handClient } from './flow.ts';
import { alice, bob } from './people.ts';
import { signIn } from './sdk-clients.ts';
import { createBrowser } from './sign-in/browser.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

let world: OAuthWorld;
let clientId: string;
let origin: string;
beforeAll(async () => {
  world = await oauthWorld();
  origin = world.bridge.url.origin;
  clientId = String((await world.client.register()).body.client_id);
});
afterAll(() => world.close());
afterEach(() => {
  world.people.next = alice;
  vi.useRealTimers();
});

const personOf = async (params: URLSearchParams, verifier: string) => {
  const { access_token } = await world.client.redeem({ code: params.get('code') ?? '', verifier, clientId });
  return (await world.bridge.bridge.authenticate(access_token, undefined)).subject;
};

/** One step: the request, and where it leads. */
async function step(browser: ReturnType<typeof createBrowser>, url: string): Promise<string> {
  const response = await browser.request(url);
  return new URL(response.headers.get('location') ?? `/status/${response.status}`, url).href;
}

describe('a browser', () => {
  it('never signs the next person in as the one before', async () => {
    const browser = createBrowser();
    const first = world.client.authorizeUrl(clientId);
    expect(await personOf(await signIn(first.url, browser), first.verifier)).toBe('user:alice');
    world.people.next = bob;
    const second = world.client.authorizeUrl(clientId);
    expect(await personOf(await signIn(second.url, browser), second.verifier)).toBe('user:bob');
  });

  it('lets another person in where the one before left without an answer', async () => {
    const browser = createBrowser();
    let at = world.client.authorizeUrl(clientId).url.href;
    for (let turn = 0; turn < 3; turn += 1) at = await step(browser, at);
    expect(at).toContain('/oauth/interaction/');
    world.people.next = bob;
    const second = world.client.authorizeUrl(clientId);
    expect(await personOf(await signIn(second.url, browser), second.verifier)).toBe('user:bob');
    expect(new URL(await step(browser, await step(browser, at))).pathname).toBe('/status/400');
  });

  it('has two sign-ins of one person open in two tabs, and both come to their end', async () => {
    const browser = createBrowser();
    const [a, b] = [world.client.authorizeUrl(clientId), world.client.authorizeUrl(clientId)];
    let [atA, atB] = [a.url.href, b.url.href];
    for (let turn = 0; turn < 4; turn += 1) {
      atA = await step(browser, atA);
      atB = await step(browser, atB);
    }
    [atA, atB] = [await step(browser, atA), await step(browser, atB)];
    expect(await personOf(new URL(atA).searchParams, a.verifier)).toBe('user:alice');
    expect(await personOf(new URL(atB).searchParams, b.verifier)).toBe('user:alice');
  });

  it.each([2, 4])('does not go on as another person who got the name after %i steps', async (steps) => {
    const browser = createBrowser();
    let at = world.client.authorizeUrl(clientId).url.href;
    for (let turn = 0; turn < steps; turn += 1) at = await step(browser, at);
    expect(new URL(at).pathname).toMatch(/^\/oauth\/authorize\/./);
    world.people.change(alice, { firstSeenAt: 1 + steps });
    for (let turn = 0; turn < 4 && at.startsWith(origin); turn += 1) at = await step(browser, at);
    expect(at).not.toContain('code=');
  });

  it('cannot go on with what another one began', async () => {
    const [mine, theirs] = [createBrowser(), createBrowser()];
    const at = await step(mine, world.client.authorizeUrl(clientId).url.href);
    expect((await theirs.request(at)).status).toBe(404);
    const cookie = [...mine.cookies]
      .filter(([key]) => key.includes('sidelight_interaction'))
      .map(([key, { value }]) => `${key.split(' ')[1]}=${value}`)
      .join('; ');
    expect((await fetch(at, { headers: { cookie }, redirect: 'manual' })).status).toBe(303);
    expect((await fetch(`${origin}/oauth/interaction/another`, { headers: { cookie } })).status).toBe(404);
    expect((await fetch(at, { headers: { cookie: cookie.replace(/sig=./, 'sig=') } })).status).toBe(404);
    expect((await mine.request(at)).status).toBe(303);
  });

  it('cannot go on after ten minutes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const browser = createBrowser();
    const at = await step(browser, world.client.authorizeUrl(clientId).url.href);
    vi.setSystemTime(Date.now() + 601_000);
    expect((await browser.request(at)).status).toBe(404);
  });

  it('is asked for consent each time, and gives no more than was asked', async () => {
    world.people.consents = ['runtime:read', 'runtime:capture', 'runtime:admin'];
    for (let turn = 0; turn < 2; turn += 1) {
      world.people.shown = undefined;
      const tokens = await world.client.redeem(await world.client.code(clientId, { scope: 'runtime:read' }));
      expect(world.people.shown).toBeDefined();
      expect(tokens.scope).toBe('runtime:read');
      const [app] = (await world.bridge.bridge.oauth?.grants?.list('default')) ?? [];
      expect(app?.scopes).toEqual(['runtime:read']);
    }
    world.people.consents = undefined;
  });

  it('is told nothing that a client asked to happen without its person', async () => {
    const params = await signIn(world.client.authorizeUrl(clientId, { prompt: 'none' }).url);
    expect(params.get('error')).toBe('login_required');
  });

  it.each(['/oauth/token', '/oauth/register', '/oauth/revoke'])(
    'lets a page of any origin ask %s, without cookies',
    async (path) => {
      const preflight = await fetch(`${origin}${path}`, {
        method: 'OPTIONS',
        headers: { Origin: 'https://inspector.example.com', 'Access-Control-Request-Method': 'POST' },
      });
      expect(preflight.status).toBe(204);
      const response = await fetch(`${origin}${path}`, { method: 'POST', headers: { Origin: 'https://inspector.example.com' } });
      for (const { headers } of [preflight, response]) {
        expect(headers.get('access-control-allow-origin')).toBe('*');
        expect(headers.get('access-control-allow-credentials')).toBeNull();
      }
      expect(response.headers.get('cache-control')).toContain('no-store');
    },
  );

  it.each([
    { from: 'https://evil.example.com', status: 403 },
    { from: 'null', status: 403 },
    { from: 'own', status: 404 },
  ])('on a page of origin $from meets our pages with $status', async ({ from, status }) => {
    const response = await fetch(`${origin}/oauth/interaction/x`, {
      method: 'POST',
      headers: { Origin: from === 'own' ? origin : from },
    });
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('of a foreign page still cannot call tools', async () => {
    const { access_token } = await handClient(origin).tokens();
    const response = await fetch(`${origin}/mcp`, {
      method: 'POST',
      headers: { Origin: 'https://evil.example.com', Authorization: `Bearer ${access_token}` },
    });
    expect(response.status).toBe(403);
  });
});
