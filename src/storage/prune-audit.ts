import { signCheckpoint } from '../audit/checkpoint.ts';
import type { AuditLedger, ChainRow, Link } from '../audit/ledger.ts';
import { type AuditSeal, beforeAll } from '../audit/seal.ts';
import { follows } from '../audit/tampering.ts';
import { createAuditRows } from './audit-rows.ts';
import type { Db, Queries } from './db.ts';

/** Advisory locks of PostgreSQL are told apart by two numbers; this one stands for what retention takes off a chain. */
const pruneLock = 7_434;
/** Rows of one transaction; each is checked before it goes, at some microseconds. */
const rowsPerDelete = 1_000;

/**
 * Deletes records older than `before` from the old end of each chain, as far as they are as they were written, and leaves a signed anchor
 * that says so: what somebody else deletes has none. Throws when a record is not, after all others are done.
 */
export async function pruneAudit(
  db: Db,
  seal: AuditSeal,
  ledger: Pick<AuditLedger, 'nodes'>,
  { before, now }: { before: number; now: number },
): Promise<number> {
  const unchained = await db.query('delete from audit where node is null and at < $1 returning 1 as gone', [before]);
  let total = unchained.length;
  const spoilt: string[] = [];
  for (const node of await ledger.nodes()) {
    for (;;) {
      const { gone, bad } = await db.tx((queries) => pruneSome(queries, seal, { node, before, now }));
      total += gone;
      if (bad !== undefined) spoilt.push(`${bad} of node ${node}`);
      if (gone < rowsPerDelete) break;
    }
  }
  if (spoilt.length === 0) return total;
  throw new Error(
    `Retention keeps audit records that are not as they were written: ${spoilt.join(', ')}. See sidelight audit verify.`,
  );
}

async function pruneSome(
  { query }: Queries,
  seal: AuditSeal,
  { node, before, now }: { node: string; before: number; now: number },
): Promise<{ gone: number; bad?: number }> {
  // Another bridge may be at it: the rows of a chain begin where its anchor says, and both are read while nobody moves them.
  await query('select pg_advisory_xact_lock($1::int, hashtext($2))', [pruneLock, node]);
  const start: Link = (await createAuditRows({ query }).anchor(node)) ?? { seq: 0, code: beforeAll };
  const rows = await query<Record<string, unknown> & ChainRow>(
    `select node, node_seq as seq, org, at, record as text, coalesce(code, '') as code from audit
     where node = $1 order by node_seq limit ${rowsPerDelete}`,
    [node],
  );
  let last = start;
  let bad: number | undefined;
  for (const row of rows) {
    if (row.at >= before) break;
    if (!follows(seal, last, row)) {
      bad = row.seq;
      break;
    }
    last = row;
  }
  const gone = last.seq - start.seq;
  if (gone > 0) {
    const anchor = signCheckpoint(seal, { kind: 'anchor', node, seq: last.seq, code: last.code, count: gone, at: now });
    await query('delete from audit where node = $1 and node_seq <= $2', [node, last.seq]);
    await query('delete from audit_checkpoints where node = $1 and seq <= $2', [node, last.seq]);
    await query("insert into audit_checkpoints (node, kind, seq, signed) values ($1, 'anchor', $2, $3)", [
      ...[node, last.seq, JSON.stringify(anchor)],
    ]);
  }
  return { gone, ...(bad === undefined ? {} : { bad }) };
}
