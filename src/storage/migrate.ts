import type { Log } from '../lib/log.ts';
import { failureBehind, sqlState, unavailable } from './database-errors.ts';
import type { Db, Queries } from './db.ts';
import { migrations } from './migrations/all.ts';
import type { Migration } from './migrations/migration.ts';

/** Any number that nobody else on the server uses for an advisory lock. */
const migrationLock = 7_433_001;
/** PostgreSQL's code for a table that is not there. */
const undefinedTable = '42P01';
/** Of a table that others hold: a lock that did not come in time, and two who wait for each other. */
const held: ReadonlySet<string | undefined> = new Set(['55P03', '40P01']);
/** Who waits for a table makes all wait who come after, plain readers too; so for this long, and then as long not as others need. */
const maxLockMs = 1_000;
const pauseSeconds = 2;
/** Two minutes. An export or a dump may take longer than anybody wants to wait for a bridge. */
const maxTries = 40;
/** Of the tries that failed each so many is logged. */
const loggedTries = 5;
/** A step may write a large table anew, and a turn may take as long as that. */
const maxAnswerMs = 3_600_000;
/** Sessions that are named where tables are held. */
const maxHolders = 5;

interface Surroundings {
  log?: Log;
  maxTries?: number;
}

/**
 * Brings the schema to the newest version, all in one transaction and under a lock, so that a command may open the store while a bridge starts.
 * Refuses a schema that a newer Sidelight made, and with `unavailable` where another session does not let go of a table.
 */
export async function migrate(db: Db, known = migrations, { log, maxTries: tries = maxTries }: Surroundings = {}): Promise<void> {
  // Mostly there is nothing to do, and who has nothing to do waits for nobody.
  if (stepsAfter(await appliedTo(db), known).length === 0) return;
  await db.tx(
    async ({ query }) => {
      await query('set local statement_timeout = 0');
      await takeTurn(query, log);
      await query(
        'create table if not exists schema_version (version int primary key, name text not null, applied_at timestamptz not null default now())',
      );
      // Whoever had the turn before may have done it.
      const steps = stepsAfter(await appliedTo({ query }), known);
      await query(`set local lock_timeout = ${maxLockMs}`);
      for (let count = 1; !(await isDone(query, steps)); count += 1) {
        const holders = await holdersIn(query);
        if (count >= tries) throw heldUp(holders);
        if (count % loggedTries === 1)
          log?.warn({ holders }, 'The schema is not brought forward yet: other sessions hold its tables. Trying again.');
        await query(`select pg_sleep(${pauseSeconds})`);
      }
    },
    { maxAnswerMs },
  );
}

/** One takes it after the other, and keeps it while it waits for tables: the tries of several would leave nobody time to read. */
async function takeTurn(query: Queries['query'], log: Log | undefined): Promise<void> {
  const [turn] = await query<{ ours: boolean }>('select pg_try_advisory_xact_lock($1) as ours', [migrationLock]);
  if (turn?.ours === true) return;
  log?.info('Another bridge or command brings the schema forward; waiting for it.');
  await query('select pg_advisory_xact_lock($1)', [migrationLock]);
}

/** All steps, or false and none: the locks of a try that failed go with its savepoint. */
async function isDone(query: Queries['query'], steps: readonly Migration[]): Promise<boolean> {
  await query('savepoint steps');
  try {
    for (const { version, name, statements } of steps) {
      for (const statement of statements) await query(statement);
      await query('insert into schema_version (version, name) values ($1, $2)', [version, name]);
    }
    return true;
  } catch (error) {
    if (!held.has(failureBehind(error)?.code)) throw error;
    await query('rollback to savepoint steps');
    return false;
  }
}

/** A session that has held tables for longer than a statement takes. */
interface Holder {
  pid: number;
  application: string;
  role: string;
}

/** The oldest first; when sessions of other roles began is not told to everybody. */
function holdersIn(query: Queries['query']): Promise<Holder[]> {
  return query<Holder & Record<string, unknown>>(
    `select a.pid, a.application_name as application, a.usename as role
     from pg_stat_activity a
     where a.pid <> pg_backend_pid() and (a.xact_start is null or a.xact_start < clock_timestamp() - interval '1 second')
       and exists (select from pg_locks l join pg_class c on c.oid = l.relation
         where l.pid = a.pid and l.granted and l.database = (select oid from pg_database where datname = current_database())
           and c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace)
     order by a.xact_start nulls first limit ${maxHolders}`,
  );
}

function heldUp(holders: Holder[]) {
  const who = holders.map(({ pid, application, role }) => `process ${pid} (${application || 'without a name'}, role ${role})`);
  return unavailable(
    `The schema cannot be brought forward, because another session holds a table of it (55P03): ${who.join(', ') || 'it is gone by now'}.`,
    'An export or a dump? Let it end, or end it with pg_terminate_backend; then start again. Nothing is changed.',
  );
}

function stepsAfter(applied: number[], known: readonly Migration[]): Migration[] {
  const current = Math.max(0, ...applied);
  const newest = known.at(-1)?.version ?? 0;
  if (current > newest) {
    throw unavailable(
      `The store was written by a newer Sidelight (schema ${current}; this one knows up to ${newest}).`,
      'Start the newer version again, or restore a backup from before the update.',
    );
  }
  return known.filter(({ version }) => !applied.includes(version));
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
async function appliedTo({ query }: Queries): Promise<number[]> {
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
