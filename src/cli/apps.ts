import { defaultOrg } from '../identity/issue.ts';
import type { ListedApps } from '../oauth/apps.ts';
import type { ConnectedApp } from '../oauth/grants.ts';
import { cleanLabel } from '../redaction/clean.ts';
import { order } from './order.ts';
import { type Command, type Flags, readFlags, settingOptions, Usage } from './usage.ts';

const text = { type: 'string' } as const;

/** Lists what people connected, and disconnects it. */
export const apps: Command = {
  name: 'apps',
  usage: `sidelight apps list [--person NAME]
sidelight apps revoke ID
  Clients that people let act for them, as long as they have a token. revoke ends one: its tokens and its consent are gone, its next
  request is refused. Give the same --data as to serve; --json for scripts; --org for another organisation than ${defaultOrg}.`,
  async run(args) {
    const { values, positionals } = readFlags(args, { ...settingOptions, person: text, org: text, json: { type: 'boolean' } }, 2);
    const [verb, id] = positionals;
    const org = String(values.org ?? defaultOrg);
    if (verb === 'list') return list(values, org, id);
    if (verb === 'revoke') return revoke(values, org, id);
    throw new Usage('Say sidelight apps list or revoke.');
  },
};

async function list(values: Flags, org: string, surplus: string | undefined): Promise<number> {
  if (surplus !== undefined) throw new Usage(`Nothing is known about ${JSON.stringify(surplus)}.`);
  const listed = (await order(values, 'apps.list', { org, person: values.person })) as ListedApps;
  process.stdout.write(`${values.json === true ? JSON.stringify(listed) : describe(listed)}\n`);
  return 0;
}

async function revoke(values: Flags, org: string, id: string | undefined): Promise<number> {
  if (id === undefined) throw new Usage('Give the id of the app to revoke.');
  if (values.person !== undefined) throw new Usage('--person is for list; an app is revoked by its id.');
  await order(values, 'apps.revoke', { org, id });
  process.stdout.write(`${values.json === true ? '{}' : `App ${id} is disconnected; its next request is refused.`}\n`);
  return 0;
}

function describe({ apps, isCut }: ListedApps): string {
  if (apps.length === 0) return 'No apps are connected.';
  const more = isCut ? [`These are the newest ${apps.length}; there may be more: list by --person.`] : [];
  return [...apps.map(row), ...more].join('\n');
}

const knownAs: Record<ConnectedApp['known'], string> = {
  operator: 'known to the operator',
  document: 'told by its own document',
  self_registered: 'registered itself',
};

/** Clients and people are named by others; a line stays one. */
const maxNameChars = 80;
/** A redirect is told whole as far as a line can bear it: its beginning says whose it is. */
const maxRedirectChars = 300;

function row({ id, clientName, known, subject, scopes, createdAt, lastUsedAt, expiresAt, redirectUri }: ConnectedApp): string {
  return [
    id,
    cleanLabel(clientName, maxNameChars),
    knownAs[known],
    cleanLabel(subject, maxNameChars),
    scopes.join(' ') || 'no scopes',
    `connected ${instant(createdAt)}`,
    lastUsedAt === undefined ? 'never used' : `used ${instant(lastUsedAt)}`,
    ...(expiresAt === undefined ? [] : [`until ${instant(expiresAt)}`]),
    `redirects to ${cleanLabel(redirectUri, maxRedirectChars)}`,
  ].join('  ');
}

const instant = (at: number) => new Date(at).toISOString();
