import { unavailable } from './database-errors.ts';
import type { Db } from './db.ts';
import { migrations } from './migrations/all.ts';

/** Any number that nobody else on the server uses for an advisory lock. */
const migrationLock = 7_433_001;

/**
 * Brings the schema to the newest version, all in one transaction and under a lock, so that a command may open the store while a bridge starts.
 * Refuses a schema that a newer Sidelight made.
 */
export async function migrate(db: Db, known = migrations): Promise<void> {
  await db.tx(async ({ query }) => {
    await query('select pg_advisory_xact_lock($1)', [migrationLock]);
    await query(
      'create table if not exists schema_version (version int primary key, name text not null, applied_at timestamptz not null default now())',
    );
    const applied = (await query<{ version: number }>('select version from schema_version')).map(({ version }) => version);
    const current = Math.max(0, ...applied);
    const newest = known.at(-1)?.version ?? 0;
    if (current > newest) {
      throw unavailable(
        `The store was written by a newer Sidelight (schema ${current}; this one knows up to ${newest}).`,
        'Start the newer version again, or restore a backup from before the update.',
      );
    }
    for (const { version, name, statements } of known) {
      if (applied.includes(version)) continue;
      for (const statement of statements) await query(statement);
      await query('insert into schema_version (version, name) values ($1, $2)', [version, name]);
    }
  });
}

/** Whether every migration that is known here is done: a backup of before may have been put in place under a running bridge. */
export async function isCurrent({ query }: Pick<Db, 'query'>, known = migrations): Promise<boolean> {
  const found = query<{ version: number | null }>('select max(version) as version from schema_version');
  // Not even the table: then it must be seen whether anything answers.
  const [row] = await found.catch(() => query<{ version: number | null }>('select 0 as version'));
  return (row?.version ?? 0) >= (known.at(-1)?.version ?? 0);
}
