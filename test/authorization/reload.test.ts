import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { keepInForce, type PoliciesInForce, type ReloadEffects, readPolicies } from '../../src/authorization/in-force.ts';
import { policyFiles } from '../../src/authorization/load.ts';
import { watchDirectory } from '../../src/authorization/watch.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { allTools } from '../../src/tools/all.ts';
import { until } from '../helpers/program.ts';
import { refusalOf, shipped } from './world.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface World {
  directory: string;
  inForce: PoliciesInForce;
  /** What was told to the audit trail, the agents and the log, in order. */
  told: string[];
}

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sidelight-reload-'));
  cleanUps.push(() => rm(directory, { recursive: true }));
  return directory;
}

async function open(directory: string, changes: Partial<ReloadEffects> = {}): Promise<World> {
  const told: string[] = [];
  const log = createLog('error', { write: (line) => void told.push(`log: ${(JSON.parse(line) as { msg: string }).msg}`) });
  const source = await readPolicies(directory, { tools: allTools.map(({ name }) => name) });
  const inForce = keepInForce(source, systemClock, log, {
    record: async (hash, before, trigger, changed) =>
      void told.push(`recorded: ${trigger} ${changed.join()}${hash === before ? ' same' : ''}`),
    recordRefused: async (_hash, trigger, mistakes) => void told.push(`refused: ${trigger} ${mistakes.join()}`),
    took: async () => void told.push('agents told'),
    ...changes,
  });
  return { directory, inForce, told };
}

async function world(changes: Partial<ReloadEffects> = {}): Promise<World> {
  const directory = await folder();
  await cp(shipped, directory, { recursive: true });
  return open(directory, changes);
}

async function edit(directory: string, name: string, from: string | RegExp, to: string): Promise<void> {
  const path = join(directory, name);
  const text = await readFile(path, 'utf8');
  const changed = text.replace(from, to);
  expect(changed, `${name} has ${from}`).not.toBe(text);
  await writeFile(path, changed);
}

describe('a reload', () => {
  it('takes what was changed, records it before and tells the agents after', async () => {
    const { directory, inForce, told } = await world();
    const before = inForce.now();
    await edit(directory, 'redaction.yaml', /^profile: debug$/m, 'profile: strict');
    const { hash, changed, needsRestart } = await inForce.reload('operator');
    expect({ changed, needsRestart }).toEqual({ changed: ['redaction.yaml'], needsRestart: false });
    expect(inForce.now().redaction.base.profile).toBe('strict');
    expect(before.redaction.base.profile).toBe('debug');
    expect(inForce.now().hash).toBe(hash);
    expect(told).toEqual(['recorded: operator redaction.yaml', 'agents told']);
    expect((await inForce.reload('operator')).changed).toEqual([]);
    expect(told).toHaveLength(2);
  });

  it.each([
    ['a mistake', 'redaction.yaml', /^profile: debug$/m, 'profile: off', /redaction\.yaml:7:1: profile: /],
    ['a case that does not hold', 'roles.yaml', '[take_snapshot, ', '[', /cases\.yaml:\d+:\d+: case \d+ does not hold/],
    ['a tool without an entry', 'tools.yaml', /^locate: .*$/m, '', /the tool locate has no entry/],
    ['a broken identity.yaml', 'identity.yaml', /^/, 'mod: local\n', /identity\.yaml:1:1: /],
  ] as const)('with %s changes nothing, not even what is right in the other files', async (_what, name, from, to, says) => {
    const { directory, inForce, told } = await world();
    const before = inForce.now();
    await edit(directory, name, from, to);
    await edit(directory, 'groups.yaml', /$/, '\nmore: { pools: [more], services: ["*"] }\n');
    const refusal = await refusalOf(() => inForce.reload('signal'));
    expect(refusal.message).toMatch(says);
    expect(inForce.now()).toBe(before);
    expect(inForce.status().refused?.message).toBe(refusal.message);
    expect(told).toEqual([
      'log: the policy files were not taken; those before stay in force',
      expect.stringMatching(/^refused: signal \w+\.yaml:\d+:\d+/),
    ]);
  });

  it('is refused while a file is missing, and taken when it is back', async () => {
    const { directory, inForce } = await world();
    await rename(join(directory, 'roles.yaml'), join(directory, 'roles.gone'));
    expect((await refusalOf(() => inForce.reload('files'))).message).toContain('roles.yaml is missing');
    await rename(join(directory, 'roles.gone'), join(directory, 'roles.yaml'));
    expect((await inForce.reload('files')).changed).toEqual([]);
    expect(inForce.status().refused).toBeUndefined();
  });

  it('leaves identity.yaml as it was at the start, says so, and takes the rest', async () => {
    const { directory, inForce } = await world();
    const { identity } = inForce.now();
    await edit(directory, 'redaction.yaml', /^tags: true$/m, 'tags: false');
    await writeFile(join(directory, 'identity.yaml'), 'mode: local\n# another text\n');
    expect(await inForce.reload('files')).toMatchObject({ changed: ['redaction.yaml'], needsRestart: true });
    expect(inForce.now().identity).toEqual(identity);
    expect(inForce.now().redaction.base.tags).toBe(false);
    expect(inForce.status().needsRestart).toBe(true);
    const ofFiles = await readPolicies(directory, { tools: allTools.map(({ name }) => name) });
    expect(inForce.now().hash, 'the hash is of what is in force').not.toBe(ofFiles.policies.hash);
  });

  it('that cannot be recorded does not happen, and is tried again', async () => {
    let works = false;
    const { directory, inForce } = await world({
      record: async () => {
        if (!works) throw new Error('no database');
      },
    });
    const before = inForce.now();
    await edit(directory, 'redaction.yaml', /^tags: true$/m, 'tags: false');
    expect((await refusalOf(() => inForce.reload('operator'))).code).toBe('unavailable');
    await inForce.look();
    expect(inForce.now()).toBe(before);
    works = true;
    await inForce.look();
    expect(inForce.now().redaction.base.tags).toBe(false);
  });

  it('whose agents could not be told tells them at the next look', async () => {
    let tries = 0;
    const { directory, inForce } = await world({
      took: async () => {
        if (++tries === 1) throw new Error('no database');
      },
    });
    await edit(directory, 'redaction.yaml', /^tags: true$/m, 'tags: false');
    expect((await inForce.reload('files')).changed).toEqual(['redaction.yaml']);
    await inForce.look();
    await inForce.look();
    expect(tries).toBe(2);
  });

  it('never takes a state between two changes that come at once', async () => {
    const { directory, inForce } = await world();
    await edit(directory, 'redaction.yaml', /^tags: true$/m, 'tags: false');
    const reloaded = inForce.reload('files');
    await edit(directory, 'redaction.yaml', /^profile: debug$/m, 'profile: strict');
    await reloaded;
    expect(inForce.now().redaction.base).toMatchObject({ tags: false, profile: 'strict' });
  });
});

describe('a look', () => {
  it('tells of the same mistake once', async () => {
    const { directory, inForce, told } = await world();
    await edit(directory, 'redaction.yaml', /^profile: debug$/m, 'profile: off');
    for (let look = 0; look < 3; look++) await inForce.look();
    expect(told).toHaveLength(2);
    await edit(directory, 'redaction.yaml', /^profile: off$/m, 'profile: strict');
    await inForce.look();
    expect(inForce.now().redaction.base.profile).toBe('strict');
  });

  it('passes over what editors put beside a file', async () => {
    const { directory, inForce, told } = await world();
    await symlink('somebody@somewhere.1', join(directory, '.#redaction.yaml'));
    await writeFile(join(directory, 'redaction.yaml~'), 'profile: off');
    await inForce.look();
    expect(told).toEqual([]);
  });
});

describe('a directory that is watched', () => {
  async function watched(directory: string): Promise<World> {
    const opened = await open(directory);
    cleanUps.push(watchDirectory(directory, () => opened.inForce.look(), systemClock));
    return opened;
  }
  const strict = ({ inForce }: World) =>
    until('the change is taken', () => inForce.now().redaction.base.profile === 'strict' || undefined);

  it('sees a file that another one takes the place of', async () => {
    const directory = await folder();
    await cp(shipped, directory, { recursive: true });
    const opened = await watched(directory);
    const text = await readFile(join(directory, 'redaction.yaml'), 'utf8');
    await writeFile(join(directory, 'redaction.tmp'), text.replace('profile: debug', 'profile: strict'));
    await rename(join(directory, 'redaction.tmp'), join(directory, 'redaction.yaml'));
    await strict(opened);
  });

  it('sees a volume of Kubernetes change, where a link to the data changes at once', async () => {
    const directory = await folder();
    const version = async (name: string, profile: string) => {
      await cp(shipped, join(directory, name), { recursive: true });
      await edit(join(directory, name), 'redaction.yaml', /^profile: debug$/m, `profile: ${profile}`);
      await symlink(name, join(directory, `..data_${name}`));
      await rename(join(directory, `..data_${name}`), join(directory, '..data'));
    };
    await version('..2026_01', 'secrets-only');
    for (const name of policyFiles) await symlink(join('..data', name), join(directory, name));
    const opened = await watched(directory);
    await version('..2026_02', 'strict');
    await rm(join(directory, '..2026_01'), { recursive: true });
    await strict(opened);
  });

  it('sees what a watch cannot: a link above the directory that leads elsewhere', async () => {
    const home = await folder();
    for (const name of ['one', 'two']) {
      await mkdir(join(home, name));
      await cp(shipped, join(home, name), { recursive: true });
    }
    await edit(join(home, 'two'), 'redaction.yaml', /^profile: debug$/m, 'profile: strict');
    await symlink('one', join(home, 'policies'));
    const opened = await watched(join(home, 'policies'));
    await symlink('two', join(home, 'next'));
    await rename(join(home, 'next'), join(home, 'policies'));
    await strict(opened);
  });
});
