import type { AuditRecord, AuditStore } from '../audit/record.ts';
import type { Db, Queries } from './db.ts';

/** Records one question can have. */
const maxRecords = 10_000;

/** Appends one record; also for use inside another transaction. */
export async function appendRecord({ query }: Queries, record: AuditRecord): Promise<void> {
  await query('insert into audit (org, at, record) values ($1, $2, $3)', [record.org, record.at, JSON.stringify(record)]);
}

/** Audit records over the database: appended and read, never changed; only retention deletes them. */
export function createAuditStore(db: Db): AuditStore {
  return {
    append: (record) => appendRecord(db, record),

    async recent(org, limit) {
      const rows = await db.query<{ record: string }>('select record from audit where org = $1 order by seq desc limit $2', [
        org,
        Math.min(limit, maxRecords),
      ]);
      return rows.map(({ record }) => JSON.parse(record) as AuditRecord);
    },
  };
}
