import type { Queries } from './db.ts';
import { migrations } from './migrations/all.ts';
import type { Migration } from './migrations/migration.ts';

/** Tables that are of this one installation and moment: which steps it took, which bridges are alive, what they ask each other. */
const notExported = new Set(['schema_version', 'durability_check', 'replicas', 'replica_questions']);

/**
 * The tables of a store whose rows an export has, parents before children. The migrations say which are ours, because others may live in
 * the same database, and the database says which are there.
 */
export async function exportedTables({ query }: Queries, known: Migration[] = migrations): Promise<string[]> {
  const made = new Set(known.flatMap(({ statements }) => statements.flatMap(madeBy)));
  const rows = await query<{ name: string; parents: string[] }>(
    `select c.relname as name,
       array(select distinct p.relname::text from pg_constraint f join pg_class p on p.oid = f.confrelid
             where f.conrelid = c.oid and f.contype = 'f' and p.oid <> c.oid) as parents
     from pg_class c where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace order by c.relname`,
  );
  const ours = rows.filter(({ name }) => made.has(name) && !notExported.has(name));
  return parentsFirst(new Map(ours.map(({ name, parents }) => [name, parents])));
}

function madeBy(statement: string): string[] {
  const [, name] = /^\s*create\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?([a-z_]+)/i.exec(statement) ?? [];
  return name === undefined ? [] : [name];
}

function parentsFirst(parentsOf: Map<string, string[]>): string[] {
  const sorted = new Set<string>();
  const put = (name: string, below: string[]): void => {
    if (sorted.has(name) || below.includes(name)) return;
    for (const parent of parentsOf.get(name) ?? []) if (parentsOf.has(parent)) put(parent, [...below, name]);
    sorted.add(name);
  };
  for (const name of parentsOf.keys()) put(name, []);
  return [...sorted];
}
