import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { person } from '../identity/people.ts';
import { engines, type World } from './engines.ts';
import { key, t0 } from './fixtures.ts';

const dayMs = 86_400_000;

describe.each(engines)('keys over $engine', ({ open }) => {
  let world: World;
  let stores: Stores;
  let other: Stores;
  beforeAll(async () => {
    world = await open();
    stores = openStores(world.db);
    other = openStores(world.second);
  });
  afterAll(() => world.close());

  it('come back with owner, creator and addresses', async () => {
    const kept = key('whole', {
      org: 'whole',
      owner: 'user:anna@example.com',
      createdBy: 'user:anna@example.com',
      addresses: ['10.0.0.0/8', '2001:db8::1'],
    });
    await stores.keys.insert(kept);
    expect(await stores.keys.find('whole')).toEqual(kept);
  });

  it('find room for no more than their owner may have, however many are asked for at once', async () => {
    const owned = { org: 'room', owner: 'service:ci' };
    const five = { now: t0, maxLive: 5 };
    const inserted = await Promise.all(
      Array.from({ length: 12 }, (_, turn) =>
        (turn % 2 === 0 ? stores : other).keys.insertWithin(key(`room-${turn}`, owned), five),
      ),
    );
    expect(inserted.filter((each) => each === 'stored')).toHaveLength(5);
    expect(await stores.keys.list('room')).toHaveLength(5);
    expect(await stores.keys.insertWithin(key('others', { ...owned, owner: 'service:cd' }), five)).toBe('stored');
    expect(await stores.keys.insertWithin(key('elsewhere', { ...owned, org: 'room-2' }), five)).toBe('stored');
  });

  it('make room when they are revoked, replaced or past their end', async () => {
    const owned = { org: 'freed', owner: 'service:ci' };
    for (const id of ['one', 'two', 'three']) await stores.keys.insert(key(`freed-${id}`, owned));
    const attempt = (id: string, now: number, maxLive = 3) =>
      stores.keys.insertWithin(key(id, { ...owned, expiresAt: t0 + 9 * dayMs }), { now, maxLive });
    expect(await attempt('freed-no', t0)).toBe('too_many');
    await stores.keys.revoke('freed', 'freed-one', t0);
    expect(await attempt('freed-yes', t0)).toBe('stored');
    // A rotation takes the room of what it replaces; both open doors until the overlap is over.
    const rotate = (id: string, next: string, now: number, maxLive: number) =>
      stores.keys.rotate(id, key(next, owned), now + 10, { now, maxLive });
    expect(await rotate('freed-two', 'freed-next', t0, 4)).toBe('stored');
    expect(await attempt('freed-no', t0)).toBe('too_many');
    expect(await rotate('freed-three', 'freed-more', t0, 4)).toBe('too_many');
    expect(await attempt('freed-fourth', t0, 4)).toBe('stored');
    expect(await rotate('freed-three', 'freed-more', t0, 5)).toBe('too_many');
    expect(await rotate('freed-three', 'freed-more', t0 + 10, 5)).toBe('stored');
    expect(await attempt('freed-late', t0 + dayMs)).toBe('stored');
  });

  it('are rotated into no more than their owner may have, however many are at once', async () => {
    const owned = { org: 'turned', owner: 'service:ci' };
    const ids = Array.from({ length: 6 }, (_, turn) => `turned-${turn}`);
    for (const id of ids) await stores.keys.insert(key(id, owned));
    const rotated = await Promise.all(
      ids.map((id, turn) =>
        (turn % 2 === 0 ? stores : other).keys.rotate(id, key(`${id}-next`, owned), t0 + 10, { now: t0, maxLive: 8 }),
      ),
    );
    expect(rotated.filter((each) => each === 'stored')).toHaveLength(2);
    expect(await stores.keys.list('turned')).toHaveLength(8);
  });

  it('are made and rotated by no key that opens no door', async () => {
    const bounds = { now: t0, maxLive: 99 };
    await stores.keys.insert(key('maker', { org: 'makers' }));
    await stores.keys.insert(key('to-rotate', { org: 'makers' }));
    const make = (id: string, changes: object) => stores.keys.insertWithin(key(id, { org: 'makers' }), { ...bounds, ...changes });
    expect(await make('by-nobody', {})).toBe('stored');
    expect(await make('by-live', { caller: 'maker' })).toBe('stored');
    expect(await make('by-expired', { caller: 'maker', now: t0 + dayMs })).toBe('caller_ended');
    expect(await make('by-unknown', { caller: 'unknown' })).toBe('caller_ended');
    await stores.keys.revoke('makers', 'maker', t0);
    expect(await make('by-revoked', { caller: 'maker' })).toBe('caller_ended');
    const next = key('next-of-it', { org: 'makers' });
    expect(await stores.keys.rotate('to-rotate', next, t0 + 10, { ...bounds, caller: 'maker' })).toBe('caller_ended');
    expect(await stores.keys.find('to-rotate')).not.toHaveProperty('rotatedTo');
  });

  it('are all there to be listed when the key that made them is revoked, and come behind it no more', async () => {
    await stores.keys.insert(key('busy', { org: 'behind' }));
    const made = Array.from({ length: 12 }, (_, turn) =>
      (turn % 2 === 0 ? stores : other).keys.insertWithin(key(`behind-${turn}`, { org: 'behind' }), {
        ...{ now: t0, maxLive: 99, caller: 'busy' },
      }),
    );
    await other.keys.revoke('behind', 'busy', t0);
    const listed = await other.keys.list('behind');
    await Promise.all(made);
    expect(await stores.keys.list('behind')).toEqual(listed);
  });

  it('of a person are made and rotated while nobody shuts the person out, and come behind that no more', async () => {
    const owner = { org: 'left', owner: 'user:anna' };
    const bounds = { now: t0, maxLive: 99 };
    expect(await stores.keys.insertWithin(key('left-unknown', owner), bounds)).toBe('owner_gone');
    // As an import brings them, of somebody who has not signed in here yet.
    await stores.keys.insert(key('left-imported', owner));
    expect(await stores.keys.rotate('left-imported', key('left-next', owner), t0 + 10, bounds)).toBe('stored');
    await stores.people.save(person('anna', { org: 'left', firstSeenAt: 7 }), undefined);
    const asked = { ...bounds, owner: { firstSeenAt: 7 } };
    expect(await stores.keys.insertWithin(key('left-other', owner), { ...asked, owner: { firstSeenAt: 6 } })).toBe('owner_gone');
    const made = Array.from({ length: 12 }, (_, turn) =>
      (turn % 2 === 0 ? stores : other).keys.insertWithin(key(`left-${turn}`, owner), asked),
    );
    await other.people.disable('left', 'user:anna', t0);
    const listed = await other.keys.list('left');
    await Promise.all(made);
    expect(await stores.keys.list('left')).toEqual(listed);
    expect(await stores.keys.insertWithin(key('left-late', owner), asked)).toBe('owner_gone');
    expect(await stores.keys.rotate('left-next', key('left-later', owner), t0 + 10, bounds)).toBe('owner_gone');
  });

  it('of a service are made and rotated by nobody who is shut out or forgotten, nor by a key of theirs', async () => {
    const org = 'asked';
    const bounds = { now: t0, maxLive: 99 };
    const make = (id: string, asked: object) =>
      stores.keys.insertWithin(key(id, { org, owner: 'service:ci' }), { ...bounds, ...asked });
    await stores.people.save(person('eve', { org }), undefined);
    await stores.keys.insert(key('of-eve', { org, owner: 'user:eve' }));
    await stores.keys.insert(key('of-import', { org, owner: 'user:imported' }));
    const asEve = { person: 'user:eve' };
    expect(await make('asked-1', asEve)).toBe('stored');
    expect(await make('asked-2', { ...asEve, caller: 'of-eve' })).toBe('stored');
    expect(await make('asked-3', { person: 'user:imported', caller: 'of-import' })).toBe('stored');
    const made = Array.from({ length: 12 }, (_, turn) =>
      (turn % 2 === 0 ? stores : other).keys.insertWithin(key(`asked-at-once-${turn}`, { org, owner: 'service:ci' }), {
        ...{ ...bounds, ...asEve },
      }),
    );
    await other.people.disable(org, 'user:eve', t0);
    const listed = await other.keys.list(org);
    await Promise.all(made);
    expect(await stores.keys.list(org)).toEqual(listed);
    expect(await make('asked-late', asEve)).toBe('caller_ended');
    expect(await make('asked-by-key', { ...asEve, caller: 'of-eve' })).toBe('caller_ended');
    const next = key('asked-next', { org, owner: 'service:ci' });
    expect(await stores.keys.rotate('asked-1', next, t0 + 10, { ...bounds, ...asEve })).toBe('caller_ended');
    await other.people.forget(org, 'user:eve');
    expect(await make('asked-forgotten', asEve)).toBe('caller_ended');
  });

  it('that end soon are told of over all organisations, the first one first', async () => {
    const until = (id: string, expiresAt: number, org = 'ending') => stores.keys.insert(key(id, { org, expiresAt }));
    const start = t0 + 100 * dayMs;
    await until('in-3-days', start + 3 * dayMs);
    await until('in-1-day', start + dayMs, 'ending-2');
    await until('in-20-days', start + 20 * dayMs);
    await until('ended', start);
    await until('revoked-soon', start + dayMs);
    await stores.keys.revoke('ending', 'revoked-soon', start);
    await until('replaced-soon', start + dayMs);
    const next = key('next', { org: 'ending', expiresAt: start + 90 * dayMs });
    await stores.keys.rotate('replaced-soon', next, start + dayMs, { now: t0, maxLive: 99 });
    const ending = await stores.keys.endingBy(start + 14 * dayMs, start);
    expect(ending.map(({ id }) => id)).toEqual(['in-1-day', 'in-3-days']);
  });
});
