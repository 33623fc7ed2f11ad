import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBrowser } from './sign-in/browser.ts';
import { type OAuthWorld, oauthWorld, storages } from './world.ts';

describe.each(storages)('a sign-in, over $engine', ({ engine }) => {
  let world: OAuthWorld;
  beforeAll(async () => {
    world = await oauthWorld({ engine });
  });
  afterAll(() => world.close());

  it('goes on although the bridge restarts between any two of its steps', async () => {
    const clientId = String((await world.client.register()).body.client_id);
    await world.restart();
    const { url, verifier } = world.client.authorizeUrl(clientId);
    const browser = createBrowser();
    let next = url.href;
    let steps = 0;
    for (;;) {
      const response = await browser.request(next);
      const location = new URL(response.headers.get('location') ?? '', next);
      if (location.pathname === '/callback') {
        next = location.href;
        break;
      }
      next = location.href;
      steps += 1;
      await world.restart();
    }
    expect(steps).toBe(4);
    const code = new URL(next).searchParams.get('code') ?? '';
    const tokens = await world.client.redeem({ code, verifier, clientId });
    expect(tokens.status).toBe(200);
    await world.restart();
    expect((await world.client.call(tokens.access_token)).status).toBe(200);
    const refreshed = await world.client.refresh(tokens.refresh_token, clientId);
    expect(refreshed.status).toBe(200);
    await world.restart();
    expect(await world.client.revoke(refreshed.access_token, clientId)).toBe(200);
    await world.restart();
    expect((await world.client.call(refreshed.access_token)).status).toBe(401);
  }, 120_000);
});
