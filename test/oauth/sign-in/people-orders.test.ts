import { expect, it } from 'vitest';
import type { PeopleStore } from '../../../src/identity/people.ts';
import { systemClock as clock } from '../../../src/lib/clock.ts';
import { createLog } from '../../../src/lib/log.ts';
import { storedGrants } from '../../../src/oauth/grants.ts';
import { peopleOrders } from '../../../src/oauth/sign-in/people-orders.ts';
import { openStores, type Stores } from '../../../src/storage/stores.ts';
import { openEmptyStore } from '../../helpers/empty-store.ts';
import { keep, person } from '../../identity/people.ts';

function ordersWith(
  stores: Stores,
  recorded: unknown[],
  meanwhile: { recorded?(): Promise<unknown>; revoked?(): Promise<unknown> },
) {
  return peopleOrders({
    people: stores.people,
    clock,
    trail: {
      async record(event, _org, _subject, { decision = 'allowed' } = {}) {
        if (recorded.push([event, decision]) === 1) await meanwhile.recorded?.();
      },
      recordDone: async () => undefined,
    },
    read: (schema, input) => schema.parse(input),
    grants: storedGrants(stores, { clock, log: createLog('silent') }),
    revokeKeys: async () => void (await meanwhile.revoked?.()),
  });
}

it('forgets nobody whom another operator lets in again meanwhile, and says so', async () => {
  const db = await openEmptyStore();
  try {
    const stores = openStores(db);
    await keep(stores.people, person('anna'));
    const recorded: unknown[] = [];
    const orders = ordersWith(stores, recorded, { revoked: () => stores.people.enable('acme', 'user:anna') });
    await expect(orders['people.forget']({ org: 'acme', subject: 'anna' })).rejects.toMatchObject({
      message: expect.stringContaining('enabled user:anna meanwhile'),
    });
    expect(await stores.people.find('acme', 'user:anna')).toEqual(person('anna'));
    expect(recorded.at(-1)).toEqual(['person_forgotten', 'failed']);
  } finally {
    await db.close();
  }
});

it.each([
  ['disables', { code: 'invalid_input', act: async (people: PeopleStore) => people.disable('acme', 'user:anna', 5) }],
  ['forgets', { code: 'not_found', act: async (people: PeopleStore) => people.forget('acme', 'user:anna') }],
])('forgets nobody whom another operator %s at that moment, and says so', async (_what, { code, act }) => {
  const db = await openEmptyStore();
  try {
    const stores = openStores(db);
    await keep(stores.people, person('anna'));
    const recorded: unknown[] = [];
    const orders = ordersWith(stores, recorded, { recorded: () => act(stores.people) });
    const before = { ...person('anna'), disabledAt: 5 };
    await expect(orders['people.forget']({ org: 'acme', subject: 'anna' })).rejects.toMatchObject({ code });
    expect(await stores.people.find('acme', 'user:anna')).toEqual(code === 'not_found' ? undefined : before);
    expect(recorded).toEqual([
      ['person_forgotten', 'allowed'],
      ['person_forgotten', 'failed'],
    ]);
  } finally {
    await db.close();
  }
});
