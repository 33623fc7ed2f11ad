import type { AuditLedger, AuditQuery, PlacedRecord } from '../audit/ledger.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { AuditChain } from './audit-chain.ts';
import { createAuditRows } from './audit-rows.ts';
import type { Db } from './db.ts';
import { together } from './together.ts';

/** Records one question can have. */
const maxRecords = 10_000;

/** Records one statement writes; they have a few hundred bytes each. */
const maxTogether = 500;

/** Records one statement reads while it is searched for what has no column. */
const pageRows = 2_000;

/** Audit records over the database: appended and read, never changed; only retention deletes them. */
export function createAuditStore(db: Db, chain: AuditChain): AuditLedger {
  const newest = async (org: string, { since, until }: Partial<AuditQuery>, below: number | null, limit: number) =>
    db.of(org).query<{ seq: number; record: string }>(
      `select seq, record from audit
       where org = $1 and ($2::int8 is null or at >= $2) and ($3::int8 is null or at < $3) and ($4::int8 is null or seq < $4)
       order by seq desc limit $5`,
      [org, since ?? null, until ?? null, below, limit],
    );

  return {
    ...createAuditRows(db),
    append: together(maxTogether, (records: AuditRecord[]) => chain.append(records)),

    async recent(org, limit) {
      const rows = await newest(org, {}, null, Math.min(limit, maxRecords));
      return rows.flatMap(read).map(({ node: _node, seq: _seq, ...rest }) => rest);
    },

    async search(org, query) {
      const limit = Math.min(query.limit, maxRecords);
      const found: PlacedRecord[] = [];
      for (let below: number | null = null; ; ) {
        const rows: { seq: number; record: string }[] = await newest(org, query, below, pageRows);
        found.push(...rows.flatMap(read).filter((record) => isAskedFor(query, record)));
        if (found.length >= limit || rows.length < pageRows) return found.slice(0, limit);
        below = rows.at(-1)?.seq ?? null;
      }
    },
  };
}

/** Somebody may have spoilt a record; that hides no others, and checking the chain shows it. */
function read({ record }: { record: string }): PlacedRecord[] {
  try {
    return [JSON.parse(record) as PlacedRecord];
  } catch {
    return [];
  }
}

/** What has no column of its own; a record is JSON in a `text` column, because `jsonb` cannot hold U+0000. */
function isAskedFor(query: AuditQuery, { target, ...record }: PlacedRecord): boolean {
  const { action } = query;
  const fields = ['subject', 'tool', 'event', 'decision'] as const;
  return (
    fields.every((field) => query[field] === undefined || query[field] === record[field]) &&
    (action === undefined || target?.actionId === action || target?.actionIds?.includes(action) === true)
  );
}
