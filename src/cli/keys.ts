import { defaultOrg } from '../identity/issue.ts';
import type { ShownKey } from '../orders.ts';
import { order } from './order.ts';
import { split } from './policy.ts';
import { type Command, type Flags, readFlags, settingOptions, Usage } from './usage.ts';

/** Makes, lists, revokes and rotates keys, through the running bridge when there is one. */
export const keys: Command = {
  name: 'keys',
  usage: `sidelight keys create --name NAME [--role ROLE] [--scopes A,B] [--permissions dev_api] [--groups everyone] [--owner WHO] [--days 90]
sidelight keys create --kind enrolment --name NAME [--pool POOL] [--service GLOB] [--days 90]
sidelight keys list
sidelight keys revoke ID
sidelight keys rotate ID [--overlap-hours 24] [--days 90]
  Keys of callers (slk_…) and of agents (sle_…). The secret is shown once. Give the same --data as to serve; --json for scripts.`,
  async run(args) {
    const text = { type: 'string' } as const;
    const { values, positionals } = readFlags(
      args,
      {
        ...settingOptions,
        ...{ kind: text, name: text, role: text, scopes: text, permissions: text, groups: text, owner: text, days: text },
        ...{ pool: text, service: text, org: text, 'overlap-hours': text },
        json: { type: 'boolean' },
      },
      2,
    );
    const [verb, id] = positionals;
    const org = String(values.org ?? defaultOrg);
    const input =
      verb === 'create'
        ? creation(values, org)
        : { org, id: String(id ?? ''), days: number(values.days), overlapHours: number(values['overlap-hours']) };
    if (!['create', 'list', 'revoke', 'rotate'].includes(verb ?? ''))
      throw new Usage('Say sidelight keys create, list, revoke or rotate.');
    if ((verb === 'revoke' || verb === 'rotate') && id === undefined) throw new Usage(`Give the id of the key to ${verb}.`);
    const result = await order(values, `keys.${verb}`, input);
    process.stdout.write(`${values.json === true ? JSON.stringify(result ?? {}) : describe(verb as string, id, result)}\n`);
    return 0;
  },
};

function creation(values: Flags, org: string): Record<string, unknown> {
  const common = { org, owner: String(values.owner ?? 'operator'), name: String(values.name ?? ''), days: number(values.days) };
  if (values.kind === 'enrolment')
    return { ...common, kind: 'enrolment', pool: String(values.pool ?? 'default'), service: String(values.service ?? '*') };
  if (values.kind !== undefined && values.kind !== 'api') throw new Usage('--kind is api or enrolment.');
  return {
    ...common,
    kind: 'api',
    role: String(values.role ?? 'developer'),
    scopes: split(values.scopes ?? 'runtime:read'),
    permissions: split(values.permissions ?? 'dev_api'),
    groups: split(values.groups ?? 'everyone'),
  };
}

function describe(verb: string, id: string | undefined, result: unknown): string {
  if (verb === 'list') return (result as ShownKey[]).map(row).join('\n') || 'There are no keys.';
  if (verb === 'revoke') return `Key ${id} is revoked; its next request is refused.`;
  const { key, secret } = result as { key: ShownKey; secret: string };
  return `${secret}\n\nShown only now. Id ${key.id}, ends ${day(key.expiresAt)}.`;
}

function row(key: ShownKey): string {
  const state = key.revokedAt !== undefined ? 'revoked' : key.expiresAt <= Date.now() ? 'expired' : `until ${day(key.expiresAt)}`;
  const rights =
    key.kind === 'enrolment'
      ? `pool ${key.pool}, service ${key.service}`
      : [key.role, ...(key.scopes ?? []), ...(key.permissions ?? [])].join(' ');
  const used = key.lastUsedAt === undefined ? 'never used' : `used ${new Date(key.lastUsedAt).toISOString()}`;
  return [key.id, key.kind.padEnd(9), key.name.padEnd(16), state.padEnd(18), rights, used].join('  ');
}

const day = (at: number) => new Date(at).toISOString().slice(0, 10);

function number(value: string | boolean | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isFinite(Number(value))) throw new Usage(`${JSON.stringify(value)} is not a number.`);
  return Number(value);
}
