import { describe, expect, it } from 'vitest';
import { authorize } from '../src/authorization/authorize.ts';
import { broken } from '../src/authorization/cases.ts';
import { loadPolicies, type PolicyTexts, parsePolicies, policyFiles, readPolicyTexts } from '../src/authorization/load.ts';
import type { Policies } from '../src/authorization/policies.ts';
import { type Principal, permissions, roles, scopes } from '../src/identity/principal.ts';
import { Refusal } from '../src/lib/refusal.ts';
import { defaultRedactionPolicy, toNameRules } from '../src/redaction/policy.ts';
import { allTools } from '../src/tools/all.ts';
import { type Mutant, slips, swaps } from './authorization/mutants.ts';
import { noCases, principal, shipped } from './authorization/world.ts';

const tools = allTools.map(({ name }) => name);
const texts = await readPolicyTexts(shipped);
const policies = await loadPolicies(shipped, { tools });

/** What the matrix crosses with every role and tool. */
const scopeSets = [
  [],
  ['runtime:read'],
  ['runtime:capture'],
  ['runtime:read', 'runtime:capture'],
  [...scopes],
] as Principal['scopes'][];
const credentials = [
  { name: 'key with dev_api', kind: 'api_key', permissions: [...permissions] },
  { name: 'key without', kind: 'api_key', permissions: [] },
  { name: 'person', kind: 'person', permissions: [] },
] as const;
const exposures = {
  everything: 'read_only: false\nallow: ["*"]\ndeny: []\n',
  'read-only': 'read_only: true\nallow: ["*"]\ndeny: []\n',
  'no snapshots': 'read_only: false\nallow: ["*"]\ndeny: [take_snapshot]\n',
  'lists only': 'read_only: false\nallow: ["list_*"]\ndeny: []\n',
};
const groups = 'payments: { pools: [production], services: ["checkout*"] }\n';
const sources = {
  'inside the group': { pool: 'production', service: 'checkout-eu' },
  'another pool': { pool: 'staging', service: 'checkout-eu' },
  'another service': { pool: 'production', service: 'search' },
};
/** Tools that differ in nothing but their names, so that a line of the matrix can be read. */
const classes = {
  CAPTURING: tools.filter((tool) => policies.tools[tool]?.scope === 'runtime:capture'),
  READING: tools.filter((tool) => policies.tools[tool]?.reads),
};

/** Names of tools; a class where all of it is there. */
function named(of: readonly string[]): string {
  const whole = Object.entries(classes).filter(([, members]) => members.every((tool) => of.includes(tool)));
  const rest = of.filter((tool) => !whole.some(([, members]) => members.includes(tool)));
  return [...whole.map(([name]) => name), ...rest].join(', ');
}

describe('the shipped policies', () => {
  it('load for the tools there are', () => {
    expect(Object.keys(policies.tools).sort()).toEqual([...tools].sort());
  });

  it.each(policies.cases.map((each, index) => ({ number: index + 1, each })))(
    'hold case $number: $each.as.role calls $each.tool: $each.expect',
    ({ each }) => {
      expect(broken(policies, each)).toBeUndefined();
    },
  );

  it('say that a tool reads exactly if the tool says so to clients', () => {
    for (const tool of allTools)
      expect([tool.name, policies.tools[tool.name]?.reads]).toEqual([tool.name, tool.annotations.readOnlyHint]);
  });

  it('decide like this for every exposure, role, credential, reach and tool', async () => {
    const lines: string[] = [];
    for (const [exposure, text] of Object.entries(exposures)) {
      const deployed = load({ 'exposure.yaml': text, 'groups.yaml': groups, 'cases.yaml': noCases });
      if (deployed === undefined) throw new Error(`the exposure ${exposure} does not load`);
      for (const { name, ...credential } of credentials) {
        for (const [role, held] of roles.flatMap((each) => scopeSets.map((set) => [each, set] as const))) {
          const caller = principal({ ...credential, permissions: [...credential.permissions], role, scopes: held });
          for (const [reach, source] of Object.entries(sources)) {
            const codes = tools.map((tool) =>
              codeOf(() => authorize(deployed, { ...caller, groups: ['payments'] }, tool).requireReach(source)),
            );
            const words = [...new Set(codes)]
              .sort()
              .map((code) => `${code}: ${named(tools.filter((_, at) => codes[at] === code))}`);
            lines.push([exposure, name, role, held.join(' ') || 'no scope', reach, words.join('; ')].join(' | '));
          }
        }
      }
    }
    const legend = Object.entries(classes).map(([name, of]) => `${name} = ${of.join(', ')}`);
    const head = ['exposure | credential | role | scopes | the source | decisions', ''];
    await expect(`${[...legend, '', ...head, ...lines].join('\n')}\n`).toMatchFileSnapshot('authorization/matrix.snap');
  });
});

describe('a slip in a policy file', () => {
  const before = rightsOf(policies);
  // cases.yaml is left out: it can stop the start, but grants nothing.
  const files = policyFiles.filter((file) => file !== 'cases.yaml');

  function expectNoGain(file: keyof PolicyTexts, mutants: Mutant[], cases: string): void {
    let refused = 0;
    for (const { slip, text } of mutants) {
      const changed = load({ 'cases.yaml': cases, [file]: text });
      if (changed === undefined) refused += 1;
      else expect({ slip, text, gained: gained(before, rightsOf(changed)) }).toEqual({ slip, text, gained: [] });
    }
    expect(refused).toBeGreaterThan(0);
  }

  it.each(files)('in %s stops the start or takes rights away, and never gives more, whatever the cases', (file) => {
    expectNoGain(file, slips(texts[file]), noCases);
  });

  it.each(['roles.yaml', 'tools.yaml'] as const)(
    'in %s to another valid word is caught by the cases if it gives more',
    (file) => {
      const words = [roles, scopes, permissions, tools, ['groups', 'all'], ['own', 'pools', 'all']];
      expectNoGain(file, swaps(texts[file], words), texts['cases.yaml']);
    },
  );

  it('would be seen here if it did give more', () => {
    const widened = [
      { 'roles.yaml': texts['roles.yaml'].replace('get_status]', 'get_status, take_snapshot]') },
      { 'roles.yaml': texts['roles.yaml'].replace('manages: own', 'manages: all').replace('manages: own', 'manages: all') },
      { 'roles.yaml': texts['roles.yaml'].replace('reaches: groups', 'reaches: all') },
      { 'identity.yaml': texts['identity.yaml'].replace('roles: [', 'roles: [viewer, ') },
      { 'identity.yaml': texts['identity.yaml'].replace('[cursor]', '[cursor, other]') },
      { 'quotas.yaml': texts['quotas.yaml'].replace('calls_per_hour: ', 'calls_per_hour: 1') },
      { 'redaction.yaml': texts['redaction.yaml'].replace('profile: debug', 'profile: secrets-only') },
    ];
    for (const change of widened) {
      const changed = load({ 'cases.yaml': noCases, ...change });
      expect(changed).toBeDefined();
      if (changed !== undefined) expect(gained(before, rightsOf(changed)).length, Object.values(change)[0]).toBeGreaterThan(0);
    }
  });
});

/** Undefined when the start is refused for a reason; any other failure is a defect. */
function load(changed: Partial<PolicyTexts>): Policies | undefined {
  try {
    return parsePolicies(shipped, { ...texts, ...changed }, { tools });
  } catch (error) {
    if (error instanceof Refusal && error.code === 'invalid_input' && error.message.includes(':')) return undefined;
    throw error;
  }
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'allow';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

/** Everything the policies allow to anybody, as facts that can be compared: a fact is a name, and how much of it there is. */
function rightsOf(policies: Policies): Map<string, number> {
  const rights = new Map<string, number>();
  const every = <T>(all: readonly T[]): T[][] =>
    Array.from({ length: 2 ** all.length }, (_, bits) => all.filter((_item, index) => bits & (1 << index)));
  const places = [
    { pool: 'default', service: 'checkout' },
    { pool: 'x', service: 'y' },
  ];
  for (const role of roles) {
    for (const kind of ['api_key', 'person'] as const) {
      for (const held of every(scopes)) {
        for (const granted of every(permissions)) {
          for (const groups of [[], ['everyone']]) {
            const caller = principal({ role, kind, scopes: held, permissions: granted, groups });
            const name = [role, kind, held, granted, groups].join('|');
            for (const tool of tools) {
              if (codeOf(() => authorize(policies, caller, tool)) !== 'allow') continue;
              const permit = authorize(policies, caller, tool);
              rights.set(`${name} ${tool}`, 1);
              for (const place of places) {
                if (permit.mayReach(place)) rights.set(`${name} ${tool} reaches ${place.pool}`, 1);
                const others = { org: caller.org, principal: 'key:other', targets: [place] };
                if (permit.manages(others)) rights.set(`${name} ${tool} manages ${place.pool}`, 1);
              }
            }
          }
        }
      }
    }
    for (const [name, amount] of Object.entries({ ...policies.roles[role]?.limits, ...policies.roles[role]?.quotas })) {
      rights.set(`${role} ${name}`, amount);
    }
  }
  const { sign_in: signIn, clients } = policies.identity;
  for (const role of signIn.roles) rights.set(`${role} signs in`, 1);
  rights.set('seconds of overlap', signIn.refresh_overlap_seconds);
  // Which place a code may be sent to is for people to read; that there is not one more of them, for this.
  rights.set('places of codes', clients.redirect_origins.length + clients.redirect_schemes.length);
  const { hidden } = toNameRules(policies.redaction.base);
  for (const name of Object.keys(toNameRules({ ...defaultRedactionPolicy, profile: 'strict' }).hidden)) {
    if (hidden[name] === undefined) rights.set(`shows ${name}`, 1);
  }
  return rights;
}

function gained(before: Map<string, number>, after: Map<string, number>): string[] {
  return [...after].filter(([name, amount]) => amount > (before.get(name) ?? 0)).map(([name]) => name);
}
