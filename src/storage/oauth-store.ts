import type { OAuthRecord, OAuthRecordStore } from '../oauth/records.ts';
import type { Db } from './db.ts';
import { lazily } from './lazily.ts';

const touchEveryMs = 60_000;
/** Records one question can have. */
const maxListed = 1_000;
/** Rows deleted by one statement, so that a long backlog never holds locks for long. */
const rowsPerDelete = 5_000;

interface RecordRow extends Record<string, unknown> {
  model: string;
  id_hash: string;
  payload: string;
  grant_id: string | null;
  account: string | null;
  uid: string | null;
  created_at: number;
  consumed_at: number | null;
  last_used_at: number | null;
  expires_at: number | null;
}

const alive = (now: string) => `(expires_at is null or expires_at > ${now}::int8)`;

/** What the authorization server keeps, over the database. */
export function createOAuthStore(db: Db): OAuthRecordStore {
  const one = async (sql: string, parameters: unknown[]) => {
    const [row] = await db.query<RecordRow>(sql, parameters);
    return row && toRecord(row);
  };
  return {
    async put(record) {
      // The lock holds off a removal of the grant until this is stored, and that removal then finds it.
      const stored = await db.query(
        `with granted as (select 1 from oauth_records where model = 'Grant' and grant_id = $4 for key share)
         insert into oauth_records (model, id_hash, payload, grant_id, account, uid, created_at, consumed_at, last_used_at, expires_at)
         select $1, $2, $3, $4, $5, $6, $7::int8, $8::int8, $9::int8, $10::int8
         where $4::text is null or $1 = 'Grant' or exists (select 1 from granted)
         on conflict (model, id_hash) do update
         set payload = excluded.payload, grant_id = excluded.grant_id, account = excluded.account, uid = excluded.uid,
             expires_at = excluded.expires_at
         returning 1 as stored`,
        [
          ...[record.model, record.idHash, JSON.stringify(record.payload)],
          ...[record.grantId ?? null, record.account ?? null, record.uid ?? null, record.createdAt],
          ...[record.consumedAt ?? null, record.lastUsedAt ?? null, record.expiresAt ?? null],
        ],
      );
      return stored.length > 0;
    },

    find: (model, idHash, now) =>
      one(`select * from oauth_records where model = $1 and id_hash = $2 and ${alive('$3')}`, [model, idHash, now]),

    findByUid: (model, uid, now) =>
      one(`select * from oauth_records where model = $1 and uid = $2 and ${alive('$3')}`, [model, uid, now]),

    async consume(model, idHash, now) {
      const consumed = await db.query(
        `update oauth_records set consumed_at = $3::int8
         where model = $1 and id_hash = $2 and consumed_at is null and ${alive('$3')} returning 1 as consumed`,
        [model, idHash, now],
      );
      return consumed.length > 0;
    },

    take: (model, idHash, now) =>
      one(`delete from oauth_records where model = $1 and id_hash = $2 and ${alive('$3')} returning *`, [model, idHash, now]),

    async remove(model, idHash) {
      await db.query('delete from oauth_records where model = $1 and id_hash = $2', [model, idHash]);
    },

    removeGrant: (grantId) =>
      db.tx(async ({ query }) => {
        // First the grant, which waits for whoever is issuing under it; only a second statement sees what they stored.
        const grants = await query(`delete from oauth_records where model = 'Grant' and grant_id = $1 returning 1 as gone`, [
          grantId,
        ]);
        const rest = await query('delete from oauth_records where grant_id = $1 returning 1 as gone', [grantId]);
        return grants.length + rest.length;
      }),

    async removeOfAccount(account) {
      await db.query('delete from oauth_records where account = $1', [account]);
    },

    async list(model, { account, org, hasToken = false, limit }, now) {
      const rows = await db.query<RecordRow>(
        `select * from oauth_records listed where model = $1 and ${alive('$5')}
         and ($2::text is null or account = $2) and ($3::text is null or starts_with(account, $3 || '/'))
         and (not $6::bool or exists (
           select 1 from oauth_records token where token.grant_id = listed.grant_id
           and model in ('AccessToken', 'RefreshToken') and ${alive('$5')}))
         order by created_at desc, id_hash limit $4`,
        [model, account ?? null, org ?? null, Math.min(limit, maxListed), now, hasToken],
      );
      return rows.map(toRecord);
    },

    async touch(model, idHash, now) {
      await db.query(
        `update oauth_records set last_used_at = $3::int8
         where model = $1 and id_hash = $2 and (last_used_at is null or last_used_at <= $3::int8 - ${touchEveryMs}) and ${lazily}`,
        [model, idHash, now],
      );
    },

    async removeExpired(now) {
      for (let total = 0; ; ) {
        const gone = await db.query(
          `delete from oauth_records where ctid = any(array(
             select ctid from oauth_records where expires_at <= $1::int8 limit ${rowsPerDelete})) returning 1 as gone`,
          [now],
        );
        total += gone.length;
        if (gone.length < rowsPerDelete) return total;
      }
    },
  };
}

function toRecord(row: RecordRow): OAuthRecord {
  return {
    model: row.model,
    idHash: row.id_hash,
    payload: JSON.parse(row.payload) as Record<string, unknown>,
    ...(row.grant_id === null ? {} : { grantId: row.grant_id }),
    ...(row.account === null ? {} : { account: row.account }),
    ...(row.uid === null ? {} : { uid: row.uid }),
    createdAt: row.created_at,
    ...(row.consumed_at === null ? {} : { consumedAt: row.consumed_at }),
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
  };
}
