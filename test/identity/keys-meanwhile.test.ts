import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { administerKeys, operatorOf } from '../../src/authorization/administer.ts';
import type { KeyRequest } from '../../src/identity/key-request.ts';
import type { KeyRecord, KeyStore } from '../../src/identity/keys.ts';
import { createOwners } from '../../src/identity/owner.ts';
import { notShutOut } from '../../src/identity/standing.ts';
import { issueKey, type KeyDesk, maxLiveKeys, revokeWithMade, rotateKey } from '../../src/keys.ts';
import { storedGrants } from '../../src/oauth/grants.ts';
import { orders } from '../../src/orders.ts';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { principal, refusalOf } from '../authorization/world.ts';
import { engines, type World } from '../storage/engines.ts';
import { operatorDesk } from './desk.ts';
import { person } from './people.ts';

const rights = {
  role: 'developer',
  scopes: ['runtime:read', 'runtime:admin'],
  permissions: ['dev_api'],
  groups: ['everyone'],
} as const;
const request = (owner: string): KeyRequest => ({ kind: 'api', org: 'acme', name: 'laptop', ...rights, owner }) as KeyRequest;

/** A caller with this key, let in already. */
const by = (key: KeyRecord) =>
  principal({
    ...{ org: 'acme', subject: `key:${key.firstId ?? key.id}`, owner: key.owner, credentialId: key.id, expiresAt: key.expiresAt },
    ...{ ...rights, scopes: [...rights.scopes], permissions: [...rights.permissions], groups: [...rights.groups] },
  });

describe.each(engines)('while something else happens, over $engine', ({ open }) => {
  let world: World;
  let stores: Stores;
  let plain: KeyDesk;
  beforeAll(async () => {
    world = await open();
    stores = openStores(world.db);
    plain = operatorDesk(
      world.db,
      createOwners(stores.people, notShutOut, () => false),
    ).desk;
  });
  afterAll(() => world.close());

  /** A desk where this is asked of the store in another way. */
  const deskWith = (changes: Partial<KeyStore>): KeyDesk => ({ ...plain, keys: { ...plain.keys, ...changes } });
  /** Lists, and the first time lets this happen behind it. */
  function afterListing(happens: () => Promise<unknown>): KeyDesk {
    let isFirst = true;
    return deskWith({
      async list(org) {
        const listed = await stores.keys.list(org);
        if (isFirst) {
          isFirst = false;
          await happens();
        }
        return listed;
      },
    });
  }
  const beforeInserting = (happens: () => Promise<unknown>): KeyDesk =>
    deskWith({ insertWithin: async (...asked) => happens().then(() => stores.keys.insertWithin(...asked)) });

  /** Somebody new with a key. */
  async function somebody(name: string): Promise<KeyRecord> {
    await stores.people.save(person(name), undefined);
    return (await issueKey(plain, operatorOf('acme').create(request(`user:${name}`)))).record;
  }
  const create = (desk: KeyDesk, key: KeyRecord) => issueKey(desk, administerKeys(by(key)).create(request(key.owner)));
  const rotate = (desk: KeyDesk, caller: KeyRecord, key = caller) =>
    rotateKey(desk, administerKeys(by(caller)).rotate(key, key.id));
  const revoke = (desk: KeyDesk, key: KeyRecord, andMade: boolean) =>
    revokeWithMade(desk, operatorOf('acme'), operatorOf('acme').revoke(key, key.id), { andMade });
  const living = async (owner: string) =>
    (await stores.keys.list('acme')).filter((key) => key.owner === owner && key.revokedAt === undefined).map(({ id }) => id);
  function operator(desk: KeyDesk) {
    const { people, agents, pauses, audit } = stores;
    return orders({
      ...{ desk, people, agents, pauses, audit, clock: desk.clock, log: desk.log },
      ...{ grants: storedGrants(stores, desk), seal: undefined as never, bridgeKey: '', pausesChanged: () => undefined },
    });
  }
  const forget = (desk: KeyDesk, subject: string) => operator(desk)('people.forget', { org: 'acme', subject });

  describe('a key that somebody found', () => {
    it('is ended with what it makes while it is being ended', async () => {
      const stolen = await somebody('found1');
      let made = '';
      const desk = afterListing(async () => {
        made = (await create(plain, stolen)).record.id;
      });
      expect(await revoke(desk, stolen, true)).toEqual({ alsoRevoked: [made], stillLiving: [] });
      expect(await living('user:found1')).toEqual([]);
    });

    it('is ended with what it rotates into while it is being ended', async () => {
      const stolen = await somebody('found2');
      let next = '';
      const desk = afterListing(async () => {
        next = (await rotate(plain, stolen)).record.id;
      });
      expect(await revoke(desk, stolen, true)).toEqual({ alsoRevoked: [next], stillLiving: [] });
      expect(await living('user:found2')).toEqual([]);
    });

    it('is ended with what its keys make while they are being ended', async () => {
      const stolen = await somebody('found3');
      const child = (await create(plain, stolen)).record;
      let grandchild = '';
      const desk = deskWith({
        async revoke(org, id, now) {
          if (id === child.id) grandchild = (await create(plain, child)).record.id;
          return stores.keys.revoke(org, id, now);
        },
      });
      expect(await revoke(desk, stolen, true)).toEqual({ alsoRevoked: [child.id, grandchild], stillLiving: [] });
      expect(await living('user:found3')).toEqual([]);
    });

    it('is told of with what it made meanwhile where that lives on', async () => {
      const stolen = await somebody('found4');
      const desk = afterListing(() => create(plain, stolen));
      const told = await revoke(desk, stolen, false);
      expect(told).toEqual({ alsoRevoked: [], stillLiving: await living('user:found4') });
      expect(told.stillLiving).toHaveLength(1);
    });

    it('keeps none of its keys by revoking one of them first', async () => {
      const stolen = await somebody('found5');
      const [one, two] = [(await create(plain, stolen)).record, (await create(plain, stolen)).record];
      const desk = deskWith({
        async revoke(org, id, now) {
          if (id === one.id) await stores.keys.revoke(org, id, now);
          return stores.keys.revoke(org, id, now);
        },
      });
      expect(await revoke(desk, stolen, true)).toEqual({ alsoRevoked: [two.id], stillLiving: [] });
      expect(await living('user:found5')).toEqual([]);
    });

    it('makes and rotates nothing once it is revoked, though it was let in before', async () => {
      const [stolen, other] = [await somebody('found6'), await somebody('found6')];
      const desk = deskWith({
        async insertWithin(...asked) {
          await revoke(plain, stolen, true);
          return stores.keys.insertWithin(...asked);
        },
      });
      expect((await refusalOf(() => create(desk, stolen))).code).toBe('invalid_token');
      expect((await refusalOf(() => rotate(plain, stolen, other))).code).toBe('invalid_token');
      expect(await living('user:found6')).toEqual([other.id]);
      const [failed] = await stores.audit.recent('acme', 1);
      expect(failed).toMatchObject({ event: 'key_rotated', decision: 'failed', reason: 'invalid_token' });
    });
  });

  describe('somebody who is forgotten', () => {
    it('leaves no key that was being made', async () => {
      await somebody('gone1');
      const desk = beforeInserting(() => forget(plain, 'gone1'));
      const refusal = await refusalOf(() => issueKey(desk, operatorOf('acme').create(request('user:gone1'))));
      expect(refusal).toMatchObject({ code: 'invalid_input', details: { field: 'owner' } });
      expect(await living('user:gone1')).toEqual([]);
    });

    it('leaves none to whoever got the name before it was made', async () => {
      await somebody('gone2');
      const desk = beforeInserting(async () => {
        await forget(plain, 'gone2');
        await stores.people.save(person('gone2', { upstreamSubject: 'another', firstSeenAt: 2 }), undefined);
      });
      expect((await refusalOf(() => issueKey(desk, operatorOf('acme').create(request('user:gone2'))))).details.field).toBe(
        'owner',
      );
      expect(await living('user:gone2')).toEqual([]);
    });

    it('leaves no key that was being rotated', async () => {
      const key = await somebody('gone3');
      let refused = '';
      const desk = afterListing(async () => {
        refused = (await refusalOf(() => rotate(plain, key))).details.field ?? '';
      });
      await forget(desk, 'gone3');
      expect(refused).toBe('owner');
      expect(await living('user:gone3')).toEqual([]);
    });

    it('leaves no key that came behind the list of theirs', async () => {
      const key = await somebody('gone4');
      await forget(
        afterListing(() => stores.keys.insert({ ...key, id: 'behind' })),
        'gone4',
      );
      expect(await living('user:gone4')).toEqual([]);
    });

    it('keeps the name where their keys do not come to an end', async () => {
      const key = await somebody('gone5');
      const desk = deskWith({ revoke: async () => true });
      expect(await refusalOf(() => forget(desk, 'gone5'))).toMatchObject({ code: 'unavailable' });
      expect(await stores.people.find('acme', 'user:gone5')).toBeDefined();
      expect(await living('user:gone5')).toEqual([key.id]);
    });
  });

  it('live keys of one owner stay within twice the bound, however many are rotated at one time', async () => {
    const first = await somebody('many');
    const made = [first];
    while (made.length < maxLiveKeys) made.push((await issueKey(plain, operatorOf('acme').create(request('user:many')))).record);
    const unspent = async ({ limit }: { limit: number }) => ({ ok: true, used: 1, limit, renewsAt: 0 }) as const;
    const free: KeyDesk = { ...plain, counters: { ...plain.counters, spend: unspent } };
    const next = await Promise.all(made.slice(1).map(async (key) => (await rotate(free, key)).record));
    const again = await Promise.allSettled(next.map((key) => rotate(free, key)));
    expect(again.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await living('user:many')).toHaveLength(2 * maxLiveKeys);
  }, 60_000);
});
