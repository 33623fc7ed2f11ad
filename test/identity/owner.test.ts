import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authenticator, createAuthenticator } from '../../src/identity/authenticate.ts';
import type { KeyRequest } from '../../src/identity/key-request.ts';
import { createLeases } from '../../src/identity/lease.ts';
import { createOwners, type Owners, ownedKeys } from '../../src/identity/owner.ts';
import { notShutOut } from '../../src/identity/standing.ts';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { refusalOf } from '../authorization/world.ts';
import { engines, type World } from '../storage/engines.ts';
import { type OperatorDesk, operatorDesk } from './desk.ts';
import { keep, person } from './people.ts';

const api: KeyRequest = {
  ...{ kind: 'api', org: 'acme', owner: 'user:anna', name: 'laptop', role: 'group_admin' },
  ...{ scopes: ['runtime:read', 'runtime:capture'], permissions: ['dev_api'], groups: ['payments', 'web'] },
};

describe.each(engines)('the key of a person, over $engine', ({ open }) => {
  let world: World;
  let stores: Stores;
  let operator: OperatorDesk;
  let owners: Owners;
  let authenticator: Authenticator;
  beforeAll(async () => {
    world = await open();
    stores = openStores(world.db);
    owners = createOwners(stores.people, notShutOut, (role) => role === 'company_admin');
    operator = operatorDesk(world.db, owners);
    authenticator = createAuthenticator({ keys: stores.keys, clock: operator.clock, owners });
    await keep(stores.people, person('anna', { role: 'group_admin', groups: ['web', 'payments'] }));
  });
  afterAll(() => world.close());

  it.each([
    { now: 'as it was', is: {}, may: { role: 'group_admin', groups: ['payments', 'web'] } },
    { now: 'a developer', is: { role: 'developer' as const }, may: { role: 'developer', groups: ['payments', 'web'] } },
    { now: 'a viewer in other groups', is: { role: 'viewer' as const, groups: ['ops'] }, may: { role: 'viewer', groups: [] } },
    { now: 'in fewer groups', is: { groups: ['web'] }, may: { role: 'group_admin', groups: ['web'] } },
    {
      now: 'a company admin in no group, who reaches everything',
      is: { role: 'company_admin' as const, groups: [] },
      may: { role: 'group_admin', groups: ['payments', 'web'] },
    },
  ])('may what both may when the person is $now', async ({ is, may }) => {
    await keep(stores.people, person('anna', { role: 'group_admin', groups: ['web', 'payments'] }));
    const { secret } = await operator.issue(api);
    await keep(stores.people, person('anna', { role: 'group_admin', groups: ['web', 'payments'], ...is }));
    expect(await authenticator.authenticate(secret)).toMatchObject({ ...may, scopes: api.kind === 'api' && api.scopes });
  });

  it('opens nothing while the provider says that the person is out, and opens again when they signed in again', async () => {
    await keep(stores.people, person('cora', { endedAt: operator.clock.now() }));
    const issue = () => operator.issue({ ...api, owner: 'user:cora', role: 'developer', groups: ['everyone'] });
    expect((await refusalOf(issue)).details.field).toBe('owner');
    await keep(stores.people, person('cora'));
    const { secret } = await issue();
    await keep(stores.people, person('cora', { endedAt: operator.clock.now() }));
    expect((await refusalOf(() => authenticator.authenticate(secret))).code).toBe('invalid_token');
    await keep(stores.people, person('cora'));
    expect(await authenticator.authenticate(secret)).toMatchObject({ role: 'developer' });
  });

  it('opens nothing from the next request on when the person is shut out, and its calls under way are not confirmed', async () => {
    await keep(stores.people, person('bert'));
    const { secret } = await operator.issue({ ...api, owner: 'user:bert', role: 'developer', groups: ['everyone'] });
    const principal = await authenticator.authenticate(secret);
    const leases = createLeases({ keys: ownedKeys(stores.keys, owners), clock: operator.clock });
    await leases.during(principal, new AbortController().signal, async ({ confirm }) => {
      await confirm();
      await stores.people.disable('acme', 'user:bert', operator.clock.now());
      operator.clock.advance(1_000);
      expect((await refusalOf(confirm)).code).toBe('invalid_token');
    });
    expect(await refusalOf(() => authenticator.authenticate(secret, '10.0.0.1'))).toMatchObject({
      ...{ code: 'invalid_token', message: expect.stringContaining('may not sign in'), reason: 'owner_gone' },
      key: { id: principal.credentialId, org: 'acme' },
    });
    await stores.people.enable('acme', 'user:bert');
    expect(await authenticator.authenticate(secret)).toMatchObject({ owner: 'user:bert' });
  });

  it('is not made for somebody who is not known, is shut out or belongs to another organisation', async () => {
    await keep(stores.people, person('carl', { org: 'theirs' }));
    await keep(stores.people, person('dora'));
    await stores.people.disable('acme', 'user:dora', 1);
    for (const owner of ['user:nobody', 'user:carl', 'user:dora'])
      await expect(operator.issue({ ...api, owner })).rejects.toMatchObject({
        code: 'invalid_input',
        details: { field: 'owner' },
      });
  });

  it('is never a key for agents, and those of service accounts and of the operator ask nobody', async () => {
    const enrolment: KeyRequest = {
      ...{ kind: 'enrolment', org: 'acme', name: 'agents', pool: 'eu', service: '*' },
      owner: 'user:anna',
    };
    await expect(operator.issue(enrolment)).rejects.toMatchObject({ details: { field: 'owner' } });
    for (const owner of ['service:ci', 'operator']) {
      const { secret } = await operator.issue({ ...api, owner, role: 'company_admin' });
      expect(await authenticator.authenticate(secret)).toMatchObject({ owner, role: 'company_admin' });
    }
  });

  it.each(['anna', 'user:', 'service:', 'service:a b', 'service:../x', 'user:two\nlines', `user:${'x'.repeat(300)}`, 'Operator'])(
    'needs an owner with a known form, which %j has not',
    async (owner) => {
      await expect(operator.issue({ ...api, owner })).rejects.toMatchObject({ details: { field: 'owner' } });
    },
  );
});

describe('a key with an address list', () => {
  it('is taken from its addresses only, for callers and agents, and says so without being used', async () => {
    const [engine] = engines;
    if (engine === undefined) throw new Error('There is no storage to test over.');
    const world = await engine.open();
    try {
      const { issue, desk, clock, rotate } = operatorDesk(world.db);
      const { authenticate, authenticateAgent } = createAuthenticator({ keys: desk.keys, clock });
      const listed = { ...api, owner: 'service:ci', addresses: ['10.0.0.0/8', '::1'] };
      const forCallers = await issue(listed);
      const forAgents = await issue({
        ...{ kind: 'enrolment', org: 'acme', name: 'agents', owner: 'operator', pool: 'eu', service: '*' },
        addresses: ['192.0.2.7'],
      });
      expect(await authenticate(forCallers.secret, '::ffff:10.4.5.6')).toMatchObject({ name: 'laptop' });
      expect(await authenticateAgent(forAgents.secret, '192.0.2.7')).toMatchObject({ pool: 'eu' });
      const usedAt = clock.now();
      clock.advance(3_600_000);
      for (const from of ['192.0.2.8', '::2', undefined]) {
        const refusal = await refusalOf(() => authenticate(forCallers.secret, from));
        expect(refusal).toMatchObject({
          code: 'invalid_token',
          reason: 'address_not_allowed',
          key: { id: forCallers.record.id },
        });
        if (from !== undefined) expect(refusal.message).toContain(`not taken from ${from}`);
        expect((await refusalOf(() => authenticateAgent(forAgents.secret, from))).message).toContain('not taken from');
      }
      expect(await desk.keys.find(forCallers.record.id)).toMatchObject({ lastUsedAt: usedAt, lastUsedFrom: '::ffff:10.4.5.6' });
      const next = await rotate(forCallers.record);
      expect(next.record.addresses).toEqual(listed.addresses);
      await expect(authenticate(next.secret, '192.0.2.8')).rejects.toMatchObject({ code: 'invalid_token' });
    } finally {
      await world.close();
    }
  });
});
