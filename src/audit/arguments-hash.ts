import { createHash } from 'node:crypto';
import { canonical } from './canonical.ts';

/** SHA-256 of a call's arguments, hex, the same for every spelling of the same JSON. */
export function argumentsHash(given: unknown): string {
  return createHash('sha256')
    .update(canonical(given ?? {}))
    .digest('hex');
}
