import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { signIn } from './sdk-clients.ts';
import { createBrowser } from './sign-in/browser.ts';
import { type OAuthWorld, oauthWorld, storages } from './world.ts';

describe.each(storages)('a code, over $engine', ({ engine }) => {
  let world: OAuthWorld;
  let clientId: string;
  beforeAll(async () => {
    world = await oauthWorld({ engine });
    clientId = String((await world.client.register()).body.client_id);
  });
  afterAll(() => world.close());
  afterEach(() => void vi.useRealTimers());

  it('is redeemed for tokens of our own form, which call tools', async () => {
    const { client } = world;
    const redeemable = await client.code(clientId);
    expect(redeemable.code).toMatch(/^slc_[0-9A-Za-z]{39}$/);
    const tokens = await client.redeem(redeemable);
    expect(tokens).toMatchObject({ status: 200, expires_in: 3600 });
    expect(tokens.access_token).toMatch(/^sla_[0-9A-Za-z]{39}$/);
    expect(tokens.refresh_token).toMatch(/^slr_[0-9A-Za-z]{39}$/);
    expect((await client.call(tokens.access_token)).status).toBe(200);
  });

  it('is good for 60 seconds', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { client } = world;
    const start = Math.ceil(Date.now() / 1000) * 1000;
    vi.setSystemTime(start);
    const [soon, late] = [await client.code(clientId), await client.code(clientId)];
    vi.setSystemTime(start + 59_000);
    expect((await client.redeem(soon)).status).toBe(200);
    vi.setSystemTime(start + 61_000);
    expect(await client.redeem(late)).toMatchObject({ status: 400, error: 'invalid_grant' });
  });

  it('that is shown twice takes back what the first got', async () => {
    const { client } = world;
    const redeemable = await client.code(clientId);
    const tokens = await client.redeem(redeemable);
    expect((await client.call(tokens.access_token)).status).toBe(200);
    expect(await client.redeem(redeemable)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect((await client.call(tokens.access_token)).status).toBe(401);
    expect(await client.refresh(tokens.refresh_token, clientId)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect((await world.events()).at(-1)).toMatchObject({
      ...{ event: 'token_reuse_detected', decision: 'refused', subject: 'user:alice', clientId },
    });
  });

  it('goes to at most one of 50 who redeem it at once, and then to nobody', async () => {
    const { client } = world;
    const redeemable = await client.code(clientId);
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.redeem(redeemable)));
    const got = answers.filter(({ status }) => status === 200);
    expect(got.length).toBeLessThanOrEqual(1);
    expect(answers.filter(({ error }) => error === 'invalid_grant').length).toBe(50 - got.length);
    for (const { access_token, refresh_token } of got) {
      expect((await client.call(access_token)).status).toBe(401);
      expect((await client.refresh(refresh_token, clientId)).error).toBe('invalid_grant');
    }
  });

  it.each([
    { title: 'another verifier', changes: { code_verifier: randomBytes(32).toString('base64url') } },
    { title: 'no verifier', changes: { code_verifier: undefined } },
    { title: 'another redirect', changes: { redirect_uri: 'http://127.0.0.1:10/callback' } },
  ])('is not redeemed with $title', async ({ changes }) => {
    const redeemable = await world.client.code(clientId);
    expect(await world.client.redeem(redeemable, changes)).toMatchObject({ status: 400, error: 'invalid_grant' });
  });

  it('is not redeemed by another client', async () => {
    const redeemable = await world.client.code(clientId);
    const other = String((await world.client.register()).body.client_id);
    expect(await world.client.redeem({ ...redeemable, clientId: other })).toMatchObject({ status: 400, error: 'invalid_grant' });
  });

  it.each([
    { title: 'without PKCE', changes: { code_challenge: undefined, code_challenge_method: undefined } },
    { title: 'with plain PKCE', changes: { code_challenge_method: 'plain' } },
    { title: 'with PKCE of no named method', changes: { code_challenge_method: undefined } },
    { title: 'for a token instead of a code', changes: { response_type: 'token' } },
  ])('is not given out to a request $title', async ({ changes }) => {
    await expect(world.client.code(clientId, changes)).rejects.toThrow(/invalid_request|unsupported_response_type/);
  });

  it('is not given out for another resource', async () => {
    await expect(world.client.code(clientId, { resource: 'https://api.example.com/mcp' })).rejects.toThrow('invalid_target');
  });

  it.each([
    { title: 'as it is', resource: (url: string) => url },
    { title: 'with a slash at its end', resource: (url: string) => `${url}/` },
    { title: 'left out', resource: () => undefined },
  ])('is given out for /mcp, $title', async ({ resource }) => {
    const tokens = await world.client.tokens({ resource: resource(world.bridge.mcpUrl) });
    expect((await world.client.call(tokens.access_token)).status).toBe(200);
  });

  it('is given out to a client that asks for nothing in particular', async () => {
    const tokens = await world.client.tokens({ scope: undefined });
    expect(tokens.scope.split(' ').sort()).toEqual(['runtime:capture', 'runtime:read']);
  });

  it('names its issuer, as an error does', async () => {
    const { url } = world.client.authorizeUrl(clientId);
    expect((await signIn(url)).get('iss')).toBe(world.bridge.url.origin);
    world.people.consents = [];
    const denied = await signIn(world.client.authorizeUrl(clientId).url);
    world.people.consents = undefined;
    expect(Object.fromEntries(denied)).toMatchObject({
      error: 'access_denied',
      iss: world.bridge.url.origin,
      state: 'the-state',
    });
    expect((await world.events()).at(-1)).toMatchObject({
      event: 'consent_denied',
      decision: 'refused',
      reason: 'access_denied',
    });
  });

  it('is not given out to a person who is out', async () => {
    const browser = createBrowser();
    world.people.change('default/user:bob', { disabledAt: 1 });
    world.people.next = 'default/user:bob';
    await expect(world.client.code(clientId, {}, browser)).rejects.toThrow();
    world.people.next = 'default/user:alice';
  });
});
