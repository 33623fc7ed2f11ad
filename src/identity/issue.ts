import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { makeKey } from './key-form.ts';
import { type CheckedRequest, checkKeyRequest, type KeyRequest } from './key-request.ts';
import type { KeyRecord, KeyStore } from './keys.ts';
import { operatorOwner } from './owner.ts';

/** The organisation of a deployment that has only one. */
export const defaultOrg = 'default';

/** A new key with its secret, which exists here only: it is shown once. */
export interface IssuedKey {
  record: KeyRecord;
  secret: string;
}

/** Ceilings of a key's life and of the overlap at a rotation. */
export const keyLife = { defaultDays: 90, maxDays: 365, defaultOverlapHours: 24, maxOverlapHours: 7 * 24 } as const;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A key as it was asked for, not stored yet. `notAfter` is when it has to end at the latest. */
export function newKey(
  { days, ...checked }: CheckedRequest,
  now: number,
  more: { createdBy?: string; notAfter?: number } = {},
): IssuedKey {
  const { id, secret, hash } = makeKey(checked.kind);
  const { notAfter } = more;
  return { record: { ...checked, ...known(more), id, hash, createdAt: now, expiresAt: endOf(days, now, notAfter) }, secret };
}

/** What is said at a rotation. */
export interface Rotation {
  /** How long the old key works on beside the new one: 0–168, default 24, and never past its own end. */
  overlapHours?: number;
  /** Life of the new key: 1–365, default 90. */
  days?: number;
}

/** A key with the rights of `old` that is to replace it, not stored yet, and when the old one ends at the latest. */
export function successorOf(
  old: KeyRecord,
  now: number,
  { overlapHours = keyLife.defaultOverlapHours, days, createdBy, notAfter }: Rotation & { createdBy?: string; notAfter?: number },
): IssuedKey & { oldEndsAt: number } {
  if (!(overlapHours >= 0 && overlapHours <= keyLife.maxOverlapHours)) {
    throw invalid('overlapHours', `The overlap is from 0 to ${keyLife.maxOverlapHours} hours.`);
  }
  const { hash: _hash, lastUsedAt: _at, lastUsedFrom: _from, revokedAt: _revoked, rotatedTo: _to, ...kept } = old;
  const { createdBy: _by, notAfter: _notAfter, ...same } = kept;
  const { id, hash, secret } = makeKey(old.kind);
  const record: KeyRecord = {
    ...same,
    ...known({ createdBy, notAfter }),
    ...{ firstId: old.firstId ?? old.id, id, hash, createdAt: now, expiresAt: endOf(days, now, notAfter) },
  };
  return { record, secret, oldEndsAt: now + overlapHours * hourMs };
}

/** The keys of the first start. */
export interface SeededKeys {
  readKey: IssuedKey;
  fullKey: IssuedKey;
  enrolKey: IssuedKey;
}

/** On an empty store: a key that reads, one that captures, and one for agents. Undefined when there is any key already. */
export async function seedKeys(store: KeyStore, clock: Clock): Promise<SeededKeys | undefined> {
  const make = (request: KeyRequest) => newKey(checkKeyRequest(request), clock.now());
  const common = { org: defaultOrg, owner: operatorOwner };
  const caller = { ...common, kind: 'api', permissions: ['dev_api'], groups: ['everyone'] } as const;
  const seeded: SeededKeys = {
    readKey: make({ ...caller, name: 'read', role: 'developer', scopes: ['runtime:read'] }),
    fullKey: make({ ...caller, name: 'full', role: 'developer', scopes: ['runtime:read', 'runtime:capture'] }),
    enrolKey: make({ ...common, kind: 'enrolment', name: 'agents', pool: 'default', service: '*' }),
  };
  const { readKey, fullKey, enrolKey } = seeded;
  return (await store.insertFirst([readKey.record, fullKey.record, enrolKey.record])) ? seeded : undefined;
}

/** Who made a key and how long that lets it live, as far as either is said. */
function known({ createdBy, notAfter }: { createdBy?: string; notAfter?: number }): Pick<KeyRecord, 'createdBy' | 'notAfter'> {
  return { ...(createdBy === undefined ? {} : { createdBy }), ...(notAfter === undefined ? {} : { notAfter }) };
}

function endOf(days: number | undefined, now: number, notAfter = Number.POSITIVE_INFINITY): number {
  if (days === undefined) return Math.min(now + keyLife.defaultDays * dayMs, notAfter);
  if (!Number.isInteger(days) || days < 1 || days > keyLife.maxDays) {
    throw invalid('days', `A key lives from 1 to ${keyLife.maxDays} whole days.`);
  }
  if (now + days * dayMs <= notAfter) return now + days * dayMs;
  throw new Refusal({
    code: 'limit_exceeded',
    message: 'A key that another key made does not outlive it.',
    field: 'days',
    next: 'Leave days out, and it ends together with that key.',
    data: { endsAt: new Date(notAfter).toISOString() },
  });
}

function invalid(field: string, message: string): Refusal {
  return new Refusal({ code: 'invalid_input', message, field, next: 'Correct it and ask again.' });
}
