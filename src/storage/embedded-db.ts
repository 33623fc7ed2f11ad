import type { PGlite, Transaction } from '@electric-sql/pglite';
import type { Refusal } from '../lib/refusal.ts';
import { asRefusal, unavailable } from './database-errors.ts';
import type { Db, Queries, Row, Statements } from './db.ts';

/** Statements and transactions that wait for their turn; one runs at a time. At 1 ms each, the last waits about five seconds. */
const maxWaiting = 5_000;

/** The port over PGlite, which runs one statement or transaction at a time by itself. */
export class EmbeddedDb implements Db {
  readonly engine = 'embedded';
  readonly #pg: PGlite;
  readonly #beforeClose: () => void;
  readonly #afterClose: () => Promise<void>;
  #waiting = 0;
  #dead: Refusal | undefined;
  #closing: Promise<void> | undefined;

  constructor(pg: PGlite, beforeClose: () => void, afterClose: () => Promise<void>) {
    this.#pg = pg;
    this.#beforeClose = beforeClose;
    this.#afterClose = afterClose;
  }

  // A property, so that `const { query } = db` works as it does inside a transaction.
  readonly query = <T extends Row = Row>(sql: string, parameters: unknown[] = []): Promise<T[]> =>
    this.#inTurn(() => this.#ask<T>(this.#pg, sql, parameters));

  async tx<T>(run: (queries: Queries) => Promise<T>): Promise<T> {
    let thrown: { error: unknown } | undefined;
    const body = async (transaction: Transaction): Promise<T> => {
      try {
        return await run({ query: (sql, parameters = []) => this.#ask(transaction, sql, parameters) });
      } catch (error) {
        thrown = { error };
        throw error;
      }
    };
    return this.#inTurn(async () => {
      try {
        return (await this.#pg.transaction(body)) as T;
      } catch (error) {
        throw thrown?.error === error ? error : this.#judge(error);
      }
    });
  }

  of(_org: string): Statements {
    return this;
  }

  /** Gives the space of deleted rows back for use, and shortens the log that a start after a crash has to replay. */
  async vacuum(): Promise<void> {
    await this.query('vacuum (analyze)');
    await this.query('checkpoint');
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#beforeClose();
      // A dead engine cannot shut down either; its log is replayed at the next start.
      if (this.#dead === undefined) await this.#pg.close();
      await this.#afterClose();
    })();
    return this.#closing;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#dead !== undefined) throw this.#dead;
    if (this.#closing !== undefined) throw unavailable('The database is closing.', 'Try again when the bridge is back.');
    if (this.#waiting >= maxWaiting) throw unavailable('Too much is waiting for the database.', 'Try again in a few seconds.');
    this.#waiting += 1;
    try {
      return await work();
    } finally {
      this.#waiting -= 1;
    }
  }

  async #ask<T extends Row>(on: PGlite | Transaction, sql: string, parameters: unknown[]): Promise<T[]> {
    try {
      return (await on.query<T>(sql, parameters)).rows;
    } catch (error) {
      throw this.#judge(error);
    }
  }

  /** An engine that aborted, or whose disk failed under it, must not be asked again: it may say that it stored what it lost. */
  #judge(error: unknown): unknown {
    const { name, severity, syscall } = (error ?? {}) as { name?: string; severity?: string; syscall?: string };
    const died =
      name === 'RuntimeError' || name === 'ExitStatus' || severity === 'PANIC' || severity === 'FATAL' || syscall !== undefined;
    if (!died) return asRefusal(error);
    this.#dead = unavailable(
      'The embedded database has stopped after a failure.',
      'Look at the log of the bridge, see to the disk, and start it again.',
    );
    this.#dead.cause = error;
    return this.#dead;
  }
}
