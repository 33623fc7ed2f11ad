import pg from 'pg';
import type { Log } from '../lib/log.ts';
import { asRefusal } from './database-errors.ts';
import type { Db, Queries, Row } from './db.ts';
import { migrate } from './migrate.ts';
import { valueParsers } from './value-parsers.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full` and whatever else libpq's URLs allow for TLS. */
  url: string;
  log: Log;
}

/** Connections of one bridge; a server allows 100 by default. */
const maxConnections = 10;
/** How long a statement may wait for a free connection, and how long it may run, locks included. */
const maxConnectMs = 5_000;
const maxStatementMs = 10_000;
/** After this long without a statement an open transaction is given up, with the locks it holds. */
const maxIdleInTransactionMs = 30_000;
/** The driver's own patience, for a server that has gone without a word. */
const maxAnswerMs = 15_000;

/** A PostgreSQL server (14 or newer) by URL, brought to the newest schema. Refuses with `unavailable` while it is away. */
export async function openPostgres({ url, log }: PostgresOptions): Promise<Db> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'sidelight',
    max: maxConnections,
    connectionTimeoutMillis: maxConnectMs,
    statement_timeout: maxStatementMs,
    idle_in_transaction_session_timeout: maxIdleInTransactionMs,
    query_timeout: maxAnswerMs,
    keepAlive: true,
    types: { getTypeParser },
  });
  // An idle connection that breaks is replaced by the pool; without a listener its error would end the process.
  pool.on('error', (error) => log.warn({ reason: error.message }, 'A database connection broke.'));
  const db = new PostgresDb(pool);
  try {
    await migrate(db);
  } catch (error) {
    await db.close();
    throw error;
  }
  return db;
}

function getTypeParser(type: number, format?: 'text' | 'binary'): (text: string) => unknown {
  return valueParsers[type] ?? pg.types.getTypeParser(type, format);
}

class PostgresDb implements Db {
  readonly engine = 'postgres';
  readonly #pool: pg.Pool;
  #closing: Promise<void> | undefined;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  // A property, so that `const { query } = db` works as it does inside a transaction.
  readonly query = <T extends Row = Row>(sql: string, parameters: unknown[] = []): Promise<T[]> =>
    ask<T>(this.#pool, sql, parameters);

  async tx<T>(run: (queries: Queries) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw asRefusal(error);
    });
    // Broken while it is ours: the statement under way fails by itself.
    const broke = () => {};
    client.on('error', broke);
    let unusable = false;
    try {
      await ask(client, 'begin', []);
      const result = await run({ query: (sql, parameters = []) => ask(client, sql, parameters) });
      const { command } = await client.query('commit');
      // PostgreSQL answers so when a statement had failed and `run` swallowed that.
      if (command !== 'COMMIT') throw new Error('The transaction was rolled back: a statement in it had failed.');
      return result;
    } catch (error) {
      // A connection whose state is unknown must not go back into the pool.
      await client.query('rollback').catch(() => {
        unusable = true;
      });
      throw asRefusal(error);
    } finally {
      client.off('error', broke);
      client.release(unusable);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }
}

async function ask<T extends Row>(on: pg.Pool | pg.PoolClient, sql: string, parameters: unknown[]): Promise<T[]> {
  try {
    return (await on.query<T>(sql, parameters)).rows;
  } catch (error) {
    throw asRefusal(error);
  }
}
