import { defaultOrg } from '../identity/issue.ts';
import { keyAnswer } from './key-words.ts';
import { who } from './keys-who.ts';
import { order } from './order.ts';
import { split } from './policy.ts';
import { intoNewFile } from './secret-file.ts';
import { type Command, type Flags, readFlags, settingOptions, Usage } from './usage.ts';

const text = { type: 'string' } as const;
const options = {
  ...settingOptions,
  ...{ kind: text, name: text, role: text, scopes: text, permissions: text, groups: text, owner: text, days: text },
  ...{ pool: text, service: text, addresses: text, org: text, 'overlap-hours': text, out: text, in: text },
  json: { type: 'boolean' },
  'and-made': { type: 'boolean' },
} as const;

/** What each verb needs: an id, whether it tells a secret, and what it sends with the order. */
const verbs: Record<string, { needsId: boolean; hasSecret: boolean; input(values: Flags): Record<string, unknown> }> = {
  create: { needsId: false, hasSecret: true, input: creation },
  list: { needsId: false, hasSecret: false, input: ({ owner }) => (owner === undefined ? {} : { owner }) },
  revoke: { needsId: true, hasSecret: false, input: (values) => ({ andMade: values['and-made'] === true }) },
  rotate: {
    ...{ needsId: true, hasSecret: true },
    input: (values) => ({ days: number(values.days), overlapHours: number(values['overlap-hours']) }),
  },
};

/** Makes, lists, revokes, rotates and recognises keys, through the running bridge when there is one. */
export const keys: Command = {
  name: 'keys',
  usage: `sidelight keys create --name NAME [--role ROLE] [--scopes A,B] [--permissions dev_api] [--groups everyone] [--owner WHO] [--days 90]
sidelight keys create --kind enrolment --name NAME [--pool POOL] [--service GLOB] [--owner WHO] [--days 90]
sidelight keys list [--owner WHO]
sidelight keys revoke ID [--and-made]
sidelight keys rotate ID [--overlap-hours 24] [--days 90]
sidelight keys who [ID] [--in FILE]
  Keys of callers (slk_…) and of agents (sle_…). WHO is operator, service:NAME or user:NAME. --addresses A,B takes a new key from these
  addresses and networks only. The secret is shown once; --out FILE writes it to a new file of your own instead. who tells whose a key
  is that somebody found: it reads FILE or standard input. --and-made also revokes the keys that a key made. Give the same --data as to serve; --json for scripts.`,
  async run(args) {
    const { values, positionals } = readFlags(args, options, 2);
    const [verb = '', id] = positionals;
    if (verb === 'who') return who(values, id);
    const known = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    if (known === undefined) throw new Usage('Say sidelight keys create, list, revoke, rotate or who.');
    if (known.needsId && id === undefined) throw new Usage(`Give the id of the key to ${verb}.`);
    if (values['and-made'] !== undefined && verb !== 'revoke') throw new Usage('--and-made is for revoke.');
    if (values.out !== undefined && !known.hasSecret) throw new Usage(`--out is for a secret, and ${verb} tells none.`);
    const input = { org: String(values.org ?? defaultOrg), ...(known.needsId ? { id } : {}), ...known.input(values) };
    const ask = () => order(values, `keys.${verb}`, input);
    const result = await (values.out === undefined ? ask() : intoNewFile(String(values.out), ask));
    process.stdout.write(`${values.json === true ? JSON.stringify(result ?? {}) : keyAnswer(verb, id, result)}\n`);
    return 0;
  },
};

function creation(values: Flags): Record<string, unknown> {
  const common = {
    ...{ owner: String(values.owner ?? 'operator'), name: String(values.name ?? ''), days: number(values.days) },
    ...(values.addresses === undefined ? {} : { addresses: split(values.addresses) }),
  };
  if (values.kind === 'enrolment')
    return { ...common, kind: 'enrolment', pool: String(values.pool ?? 'default'), service: String(values.service ?? '*') };
  if (values.kind !== undefined && values.kind !== 'api') throw new Usage('--kind is api or enrolment.');
  return {
    ...{ ...common, kind: 'api', role: String(values.role ?? 'developer') },
    scopes: split(values.scopes ?? 'runtime:read'),
    permissions: split(values.permissions ?? 'dev_api'),
    groups: split(values.groups ?? 'everyone'),
  };
}

function number(value: string | boolean | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isFinite(Number(value))) throw new Usage(`${JSON.stringify(value)} is not a number.`);
  return Number(value);
}
