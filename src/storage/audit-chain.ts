import type { Link } from '../audit/ledger.ts';
import type { AuditRecord } from '../audit/record.ts';
import { type AuditSeal, beforeAll, textOf } from '../audit/seal.ts';
import type { Db, Queries } from './db.ts';

/** Appends records to the chain of this node. */
export interface AuditChain {
  /** In their order, in one statement. */
  append(records: AuditRecord[]): Promise<void>;
  /** Inside another transaction: the records stay only if it does. */
  appendWithin(queries: Queries, records: AuditRecord[]): Promise<void>;
}

/**
 * The end of the chain is remembered, and one statement moves it in the database and inserts, or does nothing where it is elsewhere by
 * now: after a transaction that was rolled back, or beside one that is under way. Only then it is read again, under a lock.
 */
export function createChain(db: Db, seal: AuditSeal): AuditChain {
  let end: Link | undefined;

  async function put(queries: Queries, from: Link, records: AuditRecord[]): Promise<boolean> {
    const { links, texts } = follow(seal, from, records);
    const last = links.at(-1) ?? from;
    const [row] = await queries.query<{ written: number }>(
      `with moved as (
         update audit_chains set seq = $2, code = $3 where node = $1 and seq = $4 and code = $5 returning node
       ), written as (
         insert into audit (org, at, record, node, node_seq, code)
         select r.org, r.at, r.record, moved.node, r.node_seq, r.code
         from moved, unnest($6::text[], $7::int8[], $8::text[], $9::int8[], $10::text[]) as r (org, at, record, node_seq, code)
         order by r.node_seq returning 1
       ) select count(*)::int as written from written`,
      [
        ...[seal.node, last.seq, last.code, from.seq, from.code],
        ...[records.map(({ org }) => org), records.map(({ at }) => at), texts],
        ...[links.map(({ seq }) => seq), links.map(({ code }) => code)],
      ],
    );
    if (row?.written !== records.length) return false;
    end = last;
    return true;
  }

  async function appendWithin(queries: Queries, records: AuditRecord[]): Promise<void> {
    if (end !== undefined && (await put(queries, end, records))) return;
    if (!(await put(queries, await lockEnd(queries, seal.node), records)))
      throw new Error('The audit chain moved under its lock.');
  }

  return {
    appendWithin,
    async append(records) {
      if (records.length === 0 || (end !== undefined && (await put(db, end, records)))) return;
      await db.tx((queries) => appendWithin(queries, records));
    },
  };
}

function follow(seal: AuditSeal, from: Link, records: AuditRecord[]): { links: Link[]; texts: string[] } {
  let { seq, code } = from;
  const links: Link[] = [];
  const texts = records.map((record) => {
    seq += 1;
    const text = textOf(record, seal.node, seq);
    code = seal.code(code, text);
    links.push({ seq, code });
    return text;
  });
  return { links, texts };
}

/** Where the chain ends; nobody moves it until the transaction ends. Goes on after the newest row where the end was lost. */
async function lockEnd({ query }: Queries, node: string): Promise<Link> {
  await query(
    `insert into audit_chains (node, seq, code) select $1, coalesce(r.node_seq, 0), coalesce(r.code, $2)
     from (select 1) as one left join (select node_seq, code from audit where node = $1 order by node_seq desc limit 1) r on true
     on conflict (node) do nothing`,
    [node, beforeAll],
  );
  const [row] = await query<{ seq: number; code: string }>('select seq, code from audit_chains where node = $1 for update', [
    node,
  ]);
  if (row === undefined) throw new Error('The audit chain has no end.');
  return row;
}
