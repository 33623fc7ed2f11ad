import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadPolicies, type PolicyTexts, parsePolicies, readPolicyTexts } from '../../src/authorization/load.ts';
import { policiesWith, refusalOf, shipped, tools } from './world.ts';

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

async function copyOfShipped(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sidelight-policies-'));
  directories.push(directory);
  await cp(shipped, directory, { recursive: true });
  return directory;
}

describe('a directory of policies', () => {
  it('loads with a hash that changes with any character of any file', async () => {
    const directory = await copyOfShipped();
    const before = await loadPolicies(directory, { tools });
    expect(before.hash).toMatch(/^[0-9a-f]{64}$/);
    expect((await loadPolicies(shipped, { tools })).hash).toBe(before.hash);
    await writeFile(join(directory, 'groups.yaml'), '# one more line\neveryone: { pools: ["*"], services: ["*"] }\n');
    expect((await loadPolicies(directory, { tools })).hash).not.toBe(before.hash);
  });

  it('does not load with a file missing, or with one that is no policy file', async () => {
    const directory = await copyOfShipped();
    await rm(join(directory, 'exposure.yaml'));
    await writeFile(join(directory, 'exposur.yaml'), 'read_only: true');
    const refusal = await refusalOf(() => loadPolicies(directory, { tools }));
    expect(refusal.message).toContain('exposure.yaml is missing; exposur.yaml is no policy file');
    expect((await refusalOf(() => loadPolicies(join(directory, 'nowhere'), { tools }))).message).toContain('cannot be read');
  });
});

describe('a mistake', () => {
  const mistakes: { says: string; file: keyof PolicyTexts; text: string; told: string }[] = [
    {
      says: 'an unknown role',
      file: 'roles.yaml',
      text: 'root: { tools: [], reaches: all, manages: all }',
      told: '1:1: root: unknown key; expected viewer',
    },
    {
      says: 'an unknown key of a tool',
      file: 'tools.yaml',
      text: 'list_sources:\n  scope: runtime:read\n  scopes: x\n  permissions: [dev_api]\n  reads: true',
      told: '3:3: list_sources.scopes: unknown key; expected scope, permissions, reads',
    },
    {
      says: 'an unknown scope',
      file: 'tools.yaml',
      text: 'list_sources: { scope: runtime:write, permissions: [dev_api], reads: true }',
      told: '1:17: list_sources.scope: expected one of "runtime:read"',
    },
    {
      says: 'a missing key',
      file: 'exposure.yaml',
      text: "allow: ['*']\ndeny: []",
      told: '1:1: read_only: missing; expected boolean',
    },
    {
      says: 'a raised ceiling',
      file: 'limits.yaml',
      text: 'all:\n  maxHits: 51\n  maxTimeoutSeconds: 601\n  maxExpressions: 10\n  maxDepth: 3\nroles: {}',
      told: '3:3: all.maxTimeoutSeconds: Too big: expected number to be <=600',
    },
    {
      says: 'a role above everybody',
      file: 'limits.yaml',
      text: 'all: { maxHits: 5, maxTimeoutSeconds: 60, maxExpressions: 10, maxDepth: 3 }\nroles:\n  viewer: { maxHits: 6 }',
      told: '3:13: viewer: maxHits 6 is above the 5 of everybody',
    },
    {
      says: 'an unknown quota',
      file: 'quotas.yaml',
      text: 'all: { calls_per_minute: 5 }\nroles: {}',
      told: '1:8: all.calls_per_minute: unknown key',
    },
    {
      says: 'a shared quota by role',
      file: 'quotas.yaml',
      text: 'all: {}\nroles: { viewer: { concurrent_actions_per_org: 5 } }',
      told: '2:20: roles.viewer.concurrent_actions_per_org: unknown key',
    },
    {
      says: 'a deny pattern that fits nothing',
      file: 'exposure.yaml',
      text: "read_only: false\nallow: ['*']\ndeny: [take_snapshto]",
      told: '3:8: deny[0]: no tool fits take_snapshto',
    },
    {
      says: 'a repeated key',
      file: 'groups.yaml',
      text: 'a: { pools: [], services: [] }\na: { pools: [x], services: [x] }',
      told: '2:1: Map keys must be unique',
    },
    {
      says: 'an alias',
      file: 'groups.yaml',
      text: 'a: &a { pools: [x], services: [x] }\nb: *a',
      told: '2:4: aliases are not allowed',
    },
    { says: 'a tag', file: 'groups.yaml', text: 'a: !group { pools: [x], services: [x] }', told: '1:4: Unresolved tag' },
    {
      says: 'a key of __proto__',
      file: 'groups.yaml',
      text: '__proto__: { pools: [x], services: [x] }',
      told: '1:1: expected a plain name as key',
    },
    {
      says: 'a second document',
      file: 'groups.yaml',
      text: 'a: { pools: [x], services: [x] }\n---\n{}',
      told: '2:1: Source contains multiple documents',
    },
    { says: 'an empty file', file: 'cases.yaml', text: '', told: '1:1: expected array' },
    { says: 'broken brackets', file: 'cases.yaml', text: '- {', told: '1:4:' },
    { says: 'brackets without end', file: 'cases.yaml', text: '['.repeat(100_000), told: '1:' },
    { says: 'a very long file', file: 'groups.yaml', text: '#'.repeat(300_000), told: '1:1: longer than' },
  ];

  it.each(mistakes)('is told by file, line and column: $says', async ({ file, text, told }) => {
    const refusal = await refusalOf(() => policiesWith({ [file]: text }));
    expect(refusal.code).toBe('invalid_input');
    expect(refusal.message).toContain(`${join('policies', file)}:${told}`);
  });

  it('does not hide the mistakes of other files', async () => {
    const refusal = await refusalOf(() => policiesWith({ 'groups.yaml': 'a: 1', 'limits.yaml': 'b: 2' }));
    expect(refusal.message).toContain(`${join('policies', 'groups.yaml')}:1:1: a: `);
    expect(refusal.message).toContain(`${join('policies', 'limits.yaml')}:1:1: all: missing`);
  });

  it('is also a registered tool without an entry, and an entry or a role with a tool nobody registered', async () => {
    const texts = await readPolicyTexts(shipped);
    const more = await refusalOf(() => parsePolicies('policies', texts, { tools: [...tools, 'read_memory'] }));
    expect(more.message).toContain(': the tool read_memory has no entry');
    const fewer = await refusalOf(() =>
      parsePolicies('policies', texts, { tools: tools.filter((tool) => tool !== 'take_snapshot') }),
    );
    expect(fewer.message).toMatch(/tools\.yaml:\d+:1: there is no tool take_snapshot/);
    expect(fewer.message).toMatch(/roles\.yaml:\d+:\d+: developer: there is no tool take_snapshot/);
  });

  it('is a tool that says it reads but asks for another scope', async () => {
    const texts = await readPolicyTexts(shipped);
    const text = texts['tools.yaml'].replace(
      'scope: runtime:capture, permissions: [dev_api], reads: false',
      'scope: runtime:capture, permissions: [dev_api], reads: true',
    );
    expect((await refusalOf(() => policiesWith({ 'tools.yaml': text }))).message).toContain(
      'take_snapshot: reads is true but the scope is runtime:capture',
    );
  });

  it('is a role that includes itself', async () => {
    const texts = await readPolicyTexts(shipped);
    const text = texts['roles.yaml'].replace('viewer:\n', 'viewer:\n  includes: company_admin\n');
    expect((await refusalOf(() => policiesWith({ 'roles.yaml': text }))).message).toContain(
      'viewer: it includes itself through viewer → company_admin',
    );
  });
});

describe('what probes may cost', () => {
  const limitsWith = (agents: string) =>
    `all: { maxHits: 20, maxTimeoutSeconds: 600, maxExpressions: 10, maxDepth: 3 }\nroles: {}\n${agents}`;

  it('is left to the agents, or told to them', async () => {
    expect((await policiesWith({})).budget).toBeUndefined();
    const agents = 'agents: { maxShare: 0.005, engines: [breakpoint, load-time] }';
    expect((await policiesWith({ 'limits.yaml': limitsWith(agents) })).budget).toEqual({
      share: 0.005,
      engines: ['breakpoint', 'load-time'],
    });
  });

  it.each(['maxShare: 0.2', 'maxArmMs: 5001', 'engines: [jit]', 'engines: []', 'share: 0.01'])(
    'stops the start when it is %s',
    async (setting) => {
      const refusal = await refusalOf(() => policiesWith({ 'limits.yaml': limitsWith(`agents: { ${setting} }`) }));
      expect(refusal.message).toContain('limits.yaml:3:');
    },
  );
});

describe('cases', () => {
  const viewerCaptures = `
- as: { role: viewer, scopes: [runtime:capture], permissions: [dev_api], groups: [] }
  tool: take_snapshot
  expect: allow
`;

  it('stop the start when one does not hold, and say what was decided', async () => {
    const refusal = await refusalOf(() => policiesWith({ 'cases.yaml': viewerCaptures }));
    expect(refusal.message).toContain(
      'cases.yaml:2:3: case 1 does not hold: viewer calling take_snapshot: expected allow, decided org_access_denied',
    );
  });

  it('hold for tools that the deployment does not expose, so that read-only mode needs no new cases', async () => {
    const texts = await readPolicyTexts(shipped);
    const policies = await policiesWith({
      'cases.yaml': texts['cases.yaml'],
      'exposure.yaml': "read_only: true\nallow: ['*']\ndeny: []",
    });
    expect(policies.exposure.readOnly).toBe(true);
  });

  it('do not hold for a tool whose name is misspelt', async () => {
    const text = viewerCaptures.replace('take_snapshot', 'take_snapshto');
    expect((await refusalOf(() => policiesWith({ 'cases.yaml': text }))).message).toContain('decided unsupported_tool');
  });
});
