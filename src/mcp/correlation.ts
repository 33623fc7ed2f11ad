import { randomBase62 } from '../lib/id.ts';

const maxClientChars = 80;

/**
 * A value for `Mcp-Session-Id` that no state hangs on. A legacy client repeats it, so a later `notifications/cancelled` can be
 * matched to the request it means, and the client's name, which only `initialize` tells, reaches every later call.
 */
export function newSessionKey(client: string | undefined): string {
  const name = client === undefined ? '' : `.${Buffer.from(client).toString('base64url')}`;
  return `${randomBase62(22)}${name}`;
}

/** The client a session key names; clients may write there what they like, so it is good for comfort, never for rights. */
export function clientOfSessionKey(key: string): string | undefined {
  const encoded = key.split('.')[1];
  return encoded === undefined ? undefined : printable(Buffer.from(encoded, 'base64url').toString('utf8'));
}

/** `name/version` of a client's self-description; undefined when it has no name. */
export function clientName(info: unknown): string | undefined {
  if (typeof info !== 'object' || info === null || !('name' in info) || typeof info.name !== 'string') return undefined;
  const version = 'version' in info && typeof info.version === 'string' ? `/${info.version}` : '';
  return printable(`${info.name}${version}`);
}

function printable(text: string): string | undefined {
  return text.replace(/[^\x20-\x7e]/g, '').slice(0, maxClientChars) || undefined;
}
