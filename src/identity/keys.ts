import type { Permission, Role, Scope } from './principal.ts';

/** An API key (`slk_`) lets a caller in; an enrolment key (`sle_`) lets an agent in and can call nothing. */
export type KeyKind = 'api' | 'enrolment';

export interface KeyRecord {
  id: string;
  kind: KeyKind;
  org: string;
  name: string;
  owner: string;
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
