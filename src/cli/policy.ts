import { explain } from '../authorization/explain.ts';
import type { PolicyStatus, Reloaded } from '../authorization/in-force.ts';
import { loadPolicies } from '../authorization/load.ts';
import { type Config, readConfig } from '../config.ts';
import { permissions, roles, scopes } from '../identity/principal.ts';
import { Refusal } from '../lib/refusal.ts';
import type { OtherBridge } from '../orders.ts';
import { allTools } from '../tools/all.ts';
import { linesOfOthers, untilHeard } from './policy-others.ts';
import { runningBridge } from './running.ts';
import { type Command, readFlags, settingOptions, Usage } from './usage.ts';

/** Checks the policy files, or explains one decision. */
export const policy: Command = {
  name: 'policy',
  usage: `sidelight policy check [--policies DIR]
  Reads the policy files and decides every case in cases.yaml; exit code 0 when all is well.
sidelight policy status | reload [--data DIR] [--json]
  What the running bridge decides by, and what is wrong with files it did not take; reload makes it and the others on its database
  read theirs now, and waits up to 12 seconds until it has heard by what they decide. Exit code 1 when the files are not in force, and
  after a reload also while another bridge decides by other policies.
sidelight policy explain --tool TOOL --role ROLE --scopes A,B [--permissions dev_api] [--groups A,B] [--person] [--pool POOL --service SERVICE]
  Says what would be decided, check by check.`,
  async run(args) {
    const list = { type: 'string' } as const;
    const { values, positionals } = readFlags(
      args,
      {
        ...settingOptions,
        ...{ tool: list, role: list, scopes: list, permissions: list, groups: list, pool: list, service: list },
        ...{ person: { type: 'boolean' }, json: { type: 'boolean' } },
      },
      1,
    );
    const config = readConfig(values, process.env);
    const [word] = positionals;
    if (word === 'status' || word === 'reload') return askOfRunning(word, config, values.json === true);
    const policies = await loadPolicies(config.policiesDirectory, {
      tools: allTools.map((tool) => tool.name),
    });
    if (word === 'check') {
      process.stdout.write(`The policies are well: ${policies.cases.length} cases hold. Hash ${policies.hash}.\n`);
      return 0;
    }
    if (word !== 'explain') throw new Usage('Say sidelight policy check, status, reload or explain.');
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

async function askOfRunning(word: 'status' | 'reload', config: Config, json: boolean): Promise<number> {
  const ask = runningBridge(config);
  const asked = await ask(`policy.${word}`, {});
  if (asked === undefined) {
    throw new Refusal({
      code: 'unavailable',
      message: `No bridge runs on ${config.dataDirectory}${config.databaseUrl === undefined ? '' : ' that keeps its data in the database named'}.`,
      next: 'Name its data directory with --data; sidelight policy check needs no bridge.',
    });
  }
  const first = asked.result as (PolicyStatus | Reloaded) & { others?: OtherBridge[] };
  const { hash, others: heard = [] } = first;
  const again = async () => ((await ask('policy.status', {}))?.result as typeof first | undefined)?.others ?? [];
  const others = word === 'reload' ? await untilHeard(hash, heard, again) : heard;
  const told = { ...first, others };
  const lines = [...linesOf(told), ...linesOfOthers(hash, others)];
  process.stdout.write(json ? `${JSON.stringify(told)}\n` : `${lines.join('\n')}\n`);
  const isEverywhere = word === 'status' || others.every(({ policyHash }) => policyHash === hash);
  return 'refused' in told || !isEverywhere ? 1 : 0;
}

function linesOf(told: PolicyStatus | Reloaded): string[] {
  const lines = [`In force: ${told.hash}${'since' in told ? `, since ${new Date(told.since).toISOString()}` : ''}.`];
  if ('changed' in told) lines.push(told.changed.length > 0 ? `Changed: ${told.changed.join(', ')}.` : 'Nothing was changed.');
  if (told.needsRestart) lines.push('identity.yaml was changed; it needs a restart.');
  if ('refused' in told && told.refused !== undefined) {
    lines.push(`The files were not taken (${new Date(told.refused.at).toISOString()}):`, told.refused.message);
  }
  return lines;
}

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
