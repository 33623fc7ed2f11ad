import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '../../src/identity/people.ts';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { keep } from '../identity/people.ts';
import { engines, type World } from './engines.ts';
import { t0 } from './fixtures.ts';

function person(subject: string, changes: Partial<Person> = {}): Person {
  return {
    org: 'acme',
    subject,
    issuer: 'https://login.example.com',
    upstreamSubject: subject.slice(5),
    name: 'Dana “D” Developer',
    email: 'dana@example.com',
    role: 'developer',
    groups: ['payments'],
    ...{ firstSeenAt: t0, signedInAt: t0, checkedAt: t0 },
    sealedRefreshToken: 'sealed',
    ...changes,
  };
}

describe.each(engines)('people over $engine', ({ open }) => {
  let world: World;
  let stores: Stores;
  let other: Stores;
  beforeAll(async () => {
    world = await open();
    stores = openStores(world.db);
    other = openStores(world.second);
  });
  afterAll(() => world.close());

  it('are kept as they were, by organisation and by subject', async () => {
    const [b, a] = [
      person('user:b'),
      person('user:auth0|a/1', { email: undefined, endedAt: t0 + 1, sealedRefreshToken: undefined }),
    ];
    for (const each of [b, a, person('user:b', { org: 'globex', role: 'company_admin' })]) await keep(stores.people, each);
    expect(await other.people.find('acme', 'user:b')).toEqual(b);
    expect(await other.people.list('acme')).toEqual([a, b].map((each) => JSON.parse(JSON.stringify(each))));
    expect(await other.people.find('globex', 'user:b')).toMatchObject({ role: 'company_admin' });
    expect(await other.people.find('globex', 'user:auth0|a/1')).toBeUndefined();
    expect(await other.people.list('nobody')).toEqual([]);
  });

  it('become what was saved last, and lose what is not there any more', async () => {
    await keep(stores.people, person('user:c', { endedAt: t0 }));
    const later = person('user:c', { role: 'group_admin', groups: [], checkedAt: t0 + 5, sealedRefreshToken: 'newer' });
    await keep(other.people, later);
    expect(await stores.people.find('acme', 'user:c')).toEqual(later);
  });

  it('stay disabled whatever is saved, until they are enabled', async () => {
    await keep(stores.people, person('user:d'));
    expect(await stores.people.disable('globex', 'user:d', t0)).toBe(false);
    expect(await stores.people.disable('acme', 'user:d', t0 + 1)).toBe(true);
    expect(await other.people.disable('acme', 'user:d', t0 + 2)).toBe(false);
    await keep(other.people, person('user:d', { role: 'company_admin' }));
    expect(await stores.people.find('acme', 'user:d')).toMatchObject({ role: 'company_admin', disabledAt: t0 + 1 });
    expect(await stores.people.enable('globex', 'user:d')).toBe(false);
    expect(await stores.people.enable('acme', 'user:d')).toBe(true);
    expect(await stores.people.enable('acme', 'user:d')).toBe(false);
    expect(await other.people.find('acme', 'user:d')).toEqual(person('user:d', { role: 'company_admin' }));
  });

  it('cannot be disabled by saving them as disabled, nor when nobody knows them', async () => {
    await keep(stores.people, person('user:e', { disabledAt: t0 }));
    expect((await stores.people.find('acme', 'user:e'))?.disabledAt).toBeUndefined();
    expect(await stores.people.disable('acme', 'user:nobody', t0)).toBe(false);
  });

  it('are kept by one of two who come with one name, and the other is told so', async () => {
    const both = [person('user:h', { upstreamSubject: 'one' }), person('user:h', { upstreamSubject: 'two' })];
    const saved = await Promise.all(both.map((each, turn) => [stores, other][turn]?.people.save(each, undefined)));
    expect([...saved].sort()).toEqual([false, true]);
    expect(await stores.people.find('acme', 'user:h')).toEqual(both[saved.indexOf(true)]);
  });

  it.each<[string, Partial<Person>]>([
    ['another role', { role: 'viewer' }],
    ['a later check', { checkedAt: t0 + 1 }],
    ['another refresh token', { sealedRefreshToken: 'newer' }],
    ['an end', { endedAt: t0 + 1, sealedRefreshToken: undefined }],
  ])('are not saved over %s that was not read', async (what, changes) => {
    const subject = `user:${what}`;
    await stores.people.save(person(subject), undefined);
    const read = await other.people.find('acme', subject);
    const newer = person(subject, changes);
    expect(await stores.people.save(newer, read)).toBe(true);
    expect(await other.people.save(person(subject, { name: 'Stale' }), read)).toBe(false);
    expect(await other.people.find('acme', subject)).toEqual(JSON.parse(JSON.stringify(newer)));
  });

  it('are neither saved over who was disabled, nor brought back, by one who read them before', async () => {
    await stores.people.save(person('user:i'), undefined);
    const read = await other.people.find('acme', 'user:i');
    await stores.people.disable('acme', 'user:i', t0);
    expect(await other.people.save(person('user:i', { name: 'Stale' }), read)).toBe(false);
    await stores.people.forget('acme', 'user:i');
    expect(await other.people.save(person('user:i', { name: 'Stale' }), read)).toBe(false);
    expect(await stores.people.find('acme', 'user:i')).toBeUndefined();
  });

  it('are gone when they are forgotten, in their organisation alone', async () => {
    for (const org of ['acme', 'globex']) await keep(stores.people, person('user:g', { org }));
    expect(await stores.people.forget('acme', 'user:g')).toBe(true);
    expect(await other.people.forget('acme', 'user:g')).toBe(false);
    expect(await other.people.find('acme', 'user:g')).toBeUndefined();
    expect(await other.people.find('globex', 'user:g')).toBeDefined();
  });

  it('are disabled for good when that happens between many sign-ins', async () => {
    await keep(stores.people, person('user:f'));
    const saves = Array.from({ length: 20 }, async (_, turn) => {
      const { people } = turn % 2 === 0 ? stores : other;
      await people.save(person('user:f', { checkedAt: t0 + turn }), await people.find('acme', 'user:f'));
    });
    await Promise.all([...saves.slice(0, 10), stores.people.disable('acme', 'user:f', t0), ...saves.slice(10)]);
    expect((await stores.people.find('acme', 'user:f'))?.disabledAt).toBe(t0);
  });
});
