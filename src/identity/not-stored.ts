import { Refusal, type RefusalCode } from '../lib/refusal.ts';
import type { KeyOutcome, KeyRecord } from './keys.ts';

/** Why a key that was to be stored was not. `id`: of the new key, or of the one to be replaced. */
export function notStored(
  outcome: Exclude<KeyOutcome, 'stored'>,
  { id, owner }: Pick<KeyRecord, 'id' | 'owner'>,
  maxLive: number,
): Refusal {
  const reasons: Record<typeof outcome, () => Refusal> = {
    caller_ended: callerEnded,
    owner_gone: () => unknownOwner(owner),
    too_many: () => tooMany(owner, maxLive),
    not_live: () => notLive(id),
  };
  return reasons[outcome]();
}

/** A person whom nobody knows, or who may not sign in. */
export function unknownOwner(owner: string): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message: `Nobody known as ${JSON.stringify(owner)} may sign in here.`,
    field: 'owner',
    next: 'People are known once they signed in; a program is better off with a service account: service:NAME.',
  });
}

/** A key whose life is over; with `not_found` where that is what was asked for. */
export function notLive(id: string, code: Extract<RefusalCode, 'not_found' | 'invalid_input'> = 'invalid_input'): Refusal {
  return new Refusal({
    code,
    message: `The key ${id} is revoked${code === 'not_found' ? '' : ', expired or replaced'} already.`,
    field: 'id',
    next: code === 'not_found' ? 'There is nothing left to do.' : 'List the keys to find its replacement, or create a new one.',
  });
}

function tooMany(owner: string, limit: number): Refusal {
  return new Refusal({
    code: 'limit_exceeded',
    message: `${owner} has ${limit} live keys, which is the most one owner can have.`,
    field: 'owner',
    next: 'Revoke keys that are not used any more: sidelight keys list --owner shows when each was.',
    data: { limit },
  });
}

function callerEnded(): Refusal {
  return new Refusal({
    code: 'invalid_token',
    message: 'The key or the sign-in that this was asked for with has ended meanwhile, so it makes no key.',
    next: 'Use a key that is still good, or sign in again.',
  });
}
