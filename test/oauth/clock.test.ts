import { type CryptoKey, decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBrowser } from './sign-in/browser.ts';
import { type OAuthWorld, oauthWorld, storages } from './world.ts';

const second = 1_000;
const day = 86_400 * second;
const id = 'https://client.example.com/signing.json';

let start: number;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  start = Math.ceil(Date.now() / second) * second;
  vi.setSystemTime(start);
});
afterEach(() => void vi.useRealTimers());

/** So long after the test began. */
const letPass = (ms: number) => void vi.setSystemTime(start + ms);

describe.each(storages)('to the second, over $engine', ({ engine }) => {
  let world: OAuthWorld;
  beforeAll(async () => {
    world = await oauthWorld({ engine, identity: 'mode: local\nsign_in:\n  refresh_overlap_seconds: 10\n' });
  });
  afterAll(() => world.close());

  it('a refresh token that nobody used lives 30 days, and its successor 30 more', async () => {
    const { client } = world;
    const [kept, late] = [await client.tokens(), await client.tokens()];
    letPass(30 * day - second);
    const next = await client.refresh(kept.refresh_token, kept.clientId);
    expect(next.status).toBe(200);
    letPass(30 * day);
    expect(await client.refresh(late.refresh_token, late.clientId)).toMatchObject({ status: 400, error: 'invalid_grant' });
    letPass(60 * day - 2 * second);
    expect((await client.refresh(next.refresh_token, kept.clientId)).status).toBe(200);
  });

  it('an overlap that the operator chose is as long as that', async () => {
    const { client } = world;
    const { refresh_token, access_token, clientId } = await client.tokens();
    letPass(second);
    expect((await client.refresh(refresh_token, clientId)).status).toBe(200);
    letPass(second + 9_999);
    expect((await client.refresh(refresh_token, clientId)).status).toBe(200);
    expect((await client.call(access_token)).status).toBe(200);
    letPass(second + 10_000);
    expect(await client.refresh(refresh_token, clientId)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect((await client.call(access_token)).status).toBe(401);
  });

  it('a sign-in under way waits ten minutes for its person, at each of its steps', async () => {
    const clientId = String((await world.client.register()).body.client_id);
    for (const steps of [1, 2, 3]) {
      letPass(0);
      const tabs = [createBrowser(), createBrowser()];
      const at = [];
      for (const browser of tabs) {
        let url = world.client.authorizeUrl(clientId).url.href;
        for (let step = 0; step < steps; step += 1) {
          url = new URL((await browser.request(url)).headers.get('location') ?? '', url).href;
        }
        at.push(url);
      }
      letPass(599 * second);
      expect((await tabs[0]?.request(at[0] ?? ''))?.status, `step ${steps}`).toBe(303);
      letPass(601 * second);
      expect([400, 404], `step ${steps}`).toContain((await tabs[1]?.request(at[1] ?? ''))?.status);
    }
  });

  it('an ID token says that it lives an hour, and an access token is no ID token', async () => {
    const tokens = (await world.client.tokens({ scope: 'openid runtime:read' })) as { id_token?: string; access_token: string };
    const { iat = 0, exp = 0 } = decodeJwt(tokens.id_token ?? '');
    expect({ issuedMs: iat * second, lives: exp - iat }).toEqual({ issuedMs: start, lives: 3_600 });
    expect((await world.client.call(tokens.id_token ?? '')).status).toBe(401);
  });
});

describe('what a client signs to prove itself', () => {
  let world: OAuthWorld;
  let key: CryptoKey;
  let count = 0;
  const fetched: string[] = [];
  beforeAll(async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    key = privateKey;
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] };
    const document = {
      ...{ client_id: id, redirect_uris: ['http://127.0.0.1/callback'], token_endpoint_auth_method: 'private_key_jwt' },
      ...{ token_endpoint_auth_signing_alg: 'ES256', jwks_uri: 'https://client.example.com/jwks.json' },
    };
    world = await oauthWorld({
      async fetch(url) {
        fetched.push(url);
        return url === id ? Response.json(document, { headers: { 'cache-control': 'max-age=120' } }) : Response.json(jwks);
      },
    });
  });
  afterAll(() => world.close());

  /** An assertion made at the start of the test. */
  const sign = (livesSeconds: number, claims: { iat?: number; nbf?: number } = {}) => {
    const now = start / second;
    return new SignJWT({
      iss: id,
      sub: id,
      aud: world.bridge.url.origin,
      jti: `${count++}`,
      iat: now,
      exp: now + livesSeconds,
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .sign(key);
  };
  /** What the token endpoint says about the client; a token that nobody has is asked for after the client proved itself. */
  const ask = async (assertion: string) =>
    (
      await world.client.refresh('slr_nothing', id, {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      })
    ).error;

  it('counts until its end and 15 seconds more, for clocks that differ', async () => {
    const [inTime, late] = [await sign(60), await sign(60)];
    letPass(74 * second);
    expect(await ask(inTime)).toBe('invalid_grant');
    letPass(75 * second);
    expect(await ask(late)).toBe('invalid_client');
  });

  it('does not count before its time', async () => {
    const now = start / second;
    expect(await ask(await sign(600, { nbf: now + 14 }))).toBe('invalid_grant');
    expect(await ask(await sign(600, { nbf: now + 16 }))).toBe('invalid_client');
  });

  it('counts once: somebody who heard it cannot say it again, also after a restart', async () => {
    const heard = await sign(60);
    expect(await ask(heard)).toBe('invalid_grant');
    expect(await ask(heard)).toBe('invalid_client');
    await world.restart();
    expect(await ask(heard)).toBe('invalid_client');
  });

  it('is checked against a document that is fetched anew when it says that it is old', async () => {
    await world.restart();
    const authorize = () => fetch(world.client.authorizeUrl(id).url, { redirect: 'manual' });
    fetched.length = 0;
    for (const seconds of [0, 60, 119]) {
      letPass(seconds * second);
      expect((await authorize()).status).toBe(303);
    }
    expect(fetched).toEqual([id]);
    letPass(121 * second);
    expect((await authorize()).status).toBe(303);
    expect(fetched).toEqual([id, id]);
  });
});
