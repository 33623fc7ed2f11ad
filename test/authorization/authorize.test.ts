import { describe, expect, it } from 'vitest';
import { authorize, type Permit, visibleTools } from '../../src/authorization/authorize.ts';
import { policiesWith, principal, refusalOf } from './world.ts';

const narrow = {
  'groups.yaml': `
payments: { pools: [production], services: ['checkout*', ledger] }
tests: { pools: ['test-*'], services: ['*'] }
`,
};

describe('a permit', () => {
  it('carries the caller, the tool, and the limits and quotas of the role', async () => {
    const policies = await policiesWith({
      'limits.yaml':
        'all: { maxHits: 20, maxTimeoutSeconds: 600, maxExpressions: 10, maxDepth: 3 }\nroles: { developer: { maxHits: 5 } }',
    });
    const caller = principal();
    const permit = authorize(policies, caller, 'take_snapshot');
    expect(permit).toMatchObject({ principal: caller, tool: 'take_snapshot' });
    expect(permit.limits).toEqual({ maxHits: 5, maxTimeoutSeconds: 600, maxExpressions: 10, maxDepth: 3 });
    expect(authorize(policies, principal({ role: 'group_admin' }), 'take_snapshot').limits.maxHits).toBe(20);
    expect(permit.quotas.callsPerHour).toBeGreaterThan(0);
  });

  it('cannot be changed after it was given', async () => {
    const permit = authorize(await policiesWith({}), principal(), 'take_snapshot');
    expect(() => Object.assign(permit, { tool: 'cancel_actions' })).toThrow(TypeError);
    expect(() => Object.assign(permit.limits, { maxHits: 500 })).toThrow(TypeError);
  });
});

describe('the type of a permit', () => {
  it('fits nothing that authorize() did not make', async () => {
    const made = authorize(await policiesWith({}), principal(), 'take_snapshot');
    const { reach, limits, quotas } = made;
    const lookalike = {
      ...made,
      reach,
      limits,
      quotas,
      mayReach: () => true,
      requireReach() {},
      manages: () => true,
      requireManage() {},
    };
    // @ts-expect-error every public part is there, but not the private one: `npm run types` fails if this ever compiles
    const forged: Permit = lookalike;
    expect(forged).not.toBe(made);
  });
});

describe('the order of refusals', () => {
  it('calls a tool unsupported before it looks at the caller', async () => {
    const policies = await policiesWith({ 'exposure.yaml': "read_only: true\nallow: ['*']\ndeny: [list_actions]" });
    const nobody = principal({ role: 'viewer', scopes: [], permissions: [], groups: [] });
    for (const [tool, why] of [
      ['take_snapshot', 'read-only'],
      ['list_actions', 'deny list'],
      ['no_such_tool', 'no tool "no_such_tool"'],
      ['__proto__', 'no tool "__proto__"'],
      ['constructor', 'no tool "constructor"'],
    ] as const) {
      const refusal = await refusalOf(() => authorize(policies, nobody, tool));
      expect([tool, refusal.code]).toEqual([tool, 'unsupported_tool']);
      expect(refusal.message).toContain(why);
    }
  });

  it('names the roles that may when the role is too low, even if scopes are missing too', async () => {
    const reader = principal({ role: 'viewer', scopes: ['runtime:read'] });
    const refusal = await refusalOf(async () => authorize(await policiesWith({}), reader, 'take_snapshot'));
    expect(refusal.code).toBe('org_access_denied');
    expect(refusal.message).toContain('developer, group_admin, company_admin');
    expect(refusal.details.next).toContain(
      'sidelight keys create --name NAME --role developer --scopes runtime:read,runtime:capture --permissions dev_api',
    );
  });

  it('names everything that an API key lacks at once, and the command for one that may', async () => {
    const bare = principal({ scopes: ['runtime:read'], permissions: [] });
    const refusal = await refusalOf(async () => authorize(await policiesWith({}), bare, 'take_snapshot'));
    expect(refusal.code).toBe('insufficient_scope');
    expect(refusal.message).toBe(
      'This API key lacks the permission dev_api and the scope runtime:capture, which take_snapshot needs.',
    );
    expect(refusal.details.next).toContain(
      'sidelight keys create --name NAME --role developer --scopes runtime:read,runtime:capture --permissions dev_api',
    );
    expect(refusal.details.data).toEqual({
      missingScopes: ['runtime:capture'],
      missingPermissions: ['dev_api'],
      scope: 'runtime:read runtime:capture',
    });
  });

  it('asks a person for scopes but for no key permission', async () => {
    const policies = await policiesWith({});
    const person = principal({ kind: 'person', permissions: [], scopes: ['runtime:read'] });
    expect(authorize(policies, person, 'list_sources').tool).toBe('list_sources');
    const refusal = await refusalOf(() => authorize(policies, person, 'take_snapshot'));
    expect(refusal.code).toBe('insufficient_scope');
    expect(refusal.details.next).toBe('Sign in again and consent to runtime:capture.');
  });
});

describe('reach', () => {
  it('needs a pool and a service of the same group', async () => {
    const permit = authorize(await policiesWith(narrow), principal({ groups: ['payments', 'tests'] }), 'take_snapshot');
    expect(permit.mayReach({ pool: 'production', service: 'checkout-eu' })).toBe(true);
    expect(permit.mayReach({ pool: 'test-1', service: 'search' })).toBe(true);
    expect(permit.mayReach({ pool: 'production', service: 'search' })).toBe(false);
    expect(permit.reach).toEqual([
      { pools: ['production'], services: ['checkout*', 'ledger'] },
      { pools: ['test-*'], services: ['*'] },
    ]);
    const refusal = await refusalOf(() => permit.requireReach({ pool: 'production', service: 'search' }));
    expect(refusal.code).toBe('org_access_denied');
    expect(refusal.message).toBe('Your groups (payments, tests) do not reach service search in pool production.');
  });

  it('is nothing for groups nobody wrote down, whatever they are called', async () => {
    const policies = await policiesWith(narrow);
    for (const groups of [[], ['unknown'], ['__proto__'], ['constructor']]) {
      const permit = authorize(policies, principal({ groups }), 'take_snapshot');
      expect(permit.mayReach({ pool: 'production', service: 'ledger' })).toBe(false);
      expect(permit.reach).toEqual([]);
    }
  });

  it('is everything for a company admin', async () => {
    const permit = authorize(await policiesWith(narrow), principal({ role: 'company_admin', groups: [] }), 'take_snapshot');
    expect(permit.mayReach({ pool: 'anything', service: 'at all' })).toBe(true);
    expect(permit.reach).toEqual([{ pools: ['*'], services: ['*'] }]);
  });
});

describe('managing actions', () => {
  const inside = { pool: 'production', service: 'ledger' };
  const outside = { pool: 'production', service: 'search' };
  const cases = [
    { role: 'developer', action: 'its own', org: 'default', by: 'key:abc', targets: [outside], manages: true },
    {
      role: 'developer',
      action: "another's inside its pools",
      org: 'default',
      by: 'key:other',
      targets: [inside],
      manages: false,
    },
    {
      role: 'group_admin',
      action: "another's inside its pools",
      org: 'default',
      by: 'key:other',
      targets: [inside],
      manages: true,
    },
    {
      role: 'group_admin',
      action: "another's half outside",
      org: 'default',
      by: 'key:other',
      targets: [inside, outside],
      manages: false,
    },
    { role: 'group_admin', action: "another's without targets", org: 'default', by: 'key:other', targets: [], manages: false },
    { role: 'company_admin', action: "another's anywhere", org: 'default', by: 'key:other', targets: [outside], manages: true },
    {
      role: 'company_admin',
      action: 'one of another organisation',
      org: 'elsewhere',
      by: 'key:abc',
      targets: [inside],
      manages: false,
    },
  ] as const;

  it.each(cases)('$role, $action: $manages', async ({ role, org, by, targets, manages }) => {
    const permit = authorize(await policiesWith(narrow), principal({ role, groups: ['payments'] }), 'cancel_actions');
    const action = { org, principal: by, targets };
    expect(permit.manages(action)).toBe(manages);
    if (manages) permit.requireManage(action);
    else expect((await refusalOf(() => permit.requireManage(action))).code).toBe('org_access_denied');
  });
});

describe('the tools a caller is shown', () => {
  it('are those an API key can call, and none more', async () => {
    const policies = await policiesWith({});
    const shown = visibleTools(policies, principal({ scopes: ['runtime:read'] }));
    expect(shown).toEqual(['list_sources', 'list_actions', 'wait_for_hits', 'get_hits', 'compare_hits', 'get_status', 'explain']);
    expect(visibleTools(policies, principal({ permissions: [] }))).toEqual([]);
  });

  it('are also those a person would get by a wider consent, but not those of a higher role', async () => {
    const policies = await policiesWith({});
    const person = principal({ kind: 'person', permissions: [], scopes: ['runtime:read'] });
    expect(visibleTools(policies, person)).toContain('take_snapshot');
    expect(visibleTools(policies, { ...person, role: 'viewer' })).not.toContain('take_snapshot');
  });

  it('are without what the deployment does not expose', async () => {
    const policies = await policiesWith({ 'exposure.yaml': "read_only: false\nallow: ['*_s*', get_status]\ndeny: ['take_*']" });
    expect(visibleTools(policies, principal())).toEqual(['list_sources', 'get_status']);
  });
});
