import type { AuditLedger } from '../audit/ledger.ts';
import type { AuditSeal } from '../audit/seal.ts';
import type { HitStore } from '../hits/hit.ts';
import type { Db } from './db.ts';
import { pruneAudit } from './prune-audit.ts';

/** How long what is kept. */
export interface Retention {
  /** Ended actions and their hits, from their end. */
  actionsMs: number;
  auditMs: number;
  /** Agents that are not connected, from when they were last seen. */
  agentsMs: number;
}

/** Rows deleted; `actions` without counting their hits. */
export interface Pruned {
  actions: number;
  audit: number;
  agents: number;
  counters: number;
}

interface Kept {
  hits: HitStore;
  audit: AuditLedger;
  seal: AuditSeal;
}

/** Rows deleted by one statement, so that a long backlog never holds locks for long. */
const rowsPerDelete = 5_000;

/** Deletes what is past its retention. A counter stays one window longer, because unspent hits are given back to it. */
export async function prune(db: Db, { hits, audit, seal }: Kept, retention: Retention, now: number): Promise<Pruned> {
  return {
    actions: await hits.prune(now - retention.actionsMs),
    agents: await remove(db, 'agents', 'not connected and last_seen_at < $1', now - retention.agentsMs),
    counters: await remove(db, 'quota_counters', 'window_start + 2 * window_ms < $1', now),
    // Last, because it refuses to delete what was altered.
    audit: await pruneAudit(db, seal, audit, { before: now - retention.auditMs, now }),
  };
}

async function remove(db: Db, table: 'agents' | 'quota_counters', where: string, instant: number): Promise<number> {
  for (let total = 0; ; ) {
    const gone = await db.query(
      `delete from ${table} where ctid = any(array(select ctid from ${table} where ${where} limit ${rowsPerDelete})) returning 1 as gone`,
      [instant],
    );
    total += gone.length;
    if (gone.length < rowsPerDelete) return total;
  }
}
