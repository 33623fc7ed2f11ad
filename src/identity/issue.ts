import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { makeKey } from './key-form.ts';
import { checkKeyRequest, type KeyRequest } from './key-request.ts';
import type { KeyRecord, KeyStore } from './keys.ts';

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

/** Makes a key and stores its hash. Refuses with `invalid_input` and the field at fault. */
export async function issueKey(store: KeyStore, clock: Clock, request: KeyRequest): Promise<IssuedKey> {
  const issued = newKey(request, clock.now());
  await store.insert(issued.record);
  return issued;
}

/**
 * Replaces a live key by a new one with the same rights. The old one works on for `overlapHours` (0–168, default 24), but
 * never past its own end.
 */
export async function rotateKey(
  store: KeyStore,
  clock: Clock,
  {
    org,
    id,
    days,
    overlapHours = keyLife.defaultOverlapHours,
  }: { org: string; id: string; days?: number; overlapHours?: number },
): Promise<IssuedKey> {
  if (!(overlapHours >= 0 && overlapHours <= keyLife.maxOverlapHours)) {
    throw invalid('overlapHours', `The overlap is from 0 to ${keyLife.maxOverlapHours} hours.`);
  }
  const old = await store.find(id);
  if (old === undefined || old.org !== org) throw unknownKey(id);
  const now = clock.now();
  const { hash: _hash, id: _id, lastUsedAt: _at, lastUsedFrom: _from, revokedAt: _revoked, rotatedTo: _to, ...same } = old;
  const { id: nextId, hash, secret } = makeKey(old.kind);
  const next: KeyRecord = {
    ...same,
    firstId: old.firstId ?? old.id,
    id: nextId,
    hash,
    createdAt: now,
    expiresAt: now + lifeMs(days),
  };
  if (await store.rotate(org, id, next, now + overlapHours * hourMs, now)) return { record: next, secret };
  throw new Refusal({
    code: 'invalid_input',
    message: `The key ${id} is revoked, expired or replaced already.`,
    field: 'id',
    next: 'List the keys to find its replacement, or create a new one.',
  });
}

/** Ends a key with its next request. Refuses with `not_found` when the organisation has no such key that is not revoked yet. */
export async function revokeKey(store: KeyStore, clock: Clock, { org, id }: { org: string; id: string }): Promise<void> {
  if (!(await store.revoke(org, id, clock.now()))) throw unknownKey(id);
}

/** The keys of the first start. */
export interface SeededKeys {
  readKey: IssuedKey;
  fullKey: IssuedKey;
  enrolKey: IssuedKey;
}

/** On an empty store: a key that reads, one that captures, and one for agents. Undefined when there is any key already. */
export async function seedKeys(store: KeyStore, clock: Clock): Promise<SeededKeys | undefined> {
  const now = clock.now();
  const common = { org: defaultOrg, owner: 'operator' };
  const caller = { ...common, kind: 'api', permissions: ['dev_api'], groups: ['everyone'] } as const;
  const seeded: SeededKeys = {
    readKey: newKey({ ...caller, name: 'read', role: 'developer', scopes: ['runtime:read'] }, now),
    fullKey: newKey({ ...caller, name: 'full', role: 'developer', scopes: ['runtime:read', 'runtime:capture'] }, now),
    enrolKey: newKey({ ...common, kind: 'enrolment', name: 'agents', pool: 'default', service: '*' }, now),
  };
  const { readKey, fullKey, enrolKey } = seeded;
  return (await store.insertFirst([readKey.record, fullKey.record, enrolKey.record])) ? seeded : undefined;
}

function newKey(request: KeyRequest, now: number): IssuedKey {
  const { days, ...checked } = checkKeyRequest(request);
  const { id, secret, hash } = makeKey(request.kind);
  return { record: { ...checked, id, hash, createdAt: now, expiresAt: now + lifeMs(days) }, secret };
}

function lifeMs(days: number = keyLife.defaultDays): number {
  if (!Number.isInteger(days) || days < 1 || days > keyLife.maxDays) {
    throw invalid('days', `A key lives from 1 to ${keyLife.maxDays} whole days.`);
  }
  return days * dayMs;
}

function invalid(field: string, message: string): Refusal {
  return new Refusal({ code: 'invalid_input', message, field });
}

function unknownKey(id: string): Refusal {
  return new Refusal({
    code: 'not_found',
    message: `There is no live key ${JSON.stringify(id.slice(0, 64))}.`,
    field: 'id',
    next: 'List the keys to see their ids.',
  });
}
