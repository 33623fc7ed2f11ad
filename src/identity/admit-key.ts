import { Refusal } from '../lib/refusal.ts';
import { isListed } from './address-list.ts';
import type { KeyRecord } from './keys.ts';
import type { Owners } from './owner.ts';

/** Why a key that is good in itself opens no door. */
export type KeyObjection = 'address_not_allowed' | 'owner_gone';

/** A good key that was not taken, for the audit trail: who holds it, and why not. The holder is told by the sentence. */
export class KeyRefused extends Refusal {
  readonly reason: KeyObjection;
  readonly key: Pick<KeyRecord, 'id' | 'org' | 'firstId'>;

  constructor(reason: KeyObjection, { id, org, firstId }: KeyRecord, message: string, next: string) {
    super({ code: 'invalid_token', message, next });
    this.reason = reason;
    this.key = { id, org, firstId };
  }
}

/** What the audit trail says of it. */
export function keyFacts({ reason, key }: KeyRefused): { reason: KeyObjection; org: string; subject: string } {
  return { reason, org: key.org, subject: `key:${key.firstId ?? key.id}` };
}

/**
 * The last check of a key whose secret was proved: it comes from an address it is taken from, and its owner is still here. Answers the
 * key with what it may do now. Throws `KeyRefused`.
 */
export async function admitKey(owners: Owners, key: KeyRecord, from: string | undefined): Promise<KeyRecord> {
  if (key.addresses !== undefined && !isListed(key.addresses, from)) {
    throw new KeyRefused(
      'address_not_allowed',
      key,
      `The key is good, but it is not taken from ${from ?? 'where this came from'}.`,
      'Use it from an address on its list, or a key that has none. Behind a proxy it is the proxy’s address that counts.',
    );
  }
  const admitted = await owners.cut(key);
  if (admitted !== undefined) return admitted;
  throw new KeyRefused(
    'owner_gone',
    key,
    'The key belongs to a person who may not sign in any more, or whom nobody has confirmed for too long.',
    'Sign in again in a browser, which confirms you; or use a key of a service account.',
  );
}
