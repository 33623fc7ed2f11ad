import { afterEach, describe, expect, it, vi } from 'vitest';
import { type OAuthWorld, oauthWorld } from './world.ts';

let world: OAuthWorld;
afterEach(async () => {
  vi.restoreAllMocks();
  await world?.close();
});

// In a file of its own: what oidc-provider says while it is loaded is said once in a process.
describe('the bridge', () => {
  it('says nothing on the console while people sign in and things go wrong', async () => {
    const spoken: unknown[] = [];
    for (const how of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      vi.spyOn(console, how).mockImplementation((...words) => void spoken.push(words));
    }
    const streams = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((chunk) => {
        spoken.push(String(chunk));
        return true;
      }),
    );
    world = await oauthWorld();
    const tokens = await world.client.tokens();
    await world.client.refresh(tokens.refresh_token, tokens.clientId);
    await world.client.refresh('slr_x', tokens.clientId);
    await world.client.register({ redirect_uris: ['https://evil.example.com/'] });
    await fetch(world.client.authorizeUrl('https://client.example.com/x.json').url);
    for (const stream of streams) stream.mockRestore();
    expect(spoken).toEqual([]);
  });
});
