import { describe, expect, it } from 'vitest';
import { administerKeys, type KeyGrant, keyRules, operatorOf } from '../../src/authorization/administer.ts';
import type { KeyRequest } from '../../src/identity/key-request.ts';
import type { KeyRecord } from '../../src/identity/keys.ts';
import { type Principal, type Role, roles, type Scope } from '../../src/identity/principal.ts';
import type { issueKey, KeyDesk } from '../../src/keys.ts';
import { key } from '../storage/fixtures.ts';
import { principal, refusalOf } from './world.ts';

const all: Scope[] = ['runtime:read', 'runtime:capture', 'runtime:admin'];

/** Somebody who signed in and consented to everything. */
const person = (role: Role, changes: Partial<Principal> = {}): Principal =>
  principal({ ...{ org: 'acme', subject: 'user:anna', kind: 'person', role, scopes: all, permissions: [] }, ...changes });
/** A key that calls, of a service account. */
const caller = (role: Role, changes: Partial<Principal> = {}): Principal =>
  principal({ ...{ org: 'acme', subject: 'key:k1', owner: 'service:ci', role, scopes: all }, ...changes });
const request = (changes: Partial<KeyRequest> = {}): KeyRequest =>
  ({
    ...{ kind: 'api', org: 'acme', owner: 'user:anna', name: 'laptop', role: 'developer' },
    ...{ scopes: ['runtime:read'], permissions: ['dev_api'], groups: ['everyone'] },
    ...changes,
  }) as KeyRequest;
const enrolment = (owner = 'service:ci') => request({ kind: 'enrolment', owner, pool: 'default', service: '*' });
/** What is answered: `yes`, or the code and the field of the refusal. */
async function answerTo(run: () => unknown): Promise<string> {
  try {
    run();
    return 'yes';
  } catch {
    const { code, details } = await refusalOf(run);
    return details.field === undefined ? code : `${code} ${details.field}`;
  }
}

describe('who may administer keys', () => {
  it('is decided by the role first, then by scope and permission', async () => {
    const asked = (by: Principal) => answerTo(() => administerKeys(by));
    expect(await asked(person('viewer', { scopes: [] }))).toBe('org_access_denied');
    expect(await asked(person('developer', { scopes: ['runtime:read'] }))).toBe('insufficient_scope');
    expect(await asked(person('developer'))).toBe('yes');
    expect(await asked(caller('developer', { permissions: [] }))).toBe('insufficient_scope');
    expect(await asked(caller('developer'))).toBe('yes');
  });

  it('is told the scopes to ask for: those it has and the one it needs', async () => {
    const { details } = await refusalOf(() => administerKeys(person('developer', { scopes: ['runtime:read'] })));
    expect(details.data).toMatchObject({ scope: 'runtime:read runtime:admin', missingScopes: ['runtime:admin'] });
  });

  it('has a rule for every role', () => expect(Object.keys(keyRules)).toEqual([...roles]));
});

describe('making a key', () => {
  const table: { by: Principal; asks: KeyRequest; what: string; answer: string }[] = [
    { by: person('developer'), asks: request(), what: 'their own', answer: 'yes' },
    { by: person('developer'), asks: request({ role: 'group_admin' }), what: 'a stronger one', answer: 'org_access_denied role' },
    {
      by: person('developer'),
      asks: request({ groups: ['ops'] }),
      what: 'one of other groups',
      answer: 'org_access_denied groups',
    },
    {
      by: person('developer', { scopes: ['runtime:read', 'runtime:admin'] }),
      asks: request({ scopes: ['runtime:capture'] }),
      what: 'one with a scope they were not given',
      answer: 'insufficient_scope',
    },
    {
      by: person('developer'),
      asks: request({ owner: 'user:bert' }),
      what: 'somebody else’s',
      answer: 'org_access_denied owner',
    },
    { by: person('developer'), asks: request({ owner: 'operator' }), what: 'nobody’s', answer: 'org_access_denied owner' },
    { by: person('developer'), asks: request({ owner: 'service:ci' }), what: 'a service’s', answer: 'org_access_denied owner' },
    { by: person('group_admin'), asks: request({ role: 'group_admin' }), what: 'their own', answer: 'yes' },
    { by: person('group_admin'), asks: request({ owner: 'service:ci' }), what: 'a service’s', answer: 'org_access_denied owner' },
    { by: person('company_admin'), asks: request({ owner: 'service:ci', groups: ['ops'] }), what: 'a service’s', answer: 'yes' },
    {
      by: person('company_admin'),
      asks: request({ owner: 'user:bert' }),
      what: 'somebody else’s',
      answer: 'org_access_denied owner',
    },
    { by: person('company_admin'), asks: enrolment(), what: 'one for agents', answer: 'yes' },
    { by: caller('developer'), asks: request({ owner: 'service:ci' }), what: 'one of its owner', answer: 'yes' },
    { by: caller('developer'), asks: enrolment(), what: 'one for agents', answer: 'org_access_denied kind' },
    {
      by: caller('developer', { permissions: ['dev_api'], scopes: ['runtime:admin'] }),
      asks: request({ owner: 'service:ci' }),
      what: 'one that reads where it does not',
      answer: 'insufficient_scope',
    },
  ];
  it.each(table)('$by.kind $by.role asks for $what: $answer', async ({ by, asks, answer }) => {
    expect(await answerTo(() => administerKeys(by).create(asks))).toBe(answer);
  });

  it('stays in the organisation of who asks, whatever is asked for', () => {
    const grant = administerKeys(person('company_admin')).create(request({ org: 'theirs' }));
    expect(grant.what.request.org).toBe('acme');
  });

  it('by a key bounds the life of the new one by that of the key, and by a person does not', () => {
    const ends = { expiresAt: 5 };
    expect(administerKeys(caller('company_admin', ends)).create(request({ owner: 'service:ci' })).what.notAfter).toBe(5);
    expect(administerKeys(person('developer', ends)).create(request()).what.notAfter).toBeUndefined();
  });

  it.each([
    { asks: undefined, gets: ['10.0.0.0/8', '2001:db8::1'] },
    { asks: ['10.1.0.0/16'], gets: ['10.1.0.0/16'] },
    { asks: ['10.9.9.9', '2001:db8::1'], gets: ['10.9.9.9', '2001:db8::1'] },
    { asks: ['10.0.0.0/7'], gets: 'org_access_denied addresses' },
    { asks: ['10.0.0.1', '192.0.2.1'], gets: 'org_access_denied addresses' },
    { asks: ['2001:db8::/64'], gets: 'org_access_denied addresses' },
    { asks: ['0.0.0.0/0'], gets: 'org_access_denied addresses' },
  ])('by a key with a list of addresses stays within that: $asks gives $gets', async ({ asks, gets }) => {
    const listed = caller('company_admin', { addresses: ['10.0.0.0/8', '2001:db8::1'] });
    const asked = request({ owner: 'service:ci', ...(asks && { addresses: asks }) });
    if (typeof gets === 'string') return expect(await answerTo(() => administerKeys(listed).create(asked))).toBe(gets);
    expect(administerKeys(listed).create(asked).what.request.addresses).toEqual(gets);
  });

  it('cannot be ordered without a grant: what looks like one does not compile', () => {
    const lookalike = { by: { kind: 'operator' as const, org: 'acme' }, change: 'create' as const, what: { request: request() } };
    const order = (issue: typeof issueKey, desk: KeyDesk, grant: KeyGrant<'rotate'>) => [
      // @ts-expect-error a grant is made by administerKeys() only
      () => issue(desk, lookalike),
      // @ts-expect-error a grant of another change
      () => issue(desk, grant),
      // @ts-expect-error the caller alone
      () => issue(desk, person('company_admin'), request()),
    ];
    expect(order).toBeTypeOf('function');
  });
});

describe('a key that is there', () => {
  const theirs = key('theirs', { org: 'other', owner: 'user:anna' });
  const own = key('own', { owner: 'user:anna' });
  const inGroup = key('in-group', { owner: 'user:bert' });
  const ofService = key('of-service', { owner: 'service:cd' });
  const ofAdmin = key('of-admin', { owner: 'user:bert', role: 'company_admin' });
  const elsewhere = key('elsewhere', { owner: 'user:bert', groups: ['everyone', 'ops'] });
  const {
    role: _role,
    scopes: _scopes,
    permissions: _permissions,
    groups: _groups,
    ...forAgents
  } = key('agents', { kind: 'enrolment' });
  const ungrouped = key('ungrouped', { owner: 'user:bert', groups: [] });
  const seeded = key('seeded', { owner: 'operator', groups: ['ops'] });
  const madeBySeeded = key('made-by-seeded', { owner: 'operator', groups: ['ops'], createdBy: 'key:seeded' });
  const every: KeyRecord[] = [theirs, own, inGroup, ofService, ofAdmin, elsewhere, forAgents, ungrouped, seeded, madeBySeeded];

  it.each([
    { by: person('developer'), sees: ['own'] },
    { by: person('group_admin'), sees: ['own', 'in-group', 'of-service'] },
    { by: person('company_admin'), sees: every.filter((each) => each !== theirs).map(({ id }) => id) },
    { by: caller('developer'), sees: [] },
    { by: caller('developer', { owner: 'user:anna' }), sees: ['own'] },
    { by: caller('developer', { owner: 'operator', subject: 'key:seeded' }), sees: ['seeded', 'made-by-seeded'] },
  ])('is seen by $by.kind $by.role of $by.owner: $sees', async ({ by, sees }) => {
    const permit = administerKeys(by);
    expect(every.filter((each) => permit.sees(each)).map(({ id }) => id)).toEqual(sees);
    for (const each of every.filter(({ id }) => !sees.includes(id))) {
      expect(await answerTo(() => permit.rotate(each, each.id))).toBe('not_found id');
      expect(await answerTo(() => permit.revoke(each, each.id))).toBe('not_found id');
    }
    expect(await answerTo(() => permit.revoke(undefined, 'nobody'))).toBe('not_found id');
  });

  it('of a person is rotated by that person only, and revoked by the admins as well', async () => {
    for (const role of ['group_admin', 'company_admin'] as const) {
      const permit = administerKeys(person(role));
      expect(await answerTo(() => permit.rotate(inGroup, 'in-group'))).toBe('org_access_denied id');
      expect(permit.revoke(inGroup, 'in-group').what.key).toBe(inGroup);
      expect(permit.rotate(ofService, 'of-service').what.key).toBe(ofService);
    }
    expect(administerKeys(person('developer')).rotate(own, 'own').what.key).toBe(own);
  });

  it('that may more than its owner does now is not rotated by the owner, but revoked', async () => {
    const permit = administerKeys(person('developer'));
    const stronger: [KeyRecord, string][] = [
      [{ ...own, role: 'company_admin' }, 'org_access_denied role'],
      [{ ...own, groups: ['ops'] }, 'org_access_denied groups'],
    ];
    for (const [strong, answer] of stronger) {
      expect(await answerTo(() => permit.rotate(strong, 'own'))).toBe(answer);
      expect(await answerTo(() => permit.revoke(strong, 'own'))).toBe('yes');
    }
    const narrow = administerKeys(person('developer', { scopes: ['runtime:admin'] }));
    expect(await answerTo(() => narrow.rotate(own, 'own'))).toBe('insufficient_scope');
  });

  it('of the same service account is not ended by a weaker one, and one replaces itself beyond its own end', async () => {
    const [self, strong] = [key('k1', { owner: 'service:ci' }), key('k2', { owner: 'service:ci', role: 'group_admin' })];
    const permit = administerKeys(caller('developer', { expiresAt: 5 }));
    expect(await answerTo(() => permit.revoke(strong, 'k2'))).toBe('org_access_denied role');
    expect(await answerTo(() => permit.revoke(self, 'k1'))).toBe('yes');
    expect(permit.rotate(self, 'k1').what.notAfter).toBeUndefined();
    expect(permit.rotate(key('k3', { owner: 'service:ci' }), 'k3').what.notAfter).toBe(5);
  });

  it('that another key made does not replace itself beyond the end of that, and a person may lift the bound', () => {
    const made = key('k1', { owner: 'user:anna', createdBy: 'key:k0', notAfter: 3 });
    expect(administerKeys(caller('developer', { owner: 'user:anna', expiresAt: 2 })).rotate(made, 'k1').what.notAfter).toBe(3);
    expect(administerKeys(person('developer')).rotate(made, 'k1').what.notAfter).toBeUndefined();
  });

  it('without the addresses of a key that calls is not replaced by it, but ended', async () => {
    const permit = administerKeys(caller('developer', { addresses: ['10.0.0.0/8'] }));
    const anywhere = key('k2', { owner: 'service:ci' });
    expect(await answerTo(() => permit.rotate(anywhere, 'k2'))).toBe('org_access_denied addresses');
    expect(await answerTo(() => permit.rotate({ ...anywhere, addresses: ['10.1.1.1'] }, 'k2'))).toBe('yes');
    expect(await answerTo(() => permit.revoke(anywhere, 'k2'))).toBe('yes');
  });

  it('is the operator’s to change, in one organisation at a time', async () => {
    const operator = operatorOf('acme');
    for (const each of every.filter((one) => one !== theirs)) expect(operator.rotate(each, each.id).what.key).toBe(each);
    expect(await answerTo(() => operator.revoke(theirs, 'theirs'))).toBe('not_found id');
  });
});
