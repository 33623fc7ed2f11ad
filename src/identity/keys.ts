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

/** What identity asks of storage. */
export interface KeyStore {
  insert(key: KeyRecord): Promise<void>;
  /** Inserts it unless its owner has `maxLive` live keys already; false then. Replaced keys do not count. */
  insertWithin(key: KeyRecord, maxLive: number, now: number): Promise<boolean>;
  /** Keys of this owner that open a door now, replaced ones in their overlap included. */
  countLive(org: string, owner: string, now: number): Promise<number>;
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
  /** In one transaction: inserts `next`, and lets `id` end at `expiresAt` and point to it. False when `id` is not a live key. */
  rotate(org: string, id: string, next: KeyRecord, expiresAt: number, now: number): Promise<boolean>;
  /** Writes last use at most once a minute per key. */
  touch(id: string, now: number, from: string | undefined): Promise<void>;
}
