import type { KeyBounds, KeyKind, KeyRecord, KeyStore } from '../identity/keys.ts';
import { isPerson } from '../identity/owner.ts';
import type { Person } from '../identity/people.ts';
import type { Db, Queries } from './db.ts';
import { lazily } from './lazily.ts';

const touchEveryMs = 60_000;

/** Kept as JSON: nothing is searched for by these. */
const described = [
  ...(['role', 'scopes', 'permissions', 'groups', 'pool', 'service', 'firstId', 'addresses', 'createdBy', 'notAfter'] as const),
];
type Described = Pick<KeyRecord, (typeof described)[number]>;

interface KeyRow extends Record<string, unknown> {
  id: string;
  kind: KeyKind;
  org: string;
  name: string;
  owner: string;
  hash: string;
  created_at: number;
  expires_at: number;
  last_used_at: number | null;
  last_used_from: string | null;
  revoked_at: number | null;
  rotated_to: string | null;
  rights: string;
}

/** Opens a door at this instant (`$2`), whether something replaces it or not. */
const isLive = 'revoked_at is null and expires_at > $2';

/** Keys over the database; only their hashes are there. */
export function createKeyStore(db: Db): KeyStore {
  return {
    insert: (key) => insert(db.of(key.org), key),

    insertWithin: (key, bounds) =>
      db.of(key.org).tx(async (queries) => {
        if ((await lockOwner(queries, key, bounds.owner)) !== 'here') return 'owner_gone';
        if (await isShutOut(queries, key.org, bounds)) return 'caller_ended';
        const objection = await objectionTo(queries, key, bounds, 'rotated_to is null');
        if (objection === undefined) await insert(queries, key);
        return objection ?? 'stored';
      }),

    async endingBy(until, now) {
      const rows = await db.query<KeyRow>(
        `select * from api_keys where ${isLive} and rotated_to is null and expires_at <= $1 order by expires_at, id`,
        [until, now],
      );
      return rows.map(toRecord);
    },

    liveOwners: (now) =>
      db.query<Pick<KeyRecord, 'org' | 'owner'>>(
        `select distinct org, owner from api_keys
         where revoked_at is null and expires_at > $1 and owner like 'user:%' order by org, owner`,
        [now],
      ),

    insertFirst: (keys) =>
      db.tx(async (queries) => {
        // Two bridges that start at once on one new store must not both find it empty; reading goes on meanwhile.
        await queries.query('lock table api_keys in share row exclusive mode');
        if ((await count(queries)) > 0) return false;
        for (const key of keys) await insert(queries, key);
        return true;
      }),

    async find(id) {
      const [row] = await db.query<KeyRow>('select * from api_keys where id = $1', [id]);
      return row && toRecord(row);
    },

    async list(org) {
      const rows = await db.of(org).query<KeyRow>('select * from api_keys where org = $1 order by created_at, id', [org]);
      return rows.map(toRecord);
    },

    async revoke(org, id, now) {
      const revoked = await db
        .of(org)
        .query('update api_keys set revoked_at = $3 where org = $1 and id = $2 and revoked_at is null returning id', [
          org,
          id,
          now,
        ]);
      return revoked.length > 0;
    },

    rotate: (id, next, expiresAt, bounds) =>
      db.of(next.org).tx(async (queries) => {
        // Who never signed in has keys that came by an import, and they rotate; of who was forgotten none is live.
        if ((await lockOwner(queries, next)) === 'shut out') return 'owner_gone';
        if (await isShutOut(queries, next.org, bounds)) return 'caller_ended';
        const objection = await objectionTo(queries, next, bounds, 'true');
        if (objection !== undefined) return objection;
        // An overlap never makes the old key live longer than it would have.
        const replaced = await queries.query(
          `update api_keys set rotated_to = $3, expires_at = least(expires_at, $4::int8)
           where org = $1 and id = $2 and revoked_at is null and rotated_to is null and expires_at > $5 returning id`,
          [next.org, id, next.id, expiresAt, bounds.now],
        );
        if (replaced.length === 0) return 'not_live';
        await insert(queries, next);
        return 'stored';
      }),

    async touch(id, now, from) {
      await db.query(
        `update api_keys set last_used_at = $2, last_used_from = $3
         where id = $1 and (last_used_at is null or last_used_at <= $2::int8 - ${touchEveryMs}) and ${lazily}`,
        [id, now, from ?? null],
      );
    },
  };
}

/**
 * Holds the owner as they are until the transaction ends, so that nobody is shut out or forgotten while a key of theirs is made. Before the
 * keys are locked: who ends a person's keys has the person first.
 */
async function lockOwner(
  { query }: Queries,
  { org, owner }: KeyRecord,
  lookedUp?: Pick<Person, 'firstSeenAt'>,
): Promise<'here' | 'shut out' | 'unknown'> {
  return isPerson(owner) ? lockPerson({ query }, org, owner, lookedUp) : 'here';
}

/** Whether who asks may not any more. A key that came by an import may be of somebody who never signed in; of who was forgotten none is live. */
async function isShutOut(queries: Queries, org: string, { caller, person }: KeyBounds): Promise<boolean> {
  if (person === undefined) return false;
  const standing = await lockPerson(queries, org, person);
  return standing === 'shut out' || (standing === 'unknown' && caller === undefined);
}

async function lockPerson(
  { query }: Queries,
  org: string,
  subject: string,
  lookedUp?: Pick<Person, 'firstSeenAt'>,
): Promise<'here' | 'shut out' | 'unknown'> {
  const [person] = await query<{ disabled_at: number | null; described: string }>(
    'select disabled_at, described from people where org = $1 and subject = $2 for share',
    [org, subject],
  );
  if (person === undefined) return 'unknown';
  const { firstSeenAt } = JSON.parse(person.described) as Pick<Person, 'firstSeenAt'>;
  if (lookedUp !== undefined && lookedUp.firstSeenAt !== firstSeenAt) return 'unknown';
  return person.disabled_at === null ? 'here' : 'shut out';
}

/** Why a key is not stored, as far as other keys say. No key changes afterwards until the transaction ends. */
async function objectionTo(
  { query }: Queries,
  { org, owner }: KeyRecord,
  { now, maxLive, caller }: KeyBounds,
  counted: string,
): Promise<'caller_ended' | 'too_many' | undefined> {
  // Two requests at once must not both find room for one, and no caller be revoked in between; reading goes on meanwhile.
  await query('lock table api_keys in share row exclusive mode');
  if (caller !== undefined) {
    const live = await query(`select 1 from api_keys where org = $1 and ${isLive} and id = $3`, [org, now, caller]);
    if (live.length === 0) return 'caller_ended';
  }
  const [row] = await query<{ keys: number }>(
    `select count(*) as keys from api_keys where org = $1 and ${isLive} and ${counted} and owner = $3`,
    [org, now, owner],
  );
  return (row?.keys ?? 0) >= maxLive ? 'too_many' : undefined;
}

async function insert({ query }: Queries, key: KeyRecord): Promise<void> {
  const rights = Object.fromEntries(described.map((name) => [name, key[name]]));
  await query(
    `insert into api_keys (id, kind, org, name, owner, hash, created_at, expires_at, last_used_at, last_used_from, revoked_at, rotated_to, rights)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      key.id,
      key.kind,
      key.org,
      key.name,
      key.owner,
      key.hash,
      key.createdAt,
      key.expiresAt,
      key.lastUsedAt ?? null,
      key.lastUsedFrom ?? null,
      key.revokedAt ?? null,
      key.rotatedTo ?? null,
      JSON.stringify(rights),
    ],
  );
}

async function count({ query }: Queries): Promise<number> {
  const [row] = await query<{ keys: number }>('select count(*) as keys from api_keys');
  return row?.keys ?? 0;
}

function toRecord(row: KeyRow): KeyRecord {
  return {
    id: row.id,
    kind: row.kind,
    org: row.org,
    name: row.name,
    owner: row.owner,
    hash: row.hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
    ...(row.last_used_from === null ? {} : { lastUsedFrom: row.last_used_from }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
    ...(row.rotated_to === null ? {} : { rotatedTo: row.rotated_to }),
    ...(JSON.parse(row.rights) as Described),
  };
}
