import { expect, it } from 'vitest';
import type { PeopleStore } from '../../../src/identity/people.ts';
import { systemClock as clock } from '../../../src/lib/clock.ts';
import { createLog } from '../../../src/lib/log.ts';
import { storedGrants } from '../../../src/oauth/grants.ts';
import { peopleOrders } from '../../../src/oauth/sign-in/people-orders.ts';
import { openStores } from '../../../src/storage/stores.ts';
import { openEmptyStore } from '../../helpers/empty-store.ts';
import { keep, person } from '../../identity/people.ts';

it.each([
  ['disables', { code: 'invalid_input', act: async (people: PeopleStore) => people.disable('acme', 'user:anna', 5) }],
  ['forgets', { code: 'not_found', act: async (people: PeopleStore) => people.forget('acme', 'user:anna') }],
])('forgets nobody whom another operator %s at that moment, and says so', async (_what, { code, act }) => {
  const db = await openEmptyStore();
  try {
    const stores = openStores(db);
    await keep(stores.people, person('anna'));
    const recorded: unknown[] = [];
    const orders = peopleOrders({
      people: stores.people,
      clock,
      trail: {
        async record(event, _org, _subject, { decision = 'allowed' } = {}) {
          if (recorded.push([event, decision]) === 1) await act(stores.people);
        },
        recordDone: async () => undefined,
      },
      read: (schema, input) => schema.parse(input),
      grants: storedGrants(stores, { clock, log: createLog('silent') }),
      revokeKeys: async () => undefined,
    });
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
