import type { MadeKeys } from '../keys.ts';
import type { ShownKey } from '../orders.ts';
import { cleanLabel } from '../redaction/clean.ts';

/** Owners are named by a provider; a line stays one. */
const maxOwnerChars = 60;

/** What an order about keys answered, for people. */
export function keyAnswer(verb: string, id: string | undefined, result: unknown): string {
  if (verb === 'list') return (result as ShownKey[]).map(row).join('\n') || 'There are no keys.';
  if (verb === 'revoke') return revoked(id, result as MadeKeys);
  const { key, secret, out, bridgeKey } = result as { key: ShownKey; secret?: string; out?: string; bridgeKey?: string };
  const trusted = bridgeKey === undefined ? '' : `\nPrograms trust this bridge alone with SIDELIGHT_BRIDGE_KEY=${bridgeKey}`;
  const told = secret === undefined ? `The key is in ${out}, which only you can read.` : `${secret}\n\nShown only now.`;
  return `${told} Id ${key.id}, ends ${day(key.expiresAt)}.${trusted}`;
}

function revoked(id: string | undefined, { alsoRevoked, stillLiving }: MadeKeys): string {
  const lines = [`Key ${id} is revoked; its next request is refused.`];
  if (alsoRevoked.length > 0) lines.push(`Revoked with it, because it made them: ${alsoRevoked.join(', ')}.`);
  if (stillLiving.length > 0)
    lines.push(`It made keys that live on: ${stillLiving.join(', ')}.`, `They end with: sidelight keys revoke ${id} --and-made`);
  return lines.join('\n');
}

/** One line about a key. */
export function row(key: ShownKey): string {
  const rights =
    key.kind === 'enrolment'
      ? `pool ${key.pool}, service ${key.service}`
      : [key.role, ...(key.scopes ?? []), ...(key.permissions ?? [])].join(' ');
  const from = key.lastUsedFrom === undefined ? '' : ` from ${key.lastUsedFrom}`;
  const used = key.lastUsedAt === undefined ? 'never used' : `used ${new Date(key.lastUsedAt).toISOString()}${from}`;
  return [
    ...[
      key.id,
      key.kind.padEnd(9),
      key.name.padEnd(16),
      state(key).padEnd(18),
      cleanLabel(key.owner, maxOwnerChars),
      rights,
      used,
    ],
    ...(key.addresses === undefined ? [] : [`only from ${key.addresses.join(', ')}`]),
    ...(key.warning === undefined ? [] : [`! ${key.warning}`]),
  ].join('  ');
}

/** What has become of a key, and until when it is good. */
export function state({ state, expiresAt, rotatedTo }: ShownKey): string {
  if (state === 'live') return `until ${day(expiresAt)}`;
  return state === 'replaced' ? `${rotatedTo}, until ${day(expiresAt)}` : state;
}

const day = (at: number) => new Date(at).toISOString().slice(0, 10);
