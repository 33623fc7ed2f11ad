import type { AuditRecord, AuditStore } from '../audit/record.ts';
import type { Db, Queries } from './db.ts';
import { together } from './together.ts';

/** Records one question can have. */
const maxRecords = 10_000;

/** Records one statement writes; they have a few hundred bytes each. */
const maxTogether = 500;

/** Appends records in their order; also for use inside another transaction. */
export async function appendRecords({ query }: Queries, records: AuditRecord[]): Promise<void> {
  await query(
    `insert into audit (org, at, record)
     select org, at, record from unnest($1::text[], $2::int8[], $3::text[]) with ordinality as r (org, at, record, turn) order by turn`,
    [records.map(({ org }) => org), records.map(({ at }) => at), records.map((record) => JSON.stringify(record))],
  );
}

/** Audit records over the database: appended and read, never changed; only retention deletes them. */
export function createAuditStore(db: Db): AuditStore {
  return {
    append: together(maxTogether, (records: AuditRecord[]) => appendRecords(db, records)),

    async recent(org, limit) {
      const rows = await db.query<{ record: string }>('select record from audit where org = $1 order by seq desc limit $2', [
        org,
        Math.min(limit, maxRecords),
      ]);
      return rows.map(({ record }) => JSON.parse(record) as AuditRecord);
    },
  };
}
