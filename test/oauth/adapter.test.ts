import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken, makeToken } from '../../src/identity/token-form.ts';
import { createAdapter } from '../../src/oauth/adapter.ts';
import type { OAuthRecord } from '../../src/oauth/records.ts';
import { tellEvents } from '../../src/oauth/tell-events.ts';
import { createOAuthStore } from '../../src/storage/oauth-store.ts';
import { createTestClock } from '../helpers/clock.ts';
import { engines, silent, type World } from '../storage/engines.ts';

describe.each(engines)('what is used once, over $engine', ({ open }) => {
  let world: World;
  beforeAll(async () => {
    world = await open();
  });
  afterAll(() => world.close());

  /** An adapter of each of two bridges, with what they told. */
  async function two(model: string, refreshOverlapMs: number) {
    const clock = createTestClock();
    const told: string[] = [];
    const settings = {
      ...{ clock, refreshOverlapMs },
      foundUsed: () => void told.push('found used'),
      reusedInWindow: () => void told.push('reused in window'),
      async reused({ grantId }: OAuthRecord) {
        told.push(`reused ${grantId}`);
      },
      invalidGrant: (reason: string) => new Error(reason),
    };
    const stores = [createOAuthStore(world.db), createOAuthStore(world.second)];
    const grantId = makeToken('code');
    const grants = createAdapter('Grant', { ...settings, records: stores[0] as (typeof stores)[0] });
    await grants.upsert(grantId, { exp: Math.ceil(clock.now() / 1000) + 9_000 }, 9_000);
    const adapters = stores.map((records) => createAdapter(model, { ...settings, records }));
    const id = makeToken(model === 'AuthorizationCode' ? 'code' : 'refresh');
    await adapters[0]?.upsert(id, { grantId, accountId: 'acme/user:a', exp: Math.ceil(clock.now() / 1000) + 600 }, 600);
    return { adapters, id, told, clock, grantId };
  }

  it.each([
    { model: 'AuthorizationCode', overlapMs: 60_000 },
    { model: 'RefreshToken', overlapMs: 0 },
  ])('is a $model with an overlap of $overlapMs ms: of 50 that found it unused at the same time one uses it', async (given) => {
    const { adapters, id, told, grantId } = await two(given.model, given.overlapMs);
    const turns = Array.from({ length: 50 }, (_, turn) => adapters[turn % 2] as (typeof adapters)[0]);
    const found = await Promise.all(turns.map((adapter) => adapter.find(id)));
    expect(found.filter((payload) => payload && payload.consumed === undefined)).toHaveLength(50);
    const used = await Promise.allSettled(turns.map((adapter) => adapter.consume(id)));
    expect(used.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(new Set(told)).toEqual(new Set([`reused ${grantId}`]));
    expect(await adapters[1]?.find(id)).toMatchObject({ consumed: expect.any(Number), jti: id });
  });

  it('is a refresh token with an overlap: it passes for unused until the overlap is over', async () => {
    const { adapters, id, told, clock, grantId } = await two('RefreshToken', 60_000);
    const [adapter] = adapters as [(typeof adapters)[0]];
    await adapter.consume(id);
    clock.advance(59_999);
    expect(await adapter.find(id)).not.toHaveProperty('consumed');
    await adapter.consume(id);
    expect(told).toEqual(['reused in window']);
    clock.advance(1);
    expect(await adapter.find(id)).toMatchObject({ consumed: expect.any(Number) });
    await expect(adapter.consume(id)).rejects.toThrow('used already');
    expect(told).toEqual(['reused in window', 'found used', `reused ${grantId}`]);
  });

  it('cannot be stored once its grant is gone', async () => {
    const { adapters, grantId } = await two('RefreshToken', 0);
    await adapters[0]?.revokeByGrantId(grantId);
    await expect(adapters[1]?.upsert(makeToken('refresh'), { grantId }, 60)).rejects.toThrow('grant was revoked');
  });

  it('takes its grant with it when it was used twice, and tells who holds calls of that grant', async () => {
    const { adapters, id, clock, grantId } = await two('RefreshToken', 0);
    const records = createOAuthStore(world.db);
    const ended: string[] = [];
    const events = tellEvents({
      ...{ records, clock, log: silent, current: () => undefined },
      note: async () => undefined,
      ended: (grant) => void ended.push(grant),
    });
    const record = await records.find('RefreshToken', hashToken(id), clock.now());
    await events.reused(record as OAuthRecord);
    expect(ended).toEqual([grantId]);
    expect(await adapters[1]?.find(id)).toBeUndefined();
    expect(await records.find('Grant', hashToken(grantId), clock.now())).toBeUndefined();
  });
});
