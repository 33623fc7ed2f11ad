import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkIdentity } from '../identity/check-identity-policy.ts';
import { identityFile } from '../identity/identity-policy.ts';
import { matchesGlob } from '../lib/glob.ts';
import { Refusal } from '../lib/refusal.ts';
import { type Mistake, parseStrictYaml, refuseMistakes, type StrictYaml } from '../lib/strict-yaml.ts';
import type { Budget, Engine } from '../protocol/frames.ts';
import { parseRedactionPolicy } from '../redaction/policy-file.ts';
import { broken } from './cases.ts';
import type { Policies, PolicyCase } from './policies.ts';
import { resolveRoles, sharedQuotas } from './roles.ts';
import { casesFile, exposureFile, groupsFile, limitsFile, quotasFile, rolesFile, toolsFile } from './schema.ts';

/** Every policy file; one more or one less in the directory stops the start. */
export const policyFiles = [
  'cases.yaml',
  'exposure.yaml',
  'groups.yaml',
  'identity.yaml',
  'limits.yaml',
  'quotas.yaml',
  'redaction.yaml',
  'roles.yaml',
  'tools.yaml',
] as const;

/** Files that came later: a directory without them has what this text says. */
const laterFiles: Partial<Record<(typeof policyFiles)[number], string>> = { 'identity.yaml': 'mode: local\n' };

/** The text of every policy file. */
export type PolicyTexts = Record<(typeof policyFiles)[number], string>;

/** What the code has, for the policies to agree with. */
export interface Registered {
  /** Names of all tools. */
  tools: readonly string[];
}

/**
 * Reads and checks the policy files of a directory. Throws a Refusal that names every mistake by file, line and column: an
 * unknown key, role, tool, scope or file, a tool without an entry, a raised ceiling, or a case that does not hold.
 */
export async function loadPolicies(directory: string, registered: Registered): Promise<Policies> {
  return parsePolicies(directory, await readPolicyTexts(directory), registered);
}

/** The texts of a policy directory, before anything is checked but that each file is there and no other. */
export async function readPolicyTexts(directory: string): Promise<PolicyTexts> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    throw new Refusal({ code: 'invalid_input', message: `${directory}: the policy directory cannot be read (${error.code}).` });
  });
  // Hidden ones are an editor's: its locks are named like the file.
  const there = new Set(names.filter((name) => /^[^.].*\.ya?ml$/.test(name)));
  const wrong = [
    ...policyFiles.filter((name) => !there.has(name) && laterFiles[name] === undefined).map((name) => `${name} is missing`),
    ...[...there].filter((name) => !policyFiles.some((known) => known === name)).map((name) => `${name} is no policy file`),
  ];
  if (wrong.length > 0) {
    throw new Refusal({
      code: 'invalid_input',
      message: `${directory}: ${wrong.join('; ')}; expected ${policyFiles.join(', ')}.`,
    });
  }
  const texts = await Promise.all(
    policyFiles.map(async (name) => {
      const later = there.has(name) ? undefined : laterFiles[name];
      return [name, later ?? (await readFile(join(directory, name), 'utf8'))] as const;
    }),
  );
  return Object.fromEntries(texts) as PolicyTexts;
}

/** Checks policy texts and freezes what they say; `directory` only names the files in mistakes. */
export function parsePolicies(directory: string, texts: PolicyTexts, registered: Registered): Policies {
  const mistakes: Mistake[] = [];
  const parse = <T>(name: keyof PolicyTexts, schema: Parameters<typeof parseStrictYaml<T>>[2]): StrictYaml<T> | undefined =>
    collect(mistakes, () => parseStrictYaml(texts[name], join(directory, name), schema));
  const files = {
    roles: parse('roles.yaml', rolesFile),
    tools: parse('tools.yaml', toolsFile),
    groups: parse('groups.yaml', groupsFile),
    limits: parse('limits.yaml', limitsFile),
    quotas: parse('quotas.yaml', quotasFile),
    exposure: parse('exposure.yaml', exposureFile),
    cases: parse('cases.yaml', casesFile),
    identity: parse('identity.yaml', identityFile),
  };
  const redaction = collect(mistakes, () => parseRedactionPolicy(texts['redaction.yaml'], join(directory, 'redaction.yaml')));
  const { roles, tools, groups, limits, quotas, exposure, cases, identity } = files;
  if (!roles || !tools || !groups || !limits || !quotas || !exposure || !cases || !identity || !redaction)
    throw refuseMistakes(mistakes);

  checkTools(tools, registered, mistakes);
  checkExposure(exposure, registered, mistakes);
  mistakes.push(...checkIdentity(identity));
  const resolved = resolveRoles(roles, limits, quotas, registered.tools, mistakes);
  if (mistakes.length > 0) throw refuseMistakes(mistakes);

  const policies: Policies = Object.freeze({
    hash: hashOf(texts),
    roles: record(resolved),
    tools: record(tools.value),
    groups: record(groups.value),
    shared: freeze(sharedQuotas(quotas.value)),
    exposure: freeze({ readOnly: exposure.value.read_only, allow: exposure.value.allow, deny: exposure.value.deny }),
    budget: budgetOf(limits.value.agents),
    cases: freeze(cases.value),
    identity: freeze(identity.value),
    redaction: freeze(redaction),
  });
  checkCases(policies, cases, mistakes);
  if (mistakes.length > 0) throw refuseMistakes(mistakes);
  return policies;
}

/** As agents are told it. */
function budgetOf(agents: { maxShare?: number; maxArmMs?: number; engines?: Engine[] } | undefined): Budget | undefined {
  if (agents === undefined) return undefined;
  const { maxShare: share, maxArmMs: armMs, engines } = agents;
  return freeze({
    ...(share === undefined ? {} : { share }),
    ...(armMs === undefined ? {} : { armMs }),
    ...(engines === undefined ? {} : { engines }),
  });
}

/** Runs one file's parser, so that the mistakes of all files are told at once. */
function collect<T>(mistakes: Mistake[], run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    const told = error instanceof Refusal ? error.details.data?.mistakes : undefined;
    if (!Array.isArray(told)) throw error;
    mistakes.push(...(told as Mistake[]));
    return undefined;
  }
}

function checkTools(
  file: StrictYaml<Record<string, { scope: string; reads: boolean }>>,
  registered: Registered,
  mistakes: Mistake[],
): void {
  for (const [name, tool] of Object.entries(file.value)) {
    if (!registered.tools.includes(name)) {
      mistakes.push(file.mistake([name], `there is no tool ${name}; expected ${registered.tools.join(', ')}`));
    }
    // Two statements of one fact, so that one slip cannot let a writing tool through read-only mode or a read key.
    if (tool.reads !== (tool.scope === 'runtime:read')) {
      const message = `${name}: reads is ${tool.reads} but the scope is ${tool.scope}; a tool reads exactly if its scope is runtime:read`;
      mistakes.push(file.mistake([name, 'reads'], message));
    }
  }
  for (const name of registered.tools) {
    if (!Object.hasOwn(file.value, name)) mistakes.push(file.mistake([], `the tool ${name} has no entry`));
  }
}

function checkExposure(file: StrictYaml<{ allow: string[]; deny: string[] }>, registered: Registered, mistakes: Mistake[]): void {
  for (const list of ['allow', 'deny'] as const) {
    for (const [index, glob] of file.value[list].entries()) {
      if (registered.tools.some((tool) => matchesGlob(glob, tool))) continue;
      mistakes.push(
        file.mistake([list, index], `${list}[${index}]: no tool fits ${glob}; expected one of ${registered.tools.join(', ')}`),
      );
    }
  }
}

function checkCases(policies: Policies, file: StrictYaml<PolicyCase[]>, mistakes: Mistake[]): void {
  for (const [index, each] of file.value.entries()) {
    const decision = broken(policies, each);
    if (decision === undefined) continue;
    const message = `case ${index + 1} does not hold: ${each.as.role} calling ${each.tool}: expected ${each.expect}, decided ${decision}`;
    mistakes.push(file.mistake([index], message));
  }
}

/** Names and lengths go in too, so that no text can pass for two files or move from one to another. */
function hashOf(texts: PolicyTexts): string {
  const hash = createHash('sha256');
  for (const name of policyFiles) hash.update(`${name}\0${Buffer.byteLength(texts[name])}\0`).update(texts[name]);
  return hash.digest('hex');
}

function record<T>(entries: Record<string, T>): Readonly<Record<string, T>> {
  return freeze(Object.assign(Object.create(null) as Record<string, T>, entries));
}

function freeze<T extends object>(value: T): Readonly<T> {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) freeze(inner);
  }
  return Object.freeze(value);
}
