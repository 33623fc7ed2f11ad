import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '../../src/identity/people.ts';
import { openStores, type Stores } from '../../src/storage/stores.ts';
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
    for (const each of [b, a, person('user:b', { org: 'globex', role: 'company_admin' })]) await stores.people.save(each);
    expect(await other.people.find('acme', 'user:b')).toEqual(b);
    expect(await other.people.list('acme')).toEqual([a, b].map((each) => JSON.parse(JSON.stringify(each))));
    expect(await other.people.find('globex', 'user:b')).toMatchObject({ role: 'company_admin' });
    expect(await other.people.find('globex', 'user:auth0|a/1')).toBeUndefined();
    expect(await other.people.list('nobody')).toEqual([]);
  });

  it('become what was saved last, and lose what is not there any more', async () => {
    await stores.people.save(person('user:c', { endedAt: t0 }));
    const later = person('user:c', { role: 'group_admin', groups: [], checkedAt: t0 + 5, sealedRefreshToken: 'newer' });
    await other.people.save(later);
    expect(await stores.people.find('acme', 'user:c')).toEqual(later);
  });

  it('stay disabled whatever is saved, until they are enabled', async () => {
    await stores.people.save(person('user:d'));
    expect(await stores.people.disable('globex', 'user:d', t0)).toBe(false);
    expect(await stores.people.disable('acme', 'user:d', t0 + 1)).toBe(true);
    expect(await other.people.disable('acme', 'user:d', t0 + 2)).toBe(false);
    await other.people.save(person('user:d', { role: 'company_admin' }));
    expect(await stores.people.find('acme', 'user:d')).toMatchObject({ role: 'company_admin', disabledAt: t0 + 1 });
    expect(await stores.people.enable('globex', 'user:d')).toBe(false);
    expect(await stores.people.enable('acme', 'user:d')).toBe(true);
    expect(await stores.people.enable('acme', 'user:d')).toBe(false);
    expect(await other.people.find('acme', 'user:d')).toEqual(person('user:d', { role: 'company_admin' }));
  });

  it('cannot be disabled by saving them as disabled, nor when nobody knows them', async () => {
    await stores.people.save(person('user:e', { disabledAt: t0 }));
    expect((await stores.people.find('acme', 'user:e'))?.disabledAt).toBeUndefined();
    expect(await stores.people.disable('acme', 'user:nobody', t0)).toBe(false);
  });

  it('are gone when they are forgotten, in their organisation alone', async () => {
    for (const org of ['acme', 'globex']) await stores.people.save(person('user:g', { org }));
    expect(await stores.people.forget('acme', 'user:g')).toBe(true);
    expect(await other.people.forget('acme', 'user:g')).toBe(false);
    expect(await other.people.find('acme', 'user:g')).toBeUndefined();
    expect(await other.people.find('globex', 'user:g')).toBeDefined();
  });

  it('are disabled for good when that happens between many sign-ins', async () => {
    await stores.people.save(person('user:f'));
    const saves = Array.from({ length: 20 }, (_, turn) =>
      (turn % 2 === 0 ? stores : other).people.save(person('user:f', { checkedAt: t0 + turn })),
    );
    await Promise.all([...saves.slice(0, 10), stores.people.disable('acme', 'user:f', t0), ...saves.slice(10)]);
    expect((await stores.people.find('acme', 'user:f'))?.disabledAt).toBe(t0);
  });
});
