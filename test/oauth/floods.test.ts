import { afterEach, describe, expect, it } from 'vitest';
import { rateLimit } from '../../src/http/rate-limit.ts';
import { makeToken } from '../../src/identity/token-form.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createTestClock } from '../helpers/clock.ts';
import { redirectUri } from './flow.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

/** The minute that is counted does not end, however slow the machine is. */
const clock: Clock = { ...systemClock, monotonic: () => 0 };

describe('a flood', () => {
  let world: OAuthWorld;
  afterEach(() => world.close());

  it('of registrations is stopped at 60 a minute, with the seconds to wait; tokens go on', async () => {
    world = await oauthWorld({ clock });
    const { access_token } = await world.client.tokens();
    const answers = await Promise.all(Array.from({ length: 70 }, () => world.client.register()));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(59);
    const response = await fetch(`${world.bridge.url.origin}/oauth/register`, {
      method: 'POST',
      headers: { Origin: 'https://x.example' },
    });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect((await world.client.call(access_token)).status).toBe(200);
  });

  it('of registrations from one address holds up no other address', async () => {
    world = await oauthWorld({ clock, settings: { 'trusted-proxies': '127.0.0.1' } });
    const register = (address: string) =>
      fetch(`${world.bridge.url.origin}/oauth/register`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': address },
        body: JSON.stringify({ redirect_uris: [redirectUri] }),
      });
    await Promise.all(Array.from({ length: 130 }, () => register('192.0.2.1')));
    expect((await register('192.0.2.1')).status).toBe(429);
    expect((await register('192.0.2.2')).status).toBe(201);
  });

  it('of requests for tokens that fail is stopped at 300 a minute, of those for authorization at 120', async () => {
    world = await oauthWorld({ clock });
    const statuses = async (count: number, ask: () => Promise<{ status: number }>) =>
      (await Promise.all(Array.from({ length: count }, ask))).filter(({ status }) => status === 429).length;
    expect(await statuses(310, () => world.client.refresh('slr_x', 'nobody'))).toBe(10);
    expect(await statuses(125, () => fetch(world.client.authorizeUrl('nobody').url))).toBe(5);
  });

  it('of requests for tokens from one address, however long, holds up no other, and none that is good counts', async () => {
    world = await oauthWorld({ clock, settings: { 'trusted-proxies': '127.0.0.1' } });
    const { refresh_token, clientId } = await world.client.tokens();
    const ask = (address: string, token: string) =>
      fetch(`${world.bridge.url.origin}/oauth/token`, {
        method: 'POST',
        headers: { 'X-Forwarded-For': address },
        body: new URLSearchParams({ grant_type: 'refresh_token', client_id: clientId, refresh_token: token }),
      });
    let latest = refresh_token;
    for (let turn = 0; turn < 305; turn += 1) {
      const response = await ask('192.0.2.9', latest);
      expect([turn, response.status]).toEqual([turn, 200]);
      latest = ((await response.json()) as { refresh_token: string }).refresh_token;
    }
    for (let turn = 0; turn < 31; turn += 1) await Promise.all(Array.from({ length: 100 }, () => ask('192.0.2.1', 'slr_x')));
    expect((await ask('192.0.2.1', latest)).status).toBe(429);
    expect((await ask('192.0.2.9', latest)).status).toBe(200);
  }, 120_000);

  it('of tokens that are not good is answered with 429, while one that was good before is served, or told that it ended', async () => {
    world = await oauthWorld({ clock });
    const { access_token, refresh_token, clientId } = await world.client.tokens();
    expect((await world.client.call(access_token)).status).toBe(200);
    const answers = await Promise.all(Array.from({ length: 310 }, () => world.client.call(makeToken('access'))));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(300).fill(401), ...Array(10).fill(429)]);
    expect((await world.client.call(access_token)).status).toBe(200);
    await world.client.revoke(refresh_token, clientId);
    for (let turn = 0; turn < 3; turn += 1) expect((await world.client.call(access_token)).status).toBe(401);
  });

  it('of tokens that are not good, from one address, never hides from another that its token has ended', async () => {
    world = await oauthWorld({ clock, settings: { 'trusted-proxies': '127.0.0.1' } });
    const call = (address: string) =>
      fetch(`${world.bridge.url.origin}/api/v1/status`, {
        headers: { Authorization: `Bearer ${makeToken('access')}`, 'X-Forwarded-For': address },
      });
    for (let turn = 0; turn < 31; turn += 1) await Promise.all(Array.from({ length: 100 }, () => call('192.0.2.1')));
    expect((await call('192.0.2.1')).status).toBe(429);
    expect((await call('192.0.2.2')).status).toBe(401);
  }, 120_000);

  it('of clients that say much of themselves stores nothing: a registration has 8 KiB at most', async () => {
    world = await oauthWorld({ clock });
    const long = (length: number) => Array.from({ length: 4 }, (_, index) => `${redirectUri}${'x'.repeat(length)}${index}`);
    expect((await world.client.register({ redirect_uris: long(1_800) })).status).toBe(201);
    expect((await world.client.register({ redirect_uris: long(2_020) })).status).toBe(413);
    const streamed = await fetch(`${world.bridge.url.origin}/oauth/register`, {
      ...{ method: 'POST', headers: { 'Content-Type': 'application/json' }, duplex: 'half' },
      body: new Blob([JSON.stringify({ redirect_uris: long(2_020) })]).stream(),
    } as RequestInit);
    expect([streamed.status, await streamed.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_client_metadata', error_description: expect.stringContaining('8192 bytes') }),
    ]);
  });

  it('of bytes is not read to its end', async () => {
    world = await oauthWorld({ clock });
    const post = (path: string, type: string, body: string) =>
      fetch(`${world.bridge.url.origin}${path}`, { method: 'POST', headers: { 'Content-Type': type }, body });
    const metadata = JSON.stringify({ redirect_uris: [redirectUri], client_name: 'x'.repeat(60_000) });
    expect((await post('/oauth/register', 'application/json', metadata)).status).toBe(413);
    expect((await post('/oauth/token', 'application/x-www-form-urlencoded', `code=${'x'.repeat(60_000)}`)).status).toBe(413);
    const chunked = await fetch(`${world.bridge.url.origin}/oauth/register`, {
      ...{ method: 'POST', headers: { 'Content-Type': 'application/json' }, duplex: 'half' },
      body: new ReadableStream({
        start(controller) {
          controller.enqueue(Buffer.from(metadata));
          controller.close();
        },
      }),
    } as RequestInit);
    expect(chunked.status).toBe(400);
  });
});

describe('a limit a minute', () => {
  it('counts each address and all together, and begins anew with each minute', () => {
    const clock = createTestClock();
    const count = rateLimit(clock, { address: 2, all: 3 }, 'tries');
    const passes = (address: string | undefined) => {
      try {
        count(address);
        return true;
      } catch (problem) {
        expect(problem).toMatchObject({ details: { code: 'too_busy', data: { retryAfterSeconds: 60 } } });
        return false;
      }
    };
    expect(['a', 'a', 'a', 'b', 'c'].map(passes)).toEqual([true, true, false, true, false]);
    clock.advance(60_000);
    expect(['a', 'b', 'c', 'd'].map(passes)).toEqual([true, true, true, false]);
  });

  it('counts no more than 10,000 addresses, and those beyond as one', () => {
    const count = rateLimit(createTestClock(), { address: 5, all: 1_000_000 }, 'tries');
    for (let turn = 0; turn < 10_000; turn += 1) count(`address ${turn}`);
    for (let turn = 0; turn < 5; turn += 1) count(`late ${turn}`);
    expect(() => count('late 6')).toThrow('too many');
    count('address 7');
  });
});
