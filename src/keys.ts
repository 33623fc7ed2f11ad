import type { AuditRecord, AuditStore } from './audit/record.ts';
import type { Administrator, KeyGrant, KeyPermit } from './authorization/administer.ts';
import { type IssuedKey, newKey, type Rotation, successorOf } from './identity/issue.ts';
import { livingMadeBy } from './identity/key-descent.ts';
import type { KeyBounds, KeyRecord, KeyStore } from './identity/keys.ts';
import { notLive, notStored, unknownOwner } from './identity/not-stored.ts';
import { isPerson, type Owners } from './identity/owner.ts';
import type { Person } from './identity/people.ts';
import type { Principal } from './identity/principal.ts';
import type { Clock } from './lib/clock.ts';
import { newId } from './lib/id.ts';
import type { Log } from './lib/log.ts';
import { Refusal, type RefusalCode } from './lib/refusal.ts';
import type { Counters } from './quota/counters.ts';

/** Live keys of one owner that callers make; a rotation may double them while its overlap lasts. The operator is not bounded. */
export const maxLiveKeys = 50;
/** New keys of one owner in an hour, rotations included: each leaves a row that is kept. */
export const maxNewKeysPerHour = 100;
const hourMs = 3_600_000;

/** What changes of keys need of the bridge. */
export interface KeyDesk {
  keys: KeyStore;
  owners: Pick<Owners, 'person'>;
  counters: Counters;
  audit: AuditStore;
  clock: Clock;
  log: Log;
  /** Whether a caller's refusal gets a record of its own, or is counted only; absent: each gets one. */
  countRefused?(by: Principal, code: string): Promise<boolean>;
  /** Ends what runs with a key that has just been revoked; absent where nothing runs. */
  revoked?(keyId: string): void;
}

/** From where a change was asked for. */
export type Asked = Pick<AuditRecord, 'address' | 'client'> & { requestId?: string };

/** Makes a key: grant → quota → record → store. The secret is in the answer and nowhere else. */
export async function issueKey(desk: KeyDesk, grant: KeyGrant<'create'>, asked: Asked = {}): Promise<IssuedKey> {
  const { request, notAfter } = grant.what;
  const issued = newKey(request, desk.clock.now(), { createdBy: creatorOf(grant.by), notAfter });
  const { record: key } = issued;
  const owner = await requireOwner(desk, key);
  await spendOne(desk, grant.by, key);
  const entry = recordOf(desk, grant.by, asked, { event: 'key_created', keyId: key.id, after: facts(key) });
  await carriedOut(desk, entry, async () => {
    const bounds = boundsOf(desk, grant.by, maxLiveKeys);
    const outcome = await desk.keys.insertWithin(key, { ...bounds, owner });
    if (outcome !== 'stored') throw notStored(outcome, key, bounds.maxLive);
  });
  return issued;
}

/** Replaces a key by one with the same rights: grant → quota → record → store. The old one works on for the overlap. */
export async function rotateKey(
  desk: KeyDesk,
  grant: KeyGrant<'rotate'>,
  rotation: Rotation = {},
  asked: Asked = {},
): Promise<IssuedKey> {
  const { key: old, notAfter } = grant.what;
  const now = desk.clock.now();
  const { record: next, secret, oldEndsAt } = successorOf(old, now, { ...rotation, createdBy: creatorOf(grant.by), notAfter });
  await spendOne(desk, grant.by, old);
  const change = { event: 'key_rotated', keyId: old.id, before: facts(old), after: facts(next) } as const;
  await carriedOut(desk, recordOf(desk, grant.by, asked, change), async () => {
    const bounds = boundsOf(desk, grant.by, 2 * maxLiveKeys);
    const outcome = await desk.keys.rotate(old.id, next, oldEndsAt, bounds);
    if (outcome !== 'stored') throw notStored(outcome, old, bounds.maxLive);
  });
  return { record: next, secret };
}

/**
 * Ends a key with its next request, and what runs with it at once. It ends even when that cannot be recorded; then the refusal
 * `unavailable` says that it did.
 */
export async function revokeKey(desk: KeyDesk, grant: KeyGrant<'revoke'>, asked: Asked = {}): Promise<void> {
  const { key } = grant.what;
  if (key.revokedAt !== undefined) throw notLive(key.id, 'not_found');
  const entry = recordOf(desk, grant.by, asked, { event: 'key_revoked', keyId: key.id, before: facts(key) });
  const unrecorded = await desk.audit.append(entry).then(
    () => undefined,
    (cause: unknown) => ({ cause }),
  );
  if (!(await desk.keys.revoke(key.org, key.id, desk.clock.now()))) {
    if (unrecorded === undefined) await fail(desk, entry, 'not_found');
    throw notLive(key.id, 'not_found');
  }
  desk.revoked?.(key.id);
  if (unrecorded === undefined) return;
  desk.log.error(
    { err: unrecorded.cause, keyId: key.id, by: entry.subject },
    'a key was revoked, and that could not be recorded',
  );
  throw notRecorded(`The key ${key.id} is revoked. That could not be recorded in the audit trail.`, unrecorded.cause);
}

/** Ids of keys that a revoked key made. */
export interface MadeKeys {
  alsoRevoked: string[];
  stillLiving: string[];
}

/**
 * Revokes a key and, with `andMade`, the keys that it made as far as who asks may; tells which of those live on. With `andMade` it is no
 * mistake that the key itself is revoked already: that is when somebody learns of the others.
 */
export async function revokeWithMade(
  desk: KeyDesk,
  permit: Pick<KeyPermit, 'sees' | 'revoke'>,
  grant: KeyGrant<'revoke'>,
  { andMade, asked = {} }: { andMade: boolean; asked?: Asked },
): Promise<MadeKeys> {
  const { key } = grant.what;
  const living = async () =>
    livingMadeBy(key, await desk.keys.list(key.org), desk.clock.now()).filter((each) => permit.sees(each));
  const before = await living();
  // Before anything ends, so that who may not end all of them ends none.
  if (andMade) for (const each of before) permit.revoke(each, each.id);
  const isLeft = andMade && key.revokedAt !== undefined && before.length > 0;
  if (!isLeft) await revokeKey(desk, grant, asked);
  // Listed anew: until it was revoked, the key could make more.
  const { revoked, left } = andMade ? await revokeListed(desk, permit, living, asked) : { revoked: [], left: await living() };
  return { alsoRevoked: revoked, stillLiving: left.map(({ id }) => id) };
}

/** How often keys are listed again; each time only those come that were made with one of the last list before that was revoked. */
const maxListings = 10;

/** Revokes the keys of a list until it is empty: what is made while it is worked on is in the next one. Tells what is left. */
export async function revokeListed(
  desk: KeyDesk,
  permit: Pick<KeyPermit, 'revoke'>,
  list: () => Promise<KeyRecord[]>,
  asked: Asked = {},
): Promise<{ revoked: string[]; left: KeyRecord[] }> {
  const revoked: string[] = [];
  let left = await list();
  for (let listings = 1; left.length > 0 && listings < maxListings; listings += 1) {
    for (const key of left) {
      const isOurs = await revokeKey(desk, permit.revoke(key, key.id), asked).then(() => true, unlessGone);
      if (isOurs) revoked.push(key.id);
    }
    left = await list();
  }
  return { revoked, left };
}

/** Somebody else revoked it first: no reason to leave the others. */
function unlessGone(problem: unknown): false {
  if (problem instanceof Refusal && problem.code === 'not_found') return false;
  throw problem;
}

/** Refusals that say something of the caller, not of what is stored. */
const noteworthy: readonly RefusalCode[] = ['org_access_denied', 'insufficient_scope', 'not_found', 'quota_exceeded'];

/** Records that a caller asked for a change and did not get it; what could not be done for another reason has its record already. */
export async function recordRefused(
  desk: KeyDesk,
  by: Principal,
  { event, id, code, asked }: { event: KeyEvent; id: string; code: RefusalCode; asked: Asked },
): Promise<void> {
  if (!noteworthy.includes(code) || (await desk.countRefused?.(by, code)) === false) return;
  const entry = recordOf(desk, by, asked, { event, keyId: id.slice(0, 64) });
  await desk.audit.append({ ...entry, decision: 'refused', reason: code }).catch((cause: unknown) => {
    desk.log.error({ err: cause, requestId: entry.requestId }, 'a refused change of a key could not be recorded');
  });
}

/** What the record and the answer to an auditor say of a key: never its hash. */
function facts({ hash: _hash, lastUsedAt: _at, lastUsedFrom: _from, ...key }: KeyRecord): Record<string, unknown> {
  return key;
}

/** What must still hold when a key of theirs is stored. */
function boundsOf({ clock }: KeyDesk, by: Administrator, maxLive: number): KeyBounds {
  if (by.kind === 'operator') return { now: clock.now(), maxLive: Number.POSITIVE_INFINITY };
  const person = by.kind === 'person' ? by.subject : by.owner;
  return {
    ...{ now: clock.now(), maxLive },
    caller: by.kind === 'api_key' ? by.credentialId : undefined,
    person: person !== undefined && isPerson(person) ? person : undefined,
  };
}

function creatorOf(by: Administrator): string | undefined {
  return by.kind === 'operator' ? undefined : by.subject;
}

/** A key of somebody who does not exist would open nothing, and whoever made it would look for the reason. */
async function requireOwner({ owners }: KeyDesk, { org, owner }: KeyRecord): Promise<Person | undefined> {
  if (!isPerson(owner)) return undefined;
  const person = await owners.person(org, owner);
  if (person === undefined) throw unknownOwner(owner);
  return person;
}

async function spendOne({ counters, clock }: KeyDesk, by: Administrator, { org, owner }: KeyRecord): Promise<void> {
  if (by.kind === 'operator') return;
  const spend = { org, quota: 'new_keys_per_hour', subject: owner, amount: 1, limit: maxNewKeysPerHour, windowMs: hourMs };
  const spent = await counters.spend(spend, clock.now());
  if (spent.ok) return;
  throw new Refusal({
    code: 'quota_exceeded',
    message: `${owner} got ${spent.limit} new keys in this hour already.`,
    next: 'Wait until it renews; a program that needs this many keys should keep one.',
    data: { quota: spent.quota, limit: spent.limit, used: spent.used, renewsAt: new Date(spent.renewsAt).toISOString() },
  });
}

/** What the audit trail calls a change. */
export type KeyEvent = 'key_created' | 'key_rotated' | 'key_revoked';

interface Change {
  event: KeyEvent;
  keyId: string;
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
}

/** The record of a change; `target` of it is the key, the subject is who asked. */
function recordOf({ clock }: KeyDesk, by: Administrator, { requestId, ...from }: Asked, change: Change): AuditRecord {
  const { event, keyId, ...facts } = change;
  const who: Pick<AuditRecord, 'subject' | 'role' | 'auth' | 'credential'> =
    by.kind === 'operator'
      ? { subject: 'operator', role: 'operator', auth: 'console' }
      : { subject: by.subject, role: by.role, auth: by.kind, credential: by.credentialId };
  const head = { requestId: requestId ?? newId('op'), at: clock.now(), org: by.org, ...who, event };
  return { ...head, decision: 'allowed', target: { key: keyId }, ...facts, ...from };
}

/** Records first, then does it: a change that cannot be recorded is not made, and one that fails says so in a second record. */
async function carriedOut(desk: KeyDesk, entry: AuditRecord, change: () => Promise<void>): Promise<void> {
  await desk.audit.append(entry).catch((cause: unknown) => {
    throw notRecorded('The change could not be recorded in the audit trail, so it is not made.', cause);
  });
  try {
    await change();
  } catch (problem) {
    await fail(desk, entry, problem instanceof Refusal ? problem.code : 'internal_error');
    throw problem;
  }
}

async function fail({ audit, clock, log }: KeyDesk, entry: AuditRecord, reason: string): Promise<void> {
  await audit.append({ ...entry, at: clock.now(), decision: 'failed', reason }).catch((cause: unknown) => {
    log.error({ err: cause, requestId: entry.requestId }, 'a change of a key failed, and that could not be recorded');
  });
}

function notRecorded(message: string, cause: unknown): Refusal {
  const next = 'See the log and the database of the bridge.';
  return Object.assign(new Refusal({ code: 'unavailable', message, next }), { cause });
}
