import pg from 'pg';
import type { Log } from '../lib/log.ts';
import { asRefusal, away, DatabaseFailure, leavesUsable, type Server, sqlState } from './database-errors.ts';
import type { Db, Queries, Row, Statements, TxOptions } from './db.ts';
import { migrate } from './migrate.ts';
import type { Migration } from './migrations/migration.ts';
import { valueParsers } from './value-parsers.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full` and whatever else libpq's URLs allow for TLS. */
  url: string;
  log: Log;
  /** Up to where the schema is brought; all of it when absent. */
  migrations?: Migration[];
}

/**
 * Connections of one bridge; a server allows 100 by default. Those over all organisations are apart, or nearly every statement would have
 * to tell its connection another organisation first.
 */
const maxConnections = { org: 7, all: 3 } as const;
/** How long a statement may wait for a free connection, and how long it may run, locks included. */
const maxConnectMs = 5_000;
const maxStatementMs = 10_000;
/**
 * After this long without a statement an open transaction is given up, with the locks it holds: that of a bridge which was cut off in the
 * middle of it, so that the statements of others that wait for them get them in their own time.
 */
const maxIdleInTransactionMs = 8_000;
/** How long a connection is kept: it goes on with what it was told at its start, when the server has long been told otherwise. */
const maxLifetimeSeconds = 900;
const defaultPort = 5432;
/** What a connection is told that serves all organisations; the policies of migration 007 know it, and no organisation can have this name. */
const everyOrg = '*';
/** The driver's own patience, for a server that has gone without a word. */
const maxAnswerMs = 15_000;

/** A PostgreSQL server (14 or newer) by URL, brought to the newest schema. Refuses with `unavailable` while it is away. */
export async function openPostgres({ url, log, migrations }: PostgresOptions): Promise<Db> {
  const server = serverOf(url);
  const db = new PostgresDb(server, (max) => {
    const pool = new pg.Pool({
      connectionString: url,
      application_name: 'sidelight',
      max,
      connectionTimeoutMillis: maxConnectMs,
      statement_timeout: maxStatementMs,
      idle_in_transaction_session_timeout: maxIdleInTransactionMs,
      query_timeout: maxAnswerMs,
      maxLifetimeSeconds,
      keepAlive: true,
      types: { getTypeParser },
    });
    // An idle connection that breaks is replaced by the pool; without a listener its error would end the process.
    return pool.on('error', (error) => {
      const { message: reason, code } = new DatabaseFailure(error);
      log.warn({ reason, code, ...server }, 'A database connection broke.');
    });
  });
  try {
    await migrate(db, migrations, { log });
    await warnWithoutWall(db, log);
  } catch (error) {
    await db.close();
    throw error;
  }
  return db;
}

/** Row-level security does not hold for a superuser; nothing else would say so. */
async function warnWithoutWall(db: Db, log: Log): Promise<void> {
  const [role] = await db.query<{ name: string; passes: boolean }>(
    'select rolname as name, rolsuper or rolbypassrls as passes from pg_roles where rolname = current_user',
  );
  if (role?.passes === true) {
    log.warn({ role: role.name }, 'The database role passes row-level security; give the bridge one that is no superuser.');
  }
}

/** Where the server of a URL is, as libpq reads it; for the log, and so without anything else of the URL. */
export function serverOf(url: string): Server {
  if (!URL.canParse(url)) return { address: 'localhost', port: defaultPort };
  const { hostname, port, searchParams } = new URL(url);
  const address = searchParams.get('host') ?? decodeURIComponent(hostname);
  return { address: address || 'localhost', port: Number(searchParams.get('port') ?? port) || defaultPort };
}

function getTypeParser(type: number, format?: 'text' | 'binary'): (text: string) => unknown {
  return valueParsers[type] ?? pg.types.getTypeParser(type, format);
}

class PostgresDb implements Db {
  readonly engine = 'postgres';
  readonly #pools: readonly [org: pg.Pool, all: pg.Pool];
  readonly #server: Server;
  readonly #all: Statements;
  #closing: Promise<unknown> | undefined;

  constructor(server: Server, open: (maxConnections: number) => pg.Pool) {
    this.#server = server;
    this.#pools = [open(maxConnections.org), open(maxConnections.all)];
    this.#all = statementsOf(this.#pools[1], server, everyOrg);
  }

  // A property, so that `const { query } = db` works as it does inside a transaction.
  readonly query = <T extends Row = Row>(sql: string, parameters: unknown[] = []): Promise<T[]> =>
    this.#all.query<T>(sql, parameters);

  tx<T>(run: (queries: Queries) => Promise<T>, options?: TxOptions): Promise<T> {
    return this.#all.tx(run, options);
  }

  of(org: string): Statements {
    // A name nobody can have, and the one that opens every door.
    if (org === everyOrg || org === '') throw new Error('Statements were asked for no organisation.');
    return statementsOf(this.#pools[0], this.#server, org);
  }

  connections(): { used: number; idle: number; waiting: number } {
    const sum = (of: (pool: pg.Pool) => number) => this.#pools.reduce((total, pool) => total + of(pool), 0);
    const idle = sum((pool) => pool.idleCount);
    return { used: sum((pool) => pool.totalCount) - idle, idle, waiting: sum((pool) => pool.waitingCount) };
  }

  async close(): Promise<void> {
    this.#closing ??= Promise.all(this.#pools.map((pool) => pool.end()));
    await this.#closing;
  }
}

/** The organisation whose rows a connection sees, as it was told last; nobody's before. */
const toldOrg = new WeakMap<pg.PoolClient, string>();

/** A connection while it is ours. */
interface Held {
  client: pg.PoolClient;
  server: Server;
  /** False once nobody knows what state it is in; it never goes back into the pool then. */
  isUsable: boolean;
  isInTransaction: boolean;
  /** The driver's patience, where it is not the usual one. */
  maxAnswerMs?: number;
}

/** Statements whose connection sees one organisation. Telling it costs a round trip, and only where it served another one before. */
function statementsOf(pool: pg.Pool, server: Server, org: string): Statements {
  async function on<T>(run: (held: Held) => Promise<T>): Promise<T> {
    const client = await connectionOf(pool, server);
    // Broken while it is ours: the statement under way fails by itself.
    const broke = () => {};
    client.on('error', broke);
    const held: Held = { client, server, isUsable: true, isInTransaction: false };
    try {
      if (toldOrg.get(client) !== org) {
        toldOrg.delete(client);
        await ask(held, `select set_config('sidelight.org', $1, false)`, [org]);
        toldOrg.set(client, org);
      }
      return await run(held);
    } finally {
      client.off('error', broke);
      client.release(!held.isUsable);
    }
  }
  return {
    query: (sql, parameters = []) => on((held) => ask(held, sql, parameters)),
    tx: (run, options) => on((held) => transaction(Object.assign(held, options), run)),
  };
}

async function connectionOf(pool: pg.Pool, server: Server): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw away(error, server);
  }
}

async function transaction<T>(held: Held, run: (queries: Queries) => Promise<T>): Promise<T> {
  const { client } = held;
  try {
    await ask(held, 'begin', []);
    held.isInTransaction = true;
    const result = await run({ query: (sql, parameters = []) => ask(held, sql, parameters) });
    const { command } = await send(held, 'commit', []);
    // PostgreSQL answers so when a statement had failed and `run` swallowed that.
    if (command !== 'COMMIT') throw new Error('The transaction was rolled back: a statement in it had failed.');
    return result;
  } catch (error) {
    // Who did not answer before would be waited for once more; the server rolls back when the connection ends.
    if (held.isUsable)
      await client.query('rollback').catch(() => {
        held.isUsable = false;
      });
    throw asRefusal(error, held.server);
  }
}

async function ask<T extends Row>(held: Held, sql: string, parameters: unknown[]): Promise<T[]> {
  return (await send<T>(held, sql, parameters)).rows;
}

/** Texts that are kept planned; there are about a hundred, and those that are made anew each time must not fill the server. */
const maxPlanned = 500;
/** The names of statements that connections keep planned, by their text: planning was most of the work of many of ours. */
const planned = new Map<string, string>();
let plans = 0;

/** The name under which a connection keeps this statement; none for one without parameters, which may be several. */
function planOf(sql: string, parameters: unknown[]): string | undefined {
  if (parameters.length === 0) return undefined;
  const known = planned.get(sql);
  if (known !== undefined || planned.size >= maxPlanned) return known;
  plans += 1;
  const name = `sidelight_${plans}`;
  planned.set(sql, name);
  return name;
}

/** A table has changed under a plan that is kept, as when a newer bridge brought the schema up. */
const isStalePlan = (error: unknown): boolean =>
  sqlState(error) === '0A000' && error instanceof Error && error.message.startsWith('cached plan');

/** The driver takes a time for each statement, but its types do not say so. */
type Query = pg.QueryConfig & { query_timeout: number | undefined };

/** One statement. A connection whose state is unknown afterwards (no answer, half an answer), or which cannot write, is given up. */
async function send<T extends Row>(held: Held, sql: string, parameters: unknown[]): Promise<pg.QueryResult<T>> {
  try {
    const query: Query = { name: planOf(sql, parameters), text: sql, values: parameters, query_timeout: held.maxAnswerMs };
    return await held.client.query<T>(query);
  } catch (error) {
    if (!leavesUsable(error)) held.isUsable = false;
    if (isStalePlan(error)) {
      planned.clear();
      // Within a transaction all is void; the next try plans anew.
      if (!held.isInTransaction) return send(held, sql, parameters);
    }
    throw asRefusal(error, held.server);
  }
}
