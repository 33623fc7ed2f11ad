import type { KeyRecord } from './keys.ts';

const dayMs = 86_400_000;
/** How long before its end a key that nothing replaces yet is spoken of. */
export const warnedDays = 14;

/** `replaced`: rotated, and good until the overlap is over. */
export type KeyState = 'live' | 'replaced' | 'expired' | 'revoked';

type Dated = Pick<KeyRecord, 'expiresAt' | 'revokedAt' | 'rotatedTo'>;

/** What has become of a key. */
export function stateOf(key: Dated, now: number): KeyState {
  if (key.revokedAt !== undefined) return 'revoked';
  if (key.expiresAt <= now) return 'expired';
  return key.rotatedTo === undefined ? 'live' : 'replaced';
}

/** Whole days until `expiresAt`, rounded down; 0 in the last one and after it. */
export function daysLeft(expiresAt: number, now: number): number {
  return Math.max(0, Math.floor((expiresAt - now) / dayMs));
}

/** A sentence about a live key that ends within 14 days; undefined for every other key. */
export function warningOf(key: Dated, now: number): string | undefined {
  return stateOf(key, now) === 'live' ? endingSoon(key.expiresAt, now) : undefined;
}

/** The same about a credential of which only its end is known. */
export function endingSoon(expiresAt: number, now: number): string | undefined {
  const left = daysLeft(expiresAt, now);
  if (expiresAt > now + warnedDays * dayMs) return undefined;
  const when = left === 0 ? 'within a day' : left === 1 ? 'in 1 day' : `in ${left} days`;
  return `The key ends ${when}; rotate it before that.`;
}
