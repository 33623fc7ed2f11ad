import { type Checkpoint, readCheckpoint } from '../audit/checkpoint.ts';
import type { AuditLedger, ChainRow, ExportedRow, Link } from '../audit/ledger.ts';
import { beforeAll } from '../audit/seal.ts';
import type { Queries } from './db.ts';

/** Rows one statement reads while a chain is checked. */
const pageRows = 1_000;

/** What checking and exporting the trail read, over a database or in a transaction. */
export function createAuditRows(db: Queries): Omit<AuditLedger, 'append' | 'recent' | 'search'> {
  async function signed(node: string, kind: Checkpoint['kind'], order: string): Promise<Checkpoint[]> {
    const rows = await db.query<{ signed: string }>(
      `select signed from audit_checkpoints where node = $1 and kind = $2 order by seq ${order}`,
      [node, kind],
    );
    // One that cannot be read stays, as nobody's: it must not vanish because it was spoilt.
    return rows.map((row) => readCheckpoint(row.signed) ?? unreadable(node, kind));
  }

  return {
    async nodes() {
      const rows = await db.query<{ node: string }>(
        `select node from audit_chains union select distinct node from audit where node is not null
         union select node from audit_checkpoints order by node`,
      );
      return rows.map(({ node }) => node);
    },

    async *rows(node) {
      for (let after = Number.MIN_SAFE_INTEGER; ; ) {
        const page = await db.query<Record<string, unknown> & ChainRow>(
          `select node, node_seq as seq, org, at, record as text, coalesce(code, '') as code from audit
           where node = $1 and node_seq > $2 order by node_seq limit ${pageRows}`,
          [node, after],
        );
        yield* page;
        const last = page.at(-1);
        if (last === undefined || page.length < pageRows) return;
        after = last.seq;
      }
    },

    async end(node) {
      const [row] = await db.query<{ seq: number; code: string }>('select seq, code from audit_chains where node = $1', [node]);
      return row;
    },

    checkpoints: (node) => signed(node, 'checkpoint', 'asc'),

    lastCheckpoint: async (node) => (await signed(node, 'checkpoint', 'desc limit 1'))[0],

    anchor: async (node) => (await signed(node, 'anchor', 'desc limit 1'))[0],

    async codeAt(node, seq) {
      const [row] = await db.query<{ code: string }>('select code from audit where node = $1 and node_seq = $2', [node, seq]);
      return row?.code;
    },

    async outside() {
      const [row] = await db.query<{ before: number; strange: number }>(
        `select count(*) filter (where seq < first)::int as before, count(*) filter (where seq >= first)::int as strange
         from audit, (select coalesce(min(seq), ${Number.MAX_SAFE_INTEGER}) as first from audit where node is not null) as chained
         where node is null or node_seq is null`,
      );
      return row ?? { before: 0, strange: 0 };
    },

    async range(since, until) {
      const [row] = await db.query<{ first: number | null; last: number | null }>(
        'select min(seq) as first, max(seq) as last from audit where at >= $1 and at < $2 and node is not null',
        [since, until],
      );
      return row?.first == null || row.last === null ? undefined : { first: row.first, last: row.last };
    },

    async exportPage(first, last, limit) {
      const rows = await db.query<{ position: number; text: string; code: string; seq: number; previous: string | null }>(
        `select a.seq as position, a.record as text, a.code, a.node_seq as seq, coalesce(p.code, c.signed::json ->> 'code') as previous
         from audit a left join audit p on p.node = a.node and p.node_seq = a.node_seq - 1
         left join audit_checkpoints c on c.node = a.node and c.kind = 'anchor' and c.seq = a.node_seq - 1
         where a.seq between $1 and $2 and a.node is not null order by a.seq limit $3`,
        [first, last, limit],
      );
      return rows.map(({ seq, previous, ...row }): ExportedRow => {
        const before = seq === 1 ? beforeAll : previous;
        return { ...row, ...(before === null ? {} : { previous: before }) };
      });
    },

    async addCheckpoint(checkpoint) {
      const { node, kind, seq } = checkpoint;
      await db.query('insert into audit_checkpoints (node, kind, seq, signed) values ($1, $2, $3, $4) on conflict do nothing', [
        ...[node, kind, seq, JSON.stringify(checkpoint)],
      ]);
    },
  };
}

function unreadable(node: string, kind: Checkpoint['kind']): Checkpoint & Link {
  return { kind, node, seq: 1, code: beforeAll, count: 0, at: 0, keyId: '', signature: '' };
}
