import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOwnerChecks } from '../../src/identity/owner-checks.ts';
import { createLog } from '../../src/lib/log.ts';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { createTestClock, type TestClock } from '../helpers/clock.ts';
import { engines, type World } from '../storage/engines.ts';
import { key } from '../storage/fixtures.ts';
import { keep, person } from './people.ts';

const minuteMs = 60_000;

describe.each(engines)('people with keys, over $engine', ({ open }) => {
  let world: World;
  let stores: Stores;
  let clock: TestClock;
  let asked: string[];
  let turn: () => Promise<void>;
  let fails: boolean;
  beforeAll(async () => {
    world = await open();
    stores = openStores(world.db);
    clock = createTestClock();
    const ends = { createdAt: clock.now(), expiresAt: clock.now() + 365 * 86_400_000 };
    for (const [id, changes] of Object.entries({
      ...{ a1: { owner: 'user:anna' }, a2: { owner: 'user:anna' }, b: { owner: 'user:bert', org: 'theirs' } },
      ...{ ended: { owner: 'user:cora' }, revoked: { owner: 'user:dora', revokedAt: 1 }, ci: { owner: 'service:ci' } },
      ...{ expired: { owner: 'user:emil', expiresAt: clock.now() }, untold: { owner: 'user:fred' }, out: { owner: 'user:gina' } },
    }))
      await stores.keys.insert(key(id, { ...ends, ...changes }));
    await keep(stores.people, person('cora', { sealedRefreshToken: 'sealed', endedAt: 1 }));
    for (const name of ['dora', 'emil']) await keep(stores.people, person(name, { sealedRefreshToken: 'sealed' }));
    await keep(stores.people, person('fred'));
    await keep(stores.people, person('gina', { sealedRefreshToken: 'sealed' }));
    await stores.people.disable('acme', 'user:gina', 1);
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    asked = [];
    fails = false;
    for (const [name, org] of [
      ['anna', 'acme'],
      ['bert', 'theirs'],
    ] as const)
      await keep(stores.people, person(name, { org, sealedRefreshToken: 'sealed', checkedAt: clock.now() }));
    turn = createOwnerChecks({
      ...{ keys: stores.keys, people: stores.people, clock, log: createLog('silent') },
      async recheck(account) {
        asked.push(account);
        if (fails) throw new Error('the database is away');
      },
    });
  });

  it('are asked about once each in an hour, of every organisation, while they have a key that opens a door', async () => {
    await turn();
    expect(asked).toEqual([]);
    clock.advance(45 * minuteMs);
    await turn();
    expect(asked).toEqual(['acme/user:anna', 'theirs/user:bert']);
    for (let minutes = 0; minutes < 40; minutes += 10) {
      clock.advance(10 * minuteMs);
      await turn();
    }
    expect(asked).toHaveLength(2);
    clock.advance(5 * minuteMs);
    await turn();
    expect(asked).toHaveLength(4);
  });

  it('are not asked about where a refresh of theirs did it lately', async () => {
    clock.advance(44 * minuteMs);
    await keep(stores.people, person('anna', { sealedRefreshToken: 'sealed', checkedAt: clock.now() }));
    clock.advance(minuteMs);
    await turn();
    expect(asked).toEqual(['theirs/user:bert']);
  });

  it('are all asked about when one of them cannot be checked', async () => {
    clock.advance(50 * minuteMs);
    fails = true;
    await turn();
    expect(asked).toEqual(['acme/user:anna', 'theirs/user:bert']);
  });
});
