import { describe, expect, it } from 'vitest';
import { type Claims, claimAt, shownClaim, valuesOf } from '../../src/identity/claim-values.ts';
import { readClaims } from '../../src/identity/claims.ts';
import { type ClaimRules, identityFile } from '../../src/identity/identity-policy.ts';
import { Refusal } from '../../src/lib/refusal.ts';

const roles = ['developer', 'group_admin', 'company_admin'] as const;
const roleRule = { from: 'roles', values: { viewer: ['v'], developer: ['d', 'd2'], group_admin: ['g'], company_admin: ['c'] } };

function rules(changes: Partial<ClaimRules> = {}): ClaimRules {
  return { ...identityFile.parse({ claims: { role: roleRule } }).claims, ...changes };
}

function read(claims: Claims, changes: Partial<ClaimRules> = {}) {
  return readClaims({ sub: 'u1', ...claims }, { rules: rules(changes), roles });
}

function refusal(claims: Claims, changes: Partial<ClaimRules> = {}): Refusal {
  try {
    read(claims, changes);
  } catch (problem) {
    if (problem instanceof Refusal) return problem;
    throw problem;
  }
  throw new Error('Nobody was refused.');
}

describe('claims', () => {
  it.each<[from: string, claims: Claims, value: unknown]>([
    ['roles', { roles: ['a'] }, ['a']],
    ['/realm_access/roles', { realm_access: { roles: ['a'] } }, ['a']],
    ['/a~1b/c~0d', { 'a/b': { 'c~d': 1 } }, 1],
    ['/https:~1~1x.example~1roles', { 'https://x.example/roles': 1 }, 1],
    ['https://x.example/roles', { 'https://x.example/roles': 1 }, 1],
    ['/list/1', { list: ['a', 'b'] }, 'b'],
    ['/list/01', { list: ['a', 'b'] }, undefined],
    ['/list/length', { list: ['a', 'b'] }, undefined],
    ['/realm_access/roles', { realm_access: 'roles' }, undefined],
    ['constructor', {}, undefined],
    ['/__proto__/toString', {}, undefined],
    ['a.b', { a: { b: 1 } }, undefined],
    ['/', { '': 7 }, 7],
  ])('are found at %s in %j', (from, claims, value) => {
    expect(claimAt(claims, from)).toEqual(value);
  });

  it('are compared whole: a text is a list of one, and what is no text is nothing', () => {
    expect(valuesOf('platform engineering')).toEqual(['platform engineering']);
    expect(valuesOf(['a', 1, null, { a: 1 }, ['b'], 'c'])).toEqual(['a', 'c']);
    expect(valuesOf(true)).toEqual([]);
    expect(valuesOf({ admin: true })).toEqual([]);
  });

  it('are shown short and on one line', () => {
    expect(shownClaim(['a\u202e\n\u001b[31m'])).toBe('["a\\n\\u001b[31m"]');
    expect(shownClaim(Array.from({ length: 50 }, (_, index) => `group-${index}`))).toMatch(/"group-9","…"\]$/);
    expect(shownClaim('x'.repeat(5_000)).length).toBeLessThanOrEqual(301);
  });
});

describe('the person that claims make', () => {
  it('has the highest of the roles that the claim gives', () => {
    expect(read({ roles: ['d', 'g', 'nothing'] }).role).toBe('group_admin');
    expect(read({ roles: ['c', 'v'] }).role).toBe('company_admin');
    expect(read({ roles: 'd2' }).role).toBe('developer');
  });

  it.each<[what: string, claims: Claims]>([
    ['a text with the value inside', { roles: 'd g' }],
    ['a text with commas', { roles: 'd,g' }],
    ['another case', { roles: ['D'] }],
    ['no claim', {}],
    ['an object with the value as a key', { roles: { d: true } }],
    ['a list in a list', { roles: [['d']] }],
    ['a number', { roles: 1 }],
  ])('is nobody with %s', (_what, claims) => {
    const { code, details } = refusal(claims);
    expect(code).toBe('org_access_denied');
    expect(details.data?.claim).toBe('roles');
    expect(details.message).toContain('the claim roles');
    expect(details.next).toContain('claims.role');
  });

  it('is refused with a role that does not sign in', () => {
    expect(refusal({ roles: ['v'] }).details).toMatchObject({
      message: expect.stringContaining('the role viewer'),
      next: expect.stringContaining('developer, group_admin, company_admin'),
      data: { claim: 'roles', found: '["v"]' },
    });
  });

  it('has the groups that are mapped, and others by their own name only where that is asked for', () => {
    const values = { payments: ['team-a', 'team-b'], ledger: ['team-b'] };
    const claims = { roles: ['d'], groups: ['team-b', 'other'] };
    expect(read(claims, { groups: { from: 'groups', values, as_is: false } }).groups).toEqual(['ledger', 'payments']);
    expect(read(claims, { groups: { from: 'groups', values, as_is: true } }).groups).toEqual(['ledger', 'other', 'payments']);
    expect(read({ roles: ['d'] }, { groups: { from: 'groups', values, as_is: true } }).groups).toEqual([]);
    expect(read(claims).groups).toEqual(['everyone']);
  });

  it('is of the one organisation that the claim names, and of none otherwise', () => {
    const organisation = { from: 'tenant', values: { t1: 'acme', t2: 'globex', t3: 'acme' } };
    expect(read({ roles: ['d'], tenant: 't2' }, { organisation }).org).toBe('globex');
    expect(read({ roles: ['d'], tenant: ['t1', 't3'] }, { organisation }).org).toBe('acme');
    expect(read({ roles: ['d'] }).org).toBe('default');
    expect(refusal({ roles: ['d'], tenant: 'constructor' }, { organisation }).details.message).toContain(
      'it names no organisation',
    );
    expect(refusal({ roles: ['d'] }, { organisation }).details.data).toMatchObject({ claim: 'tenant' });
    expect(refusal({ roles: ['d'], tenant: ['t1', 't2'] }, { organisation }).details.message).toContain('several organisations');
  });

  it.each<[what: string, claims: Claims]>([
    ['nothing', { sub: undefined }],
    ['an empty text', { sub: '' }],
    ['a number', { sub: 7 }],
    ['a list', { sub: ['a'] }],
    ['control characters', { sub: 'a\u0000b' }],
    ['256 characters', { sub: 'a'.repeat(256) }],
  ])('needs a subject: %s is none', (_what, claims) => {
    expect(refusal({ roles: ['d'], ...claims }).details.data?.claim).toBe('sub');
  });

  it('is called by name, else by address, else by subject, on one line', () => {
    expect(read({ roles: ['d'], name: ' Dana\u202e\n D ', email: 'd@x.example' })).toMatchObject({
      name: 'Dana D',
      email: 'd@x.example',
    });
    expect(read({ roles: ['d'], name: '', email: 'd@x.example' }).name).toBe('d@x.example');
    expect(read({ roles: ['d'], name: 7 })).toMatchObject({ name: 'u1', subject: 'user:u1', upstreamSubject: 'u1' });
    expect([...read({ roles: ['d'], name: '😀'.repeat(100) }).name]).toHaveLength(80);
  });

  it('keeps the name that the provider knows it by where another claim is the subject', () => {
    expect(read({ roles: ['d'], oid: 'o-1' }, { subject: 'oid' })).toMatchObject({ subject: 'user:o-1', upstreamSubject: 'u1' });
  });

  it('is decided by an address only where the provider has verified it', () => {
    const role = { from: 'email', values: { developer: ['d@x.example'] } };
    const email = 'd@x.example';
    expect(read({ email, email_verified: true }, { role }).role).toBe('developer');
    expect(read({ email, email_verified: 'true' }, { role }).role).toBe('developer');
    for (const email_verified of [false, undefined, 'false', 1]) {
      expect(refusal({ email, email_verified }, { role }).details.message).toContain('email_verified');
    }
    expect(refusal({ email, roles: ['d'] }, { subject: 'email' }).details.message).toContain('email_verified');
    expect(refusal({ email, roles: ['d'] }, { subject: '/email' }).details.message).toContain('email_verified');
  });

  it.each<[what: string, claims: Claims]>([
    [
      'a pointer to another service',
      { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph' } } },
    ],
    ['the mark that there are groups', { hasgroups: true }],
    ['the mark as a text', { hasgroups: 'true' }],
  ])('is refused with a reason of its own where Entra ID leaves the groups out: %s', (_what, claims) => {
    const groups = { from: 'groups', as_is: true };
    const { details } = refusal({ roles: ['d'], ...claims }, { groups });
    expect(details.message).toContain('so many groups');
    expect(details.next).toContain('app roles');
    expect(refusal(claims, { role: { ...roleRule, from: 'groups' } }).details.message).toContain('so many groups');
    expect(read({ roles: ['d'], ...claims }).role).toBe('developer'); // nobody asked for groups
  });
});
