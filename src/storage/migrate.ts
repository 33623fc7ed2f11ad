import { sqlState, unavailable } from './database-errors.ts';
import type { Db } from './db.ts';
import { migrations } from './migrations/all.ts';

/** Any number that nobody else on the server uses for an advisory lock. */
const migrationLock = 7_433_001;
/** PostgreSQL's code for a table that is not there. */
const undefinedTable = '42P01';

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

/**
 * Whether every migration that is known here is done: a backup of before may have been put in place under a running bridge. Refuses with
 * `unavailable` where the database is away or cannot be written to.
 */
export async function isCurrent(db: Pick<Db, 'query'>, known = migrations): Promise<boolean> {
  const applied = await appliedTo(db);
  return Math.max(0, ...applied) >= (known.at(-1)?.version ?? 0);
}

/** The update touches no row, but PostgreSQL refuses it where a read-only server would let us read all the same. */
async function appliedTo({ query }: Pick<Db, 'query'>): Promise<number[]> {
  try {
    const rows = await query<{ version: number }>(
      'with tried as (update schema_version set name = name where false) select version from schema_version',
    );
    return rows.map(({ version }) => version);
  } catch (error) {
    if (sqlState(error) === undefinedTable) return [];
    throw error;
  }
}
