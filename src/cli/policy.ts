import { explain } from '../authorization/explain.ts';
import { loadPolicies } from '../authorization/load.ts';
import { readConfig } from '../config.ts';
import { permissions, roles, scopes } from '../identity/principal.ts';
import { allTools } from '../tools/all.ts';
import { type Command, readFlags, settingOptions, Usage } from './usage.ts';

/** Checks the policy files, or explains one decision. */
export const policy: Command = {
  name: 'policy',
  usage: `sidelight policy check [--policies DIR]
  Reads the policy files and decides every case in cases.yaml; exit code 0 when all is well.
sidelight policy explain --tool TOOL --role ROLE --scopes A,B [--permissions dev_api] [--groups A,B] [--person] [--pool POOL --service SERVICE]
  Says what would be decided, check by check.`,
  async run(args) {
    const list = { type: 'string' } as const;
    const { values, positionals } = readFlags(
      args,
      {
        ...settingOptions,
        ...{ tool: list, role: list, scopes: list, permissions: list, groups: list, pool: list, service: list },
        person: { type: 'boolean' },
      },
      1,
    );
    const policies = await loadPolicies(readConfig(values, process.env).policiesDirectory, {
      tools: allTools.map((tool) => tool.name),
    });
    if (positionals[0] === 'check') {
      process.stdout.write(`The policies are well: ${policies.cases.length} cases hold. Hash ${policies.hash}.\n`);
      return 0;
    }
    if (positionals[0] !== 'explain') throw new Usage('Say sidelight policy check or sidelight policy explain.');
    const { tool, role, pool, service } = values;
    if (typeof tool !== 'string') throw new Usage('--tool is missing.');
    const caller = {
      kind: values.person === true ? ('person' as const) : ('api_key' as const),
      role: oneOf(roles, role, '--role'),
      scopes: split(values.scopes).map((each) => oneOf(scopes, each, '--scopes')),
      permissions: split(values.permissions).map((each) => oneOf(permissions, each, '--permissions')),
      groups: split(values.groups),
    };
    const source = typeof pool === 'string' && typeof service === 'string' ? { pool, service } : undefined;
    process.stdout.write(`${explain(policies, caller, tool, source).join('\n')}\n`);
    return 0;
  },
};

/** A comma-separated flag as a list. */
export function split(value: string | boolean | undefined): string[] {
  return typeof value === 'string'
    ? value
        .split(',')
        .map((each) => each.trim())
        .filter((each) => each !== '')
    : [];
}

/** One of the known words, or a `Usage` that lists them. */
export function oneOf<T extends string>(known: readonly T[], value: unknown, flag: string): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new Usage(`${flag} is ${JSON.stringify(value ?? null)}; it must be one of ${known.join(', ')}.`);
  return found;
}
