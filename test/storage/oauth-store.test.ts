import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OAuthRecord, OAuthRecordStore } from '../../src/oauth/records.ts';
import { createOAuthStore } from '../../src/storage/oauth-store.ts';
import { engines, type World } from './engines.ts';
import { t0 } from './fixtures.ts';

const hash = () => createHash('sha256').update(randomBytes(16)).digest('hex');

function record(changes: Partial<OAuthRecord> = {}): OAuthRecord {
  return {
    model: 'AccessToken',
    idHash: hash(),
    payload: { scope: 'runtime:read', odd: '\u0000 \ud800' },
    createdAt: t0,
    ...changes,
  };
}

describe.each(engines)('what the authorization server keeps, over $engine', ({ open }) => {
  let world: World;
  let store: OAuthRecordStore;
  let other: OAuthRecordStore;
  beforeAll(async () => {
    world = await open();
    store = createOAuthStore(world.db);
    other = createOAuthStore(world.second);
  });
  afterAll(() => world.close());

  /** A grant, so that something can belong to it. */
  async function grant(account = 'acme/user:a'): Promise<string> {
    const grantId = hash();
    await store.put(record({ model: 'Grant', grantId, account }));
    return grantId;
  }

  it('comes back as it was put, by model', async () => {
    const kept = record({ grantId: await grant(), account: 'acme/user:a', uid: 'u1', expiresAt: t0 + 10 });
    expect(await store.put(kept)).toBe(true);
    expect(await other.find('AccessToken', kept.idHash, t0)).toEqual(kept);
    expect(await store.find('RefreshToken', kept.idHash, t0)).toBeUndefined();
    expect(await store.findByUid('AccessToken', 'u1', t0)).toEqual(kept);
    expect(await store.findByUid('Session', 'u1', t0)).toBeUndefined();
  });

  it('is not found from its end on, in whatever way it is asked for', async () => {
    const kept = record({ uid: 'ending', account: 'end/user:a', expiresAt: t0 + 10 });
    await store.put(kept);
    const found = async (now: number) => [
      await store.find('AccessToken', kept.idHash, now),
      await store.findByUid('AccessToken', 'ending', now),
      ...(await store.list('AccessToken', { org: 'end', limit: 9 }, now)),
    ];
    expect(await found(t0 + 9)).toEqual([kept, kept, kept]);
    expect(await found(t0 + 10)).toEqual([undefined, undefined]);
    expect(await store.consume('AccessToken', kept.idHash, t0 + 10)).toBe(false);
    expect(await store.take('AccessToken', kept.idHash, t0 + 10)).toBeUndefined();
  });

  it('is replaced by the next of its name, but stays used, and as old as it is', async () => {
    const kept = record();
    await store.put(kept);
    await store.consume('AccessToken', kept.idHash, t0 + 1);
    await store.touch('AccessToken', kept.idHash, t0 + 2);
    await store.put({ ...kept, payload: { scope: 'none' }, createdAt: t0 + 3, expiresAt: t0 + 9 });
    expect(await store.find('AccessToken', kept.idHash, t0)).toEqual({
      ...kept,
      ...{ payload: { scope: 'none' }, consumedAt: t0 + 1, lastUsedAt: t0 + 2, expiresAt: t0 + 9 },
    });
  });

  it.each(['consume', 'take'] as const)('lets one of 50 %s it, over two bridges', async (how) => {
    const kept = record();
    await store.put(kept);
    const done = await Promise.all(
      Array.from({ length: 50 }, (_, turn) => (turn % 2 === 0 ? store : other)[how]('AccessToken', kept.idHash, t0)),
    );
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await store.find('AccessToken', kept.idHash, t0)).toEqual(how === 'consume' ? { ...kept, consumedAt: t0 } : undefined);
  });

  it('goes with its grant, and nothing else does', async () => {
    const [mine, theirs] = [await grant(), await grant()];
    for (const grantId of [mine, theirs]) {
      for (const model of ['AccessToken', 'RefreshToken', 'AuthorizationCode']) await store.put(record({ model, grantId }));
    }
    expect(await store.removeGrant(mine)).toBe(4);
    expect(await store.removeGrant(mine)).toBe(0);
    expect(await store.removeGrant(theirs)).toBe(4);
  });

  it('is not stored for a grant that is gone, nor left behind by one that goes at that moment', async () => {
    expect(await store.put(record({ grantId: 'grant_gone' }))).toBe(false);
    for (let turn = 0; turn < 20; turn += 1) {
      const grantId = await grant();
      const late = Array.from({ length: 8 }, () => record({ grantId }));
      const [stored] = await Promise.all([Promise.all(late.map((each) => other.put(each))), store.removeGrant(grantId)]);
      const left = await Promise.all(late.map((each) => store.find('AccessToken', each.idHash, t0)));
      expect({ turn, left: left.filter(Boolean).length }).toEqual({ turn, left: 0 });
      expect(stored).toHaveLength(8);
    }
  });

  it('goes with its person, whatever it is, and nothing of anybody else does', async () => {
    const account = 'gone/user:a';
    const mine = [record({ model: 'Grant', grantId: hash(), account }), record({ model: 'Session', account })];
    const others = [record({ model: 'Session', account: 'gone/user:ab' }), record({ model: 'SignIn' })];
    for (const each of [...mine, ...others]) await store.put(each);
    await other.removeOfAccount(account);
    const left = async (all: OAuthRecord[]) => Promise.all(all.map(({ model, idHash }) => store.find(model, idHash, t0)));
    expect(await left(mine)).toEqual([undefined, undefined]);
    expect(await left(others)).toEqual(others);
  });

  it('is listed newest first, of one person or of all people of an organisation whose name is no more than the beginning of another', async () => {
    const put = (account: string, createdAt: number) => {
      const kept = record({ model: 'Listed', account, createdAt });
      return store.put(kept).then(() => kept);
    };
    const first = await put('list/user:a', t0);
    const second = await put('list/user:b', t0 + 1);
    await put('listing/user:a', t0 + 2);
    expect(await store.list('Listed', { org: 'list', limit: 9 }, t0)).toEqual([second, first]);
    expect(await store.list('Listed', { org: 'list', limit: 1 }, t0)).toEqual([second]);
    expect(await store.list('Listed', { account: 'list/user:a', limit: 9 }, t0)).toEqual([first]);
    expect(await store.list('Listed', { limit: 9 }, t0)).toHaveLength(3);
  });

  it('is listed by whether its grant has a token that is good: neither a code nor what has ended is one', async () => {
    const account = 'tokens/user:a';
    const [none, code, access, refresh, ended] = [
      await grant(account),
      ...[await grant(account), await grant(account), await grant(account), await grant(account)],
    ] as const;
    await store.put(record({ model: 'AuthorizationCode', grantId: code }));
    await store.put(record({ model: 'AccessToken', grantId: access, expiresAt: t0 + 10 }));
    await store.put(record({ model: 'RefreshToken', grantId: refresh, expiresAt: t0 + 20 }));
    await store.put(record({ model: 'AccessToken', grantId: ended, expiresAt: t0 }));
    const listed = async (now: number, hasToken?: boolean) =>
      (await store.list('Grant', { account, ...(hasToken !== undefined && { hasToken }), limit: 9 }, now)).map(
        (each) => each.grantId,
      );
    expect((await listed(t0, true)).sort()).toEqual([access, refresh].sort());
    expect(await listed(t0 + 10, true)).toEqual([refresh]);
    expect(await listed(t0 + 20, true)).toEqual([]);
    expect((await listed(t0)).sort()).toEqual([none, code, access, refresh, ended].sort());
  });

  it('notes its use at most once a minute', async () => {
    const kept = record();
    await store.put(kept);
    for (const at of [t0, t0 + 59_999, t0 + 60_000]) await store.touch('AccessToken', kept.idHash, at);
    expect(await store.find('AccessToken', kept.idHash, t0)).toMatchObject({ lastUsedAt: t0 + 60_000 });
  });

  it('is deleted once it has ended, and not before', async () => {
    await store.removeExpired(t0 + 1_000_000);
    const ended = record({ expiresAt: t0 + 5 });
    const staying = record({ expiresAt: t0 + 6 });
    const forever = record();
    for (const each of [ended, staying, forever]) await store.put(each);
    expect(await store.removeExpired(t0 + 5)).toBe(1);
    expect(await store.find('AccessToken', ended.idHash, t0)).toBeUndefined();
    expect(await store.find('AccessToken', staying.idHash, t0)).toEqual(staying);
    expect(await store.find('AccessToken', forever.idHash, t0)).toEqual(forever);
  });

  it('is removed by name', async () => {
    const kept = record();
    await store.put(kept);
    await store.remove('RefreshToken', kept.idHash);
    expect(await store.find('AccessToken', kept.idHash, t0)).toEqual(kept);
    await store.remove('AccessToken', kept.idHash);
    expect(await store.find('AccessToken', kept.idHash, t0)).toBeUndefined();
  });
});
