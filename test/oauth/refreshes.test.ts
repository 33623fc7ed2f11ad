import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { alice } from './people.ts';
import { type OAuthWorld, oauthWorld, storages } from './world.ts';

const strict = 'mode: local\nsign_in:\n  refresh_overlap_seconds: 0\n';
const day = 86_400_000;

describe.each(storages)('a refresh token, over $engine', ({ engine }) => {
  let world: OAuthWorld;
  beforeAll(async () => {
    world = await oauthWorld({ engine });
  });
  afterAll(() => world.close());
  afterEach(() => void vi.useRealTimers());

  it('is exchanged for new ones, with the person asked for again', async () => {
    const { client, people } = world;
    const first = await client.tokens();
    people.rechecked.length = 0;
    const next = await client.refresh(first.refresh_token, first.clientId);
    expect(next).toMatchObject({ status: 200, expires_in: 3600 });
    expect(next.refresh_token).not.toBe(first.refresh_token);
    expect(people.rechecked).toEqual([alice]);
    for (const token of [first.access_token, next.access_token]) expect((await client.call(token)).status).toBe(200);
    expect((await world.events()).slice(-3).map(({ event }) => event)).toEqual([
      'consent_given',
      'token_issued',
      'token_refreshed',
    ]);
  });

  it('serves six windows of one client that refresh at the same time, and no more; all of it is in the audit trail', async () => {
    const { client } = world;
    const { refresh_token, clientId } = await client.tokens();
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.refresh(refresh_token, clientId)));
    const served = answers.filter(({ status }) => status === 200);
    expect(served).toHaveLength(6);
    expect(answers.filter(({ error }) => error === 'invalid_grant')).toHaveLength(44);
    expect(new Set(served.map((each) => each.refresh_token)).size).toBe(6);
    for (const each of served) expect((await client.call(each.access_token)).status).toBe(200);
    const told = (await world.events()).filter((each) => each.clientId === clientId);
    const counted = (decision: string) =>
      told.filter((each) => each.event === 'token_reused_in_window' && each.decision === decision).length;
    expect([counted('allowed'), counted('refused')]).toEqual([5, 44]);
    expect(told.filter(({ event }) => event === 'token_refreshed')).toHaveLength(6);
    expect(told.some(({ event }) => event === 'token_reuse_detected')).toBe(false);
    expect((await client.refresh(served[0]?.refresh_token ?? '', clientId)).status).toBe(200);
  });

  it('serves again within the overlap of 60 seconds, and takes everything back after it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const start = Math.ceil(Date.now() / 1000) * 1000;
    vi.setSystemTime(start);
    const { client } = world;
    const { refresh_token, access_token, clientId } = await client.tokens();
    expect((await client.refresh(refresh_token, clientId)).status).toBe(200);
    vi.setSystemTime(start + 59_000);
    const sibling = await client.refresh(refresh_token, clientId);
    expect(sibling.status).toBe(200);
    vi.setSystemTime(start + 60_000);
    expect(await client.refresh(refresh_token, clientId)).toMatchObject({ status: 400, error: 'invalid_grant' });
    for (const token of [access_token, sibling.access_token]) expect((await client.call(token)).status).toBe(401);
    expect((await client.refresh(sibling.refresh_token, clientId)).error).toBe('invalid_grant');
    expect((await world.events()).at(-1)).toMatchObject({ event: 'token_reuse_detected', reason: 'refresh_token', clientId });
  });

  it('lives 30 days, a grant 90, and an access token an hour but never longer than its grant', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const start = Math.ceil(Date.now() / 1000) * 1000;
    vi.setSystemTime(start);
    const { client } = world;
    const first = await client.tokens();
    vi.setSystemTime(start + 3_599_000);
    expect((await client.call(first.access_token)).status).toBe(200);
    vi.setSystemTime(start + 3_600_000);
    expect((await client.call(first.access_token)).status).toBe(401);

    let { refresh_token } = first;
    for (const days of [29.9, 59.8, 89.7]) {
      vi.setSystemTime(start + days * day);
      const next = await client.refresh(refresh_token, first.clientId);
      expect(next.status).toBe(200);
      refresh_token = next.refresh_token;
    }
    vi.setSystemTime(start + 90 * day - 60_000);
    const last = await client.refresh(refresh_token, first.clientId);
    expect(last).toMatchObject({ status: 200, expires_in: 60 });
    vi.setSystemTime(start + 90 * day);
    expect((await client.call(last.access_token)).status).toBe(401);
    expect((await client.refresh(last.refresh_token, first.clientId)).error).toBe('invalid_grant');

    vi.setSystemTime(start);
    const idle = await client.tokens();
    vi.setSystemTime(start + 30 * day);
    expect((await client.refresh(idle.refresh_token, idle.clientId)).error).toBe('invalid_grant');
  });

  it('is refused, and not used up, while the provider says that the person is out', async () => {
    const { client, people } = world;
    const { refresh_token, access_token, clientId } = await client.tokens();
    const { recheck } = people.accounts;
    people.accounts.recheck = async () => undefined;
    expect(await client.refresh(refresh_token, clientId)).toMatchObject({ status: 400, error: 'invalid_grant' });
    people.accounts.recheck = recheck;
    expect((await client.refresh(refresh_token, clientId)).status).toBe(200);
    expect((await client.call(access_token)).status).toBe(200);
  });

  it('is no use to another client, nor for more than was consented to', async () => {
    const { client } = world;
    const { refresh_token, clientId } = await client.tokens({ scope: 'runtime:read' });
    const other = String((await client.register()).body.client_id);
    expect((await client.refresh(refresh_token, other)).error).toBe('invalid_grant');
    expect((await client.refresh(refresh_token, clientId, { scope: 'runtime:read runtime:capture' })).error).toBe(
      'invalid_scope',
    );
    expect((await client.refresh(refresh_token, clientId)).scope).toBe('runtime:read');
  });

  it('is refused once after its holder was asked for more, so that the v1 SDK asks its person', async () => {
    const { client } = world;
    const { refresh_token, access_token, clientId } = await client.tokens({ scope: 'runtime:read' });
    const refused = await client.call(access_token, 'take_snapshot');
    expect(refused.status).toBe(403);
    expect(await client.refresh(refresh_token, clientId)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect((await client.refresh(refresh_token, clientId)).status).toBe(200);
  });

  it('is exchanged as ever 15 seconds after its holder was asked for more', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { client } = world;
    const { refresh_token, access_token, clientId } = await client.tokens({ scope: 'runtime:read' });
    expect((await client.call(access_token, 'take_snapshot')).status).toBe(403);
    vi.setSystemTime(Date.now() + 15_000);
    expect((await client.refresh(refresh_token, clientId)).status).toBe(200);
  });
});

describe.each(storages)('a refresh token without overlap, over $engine', ({ engine }) => {
  let world: OAuthWorld;
  beforeAll(async () => {
    world = await oauthWorld({ engine, identity: strict });
  });
  afterAll(() => world.close());

  it('goes to at most one of 50 who use it at once, and then to nobody', async () => {
    const { client } = world;
    const { refresh_token, access_token, clientId } = await client.tokens();
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.refresh(refresh_token, clientId)));
    const got = answers.filter(({ status }) => status === 200);
    expect(got.length).toBeLessThanOrEqual(1);
    expect(answers.filter(({ error }) => error === 'invalid_grant').length).toBe(50 - got.length);
    for (const token of [access_token, ...got.map((each) => each.access_token)]) {
      expect((await client.call(token)).status).toBe(401);
    }
    for (const each of got) expect((await client.refresh(each.refresh_token, clientId)).error).toBe('invalid_grant');
  });

  it('takes everything back when it is used a second time', async () => {
    const { client } = world;
    const { refresh_token, access_token, clientId } = await client.tokens();
    const next = await client.refresh(refresh_token, clientId);
    expect((await client.refresh(refresh_token, clientId)).error).toBe('invalid_grant');
    for (const token of [access_token, next.access_token]) expect((await client.call(token)).status).toBe(401);
  });
});
