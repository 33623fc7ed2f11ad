import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStores, type Stores } from '../../src/storage/stores.ts';
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
    const inserted = await Promise.all(
      Array.from({ length: 12 }, (_, turn) =>
        (turn % 2 === 0 ? stores : other).keys.insertWithin(key(`room-${turn}`, owned), 5, t0),
      ),
    );
    expect(inserted.filter(Boolean)).toHaveLength(5);
    expect(await stores.keys.list('room')).toHaveLength(5);
    expect(await stores.keys.insertWithin(key('others', { ...owned, owner: 'service:cd' }), 5, t0)).toBe(true);
    expect(await stores.keys.insertWithin(key('elsewhere', { ...owned, org: 'room-2' }), 5, t0)).toBe(true);
  });

  it('make room when they are revoked, replaced or past their end', async () => {
    const owned = { org: 'freed', owner: 'service:ci' };
    for (const id of ['one', 'two', 'three']) await stores.keys.insert(key(`freed-${id}`, owned));
    const attempt = (id: string, now: number, most = 3) =>
      stores.keys.insertWithin(key(id, { ...owned, expiresAt: t0 + 9 * dayMs }), most, now);
    expect(await attempt('freed-no', t0)).toBe(false);
    await stores.keys.revoke('freed', 'freed-one', t0);
    expect(await attempt('freed-yes', t0)).toBe(true);
    // A rotation takes the room of what it replaces; both open doors until the overlap is over.
    expect(await stores.keys.rotate('freed', 'freed-two', key('freed-next', owned), t0 + 10, t0)).toBe(true);
    expect(await attempt('freed-no', t0)).toBe(false);
    expect(await stores.keys.countLive('freed', 'service:ci', t0)).toBe(4);
    expect(await attempt('freed-fourth', t0, 4)).toBe(true);
    expect(await stores.keys.countLive('freed', 'service:ci', t0)).toBe(5);
    expect(await stores.keys.countLive('freed', 'service:ci', t0 + 10)).toBe(4);
    expect(await attempt('freed-late', t0 + dayMs)).toBe(true);
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
    await stores.keys.rotate(
      'ending',
      'replaced-soon',
      key('next', { org: 'ending', expiresAt: start + 90 * dayMs }),
      start + dayMs,
      t0,
    );
    const ending = await stores.keys.endingBy(start + 14 * dayMs, start);
    expect(ending.map(({ id }) => id)).toEqual(['in-1-day', 'in-3-days']);
  });
});
