import type { PlacedRecord } from '../audit/ledger.ts';
import { nobodysOrg } from '../audit/turned-away.ts';
import { defaultOrg } from '../identity/issue.ts';
import { systemClock } from '../lib/clock.ts';
import { exportTrail } from './audit-export.ts';
import { auditLine } from './audit-line.ts';
import { verify } from './audit-verify.ts';
import { readInstant } from './instant.ts';
import { order, ordering } from './order.ts';
import { type Command, type Flags, readFlags, settingOptions, Usage } from './usage.ts';

const defaultLimit = 50;
/** What storage gives to one question at most. */
const maxLimit = 10_000;

type Verb = 'newest' | 'search' | 'verify' | 'export' | 'key';

const filters = ['subject', 'tool', 'event', 'decision', 'action'] as const;
const span = ['since', 'until'] as const;

/** Flags of each verb beside those of the settings; another verb's are refused, because they would do nothing. */
const flagsOf: Record<Verb, readonly string[]> = {
  newest: ['limit', 'org', 'json'],
  search: [...span, ...filters, 'limit', 'org', 'json'],
  verify: ['checkpoints', 'file', 'key', 'json'],
  export: [...span, 'out'],
  key: ['json'],
};

const run: Record<Verb, (values: Flags) => Promise<number>> = {
  newest: (values) => list(values, 'audit.recent', {}),
  search(values) {
    const given = filters.filter((name) => values[name] !== undefined).map((name) => [name, String(values[name])]);
    return list(values, 'audit.search', { ...range(values), ...Object.fromEntries(given) });
  },
  verify,
  export: (values) => exportTrail(values, range(values)),
  async key(values) {
    const told = (await order(values, 'audit.key', {})) as { node: string; keyId: string; publicKey: string };
    process.stdout.write(values.json === true ? `${JSON.stringify(told)}\n` : told.publicKey);
    return 0;
  },
};

/** Shows who did what, checks that nobody changed it since, and hands it over, through the running bridge when there is one. */
export const audit: Command = {
  name: 'audit',
  usage: `sidelight audit [--org NAME] [--limit ${defaultLimit}] [--json]
sidelight audit search [--since 24h] [--until 2026-01-31] [--subject WHO] [--tool NAME] [--event NAME] [--decision allowed|refused|failed]
                       [--action ID] [--org NAME] [--limit ${defaultLimit}] [--json]
sidelight audit verify [--checkpoints FILE] [--json]
sidelight audit verify --file EXPORT [--key PUBLIC_KEY] [--json]
sidelight audit export [--since 24h] [--until 2026-01-31] --out FILE
sidelight audit key
  The audit trail, never values, newest first; whether it is as it was written (exit code 1 when not); a copy that can be checked elsewhere;
  the public key of its signatures. Without --org: the organisation ${defaultOrg}, and who was turned away and belongs to none (--org ${nobodysOrg} shows
  these alone). Give the same --data as to serve; --json for scripts and for every detail.`,
  async run(args) {
    const [first = ''] = args;
    const verb: Verb = Object.hasOwn(flagsOf, first) && first !== 'newest' ? (first as Verb) : 'newest';
    const own = Object.fromEntries(
      flagsOf[verb].map((name) => [name, { type: name === 'json' ? ('boolean' as const) : ('string' as const) }]),
    );
    const { values } = readFlags(verb === 'newest' ? args : args.slice(1), { ...settingOptions, ...own });
    return run[verb](values);
  },
};

async function list(values: Flags, name: string, query: Record<string, unknown>): Promise<number> {
  const limit = Number(values.limit ?? defaultLimit);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw new Usage(`--limit is a whole number from 1 to ${maxLimit}.`);
  // Who was not let in belongs to no organisation that we know; an operator who asks in general means these too.
  const orgs = values.org === undefined ? [defaultOrg, nobodysOrg] : [String(values.org)];
  const records = await ordering(values, async (ask) => {
    const found: PlacedRecord[] = [];
    for (const org of orgs) found.push(...((await ask(name, { org, limit, ...query })) as PlacedRecord[]));
    return found.sort(newestFirst).slice(0, limit);
  });
  process.stdout.write(
    `${values.json === true ? JSON.stringify(records) : records.map(auditLine).join('\n') || 'Nothing yet.'}\n`,
  );
  return 0;
}

/** By position where one bridge wrote both: several records may be of one instant. */
function newestFirst(a: PlacedRecord, b: PlacedRecord): number {
  return b.at - a.at || (a.node === b.node ? (b.seq ?? 0) - (a.seq ?? 0) : 0);
}

function range(values: Flags): { since?: number; until?: number } {
  const now = systemClock.now();
  const [since, until] = span.map((name) => readInstant(name, values[name], now));
  return { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
}
