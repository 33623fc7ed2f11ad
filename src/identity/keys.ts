import type { Person } from './people.ts';
import type { Permission, Role, Scope } from './principal.ts';

/** An API key (`slk_`) lets a caller in; an enrolment key (`sle_`) lets an agent in and can call nothing. */
export type KeyKind = 'api' | 'enrolment';

export interface KeyRecord {
  id: string;
  kind: KeyKind;
  org: string;
  name: string;
  /** `user:…`, whose rights bound the key's; `service:…`, a service account; or `operator`. */
  owner: string;
  /** Who asked for it: the subject of a caller. Absent when somebody at the machine did. */
  createdBy?: string;
  /** SHA-256 of the whole key, hex. */
  hash: string;
  createdAt: number;
  expiresAt: number;
  lastUsedAt?: number;
  lastUsedFrom?: string;
  revokedAt?: number;
  /** After a rotation: the id of the key that replaces it; this one works until `expiresAt`. */
  rotatedTo?: string;
  /** After a rotation: the first key's id, so that quotas and ownership go on as one caller. */
  firstId?: string;
  /** Made by another key: it and what replaces it end here at the latest, unless somebody else replaces it. */
  notAfter?: number;
  /** Addresses and networks it is taken from; absent: from anywhere. */
  addresses?: string[];
  /** API keys only. */
  role?: Role;
  scopes?: Scope[];
  permissions?: Permission[];
  groups?: string[];
  /** Enrolment keys only: the pool its agents join, and a glob their service must match. */
  pool?: string;
  service?: string;
}

/**
 * What became of a key that was to be stored. `caller_ended`: the key it was asked for with opens no door any more, or the person who asked
 * is shut out or was forgotten. `owner_gone`: its owner
 * is a person who is shut out or was forgotten. `not_live`: what it was to replace is revoked, replaced or past its end.
 */
export type KeyOutcome = 'stored' | 'caller_ended' | 'owner_gone' | 'too_many' | 'not_live';

/** What must hold in the very transaction that stores a key; what was looked at before may have changed since. */
export interface KeyBounds {
  now: number;
  /** Live keys of the owner. A new key counts those that nothing replaces, a rotation also those in their overlap. */
  maxLive: number;
  /** The id of the key that asks, which must still be live; absent where a person or the operator does. */
  caller?: string | undefined;
  /** The person who asks, or whose key does; shut out or forgotten, they make none. */
  person?: string | undefined;
}

/** What identity asks of storage. */
export interface KeyStore {
  insert(key: KeyRecord): Promise<void>;
  /**
   * Inserts it within these bounds; an owner who is a person must be known and not shut out. `owner`: as they were looked up, so that it is
   * not stored for whoever got the name since.
   */
  insertWithin(key: KeyRecord, bounds: KeyBounds & { owner?: Pick<Person, 'firstSeenAt'> | undefined }): Promise<KeyOutcome>;
  /** Live keys of every organisation that nothing replaces and that end at `until` or before, the first one first. */
  endingBy(until: number, now: number): Promise<KeyRecord[]>;
  /** People with keys that open a door now, in every organisation, each once. */
  liveOwners(now: number): Promise<Pick<KeyRecord, 'org' | 'owner'>[]>;
  /** Inserts all of them unless there is any key already; false then. Atomic over several bridges that start at once. */
  insertFirst(keys: KeyRecord[]): Promise<boolean>;
  /** Undefined when no key has this id. */
  find(id: string): Promise<KeyRecord | undefined>;
  list(org: string): Promise<KeyRecord[]>;
  /** True when there was such a key and it was not revoked yet. */
  revoke(org: string, id: string, now: number): Promise<boolean>;
  /** In one transaction and within these bounds: inserts `next`, and lets `id` end at `expiresAt` and point to it. */
  rotate(id: string, next: KeyRecord, expiresAt: number, bounds: KeyBounds): Promise<KeyOutcome>;
  /** Writes last use at most once a minute per key. */
  touch(id: string, now: number, from: string | undefined): Promise<void>;
}
