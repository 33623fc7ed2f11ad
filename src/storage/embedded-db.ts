import type { PGlite } from '@electric-sql/pglite';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { sharingTurns } from '../lib/own-turn.ts';
import { Refusal } from '../lib/refusal.ts';
import { asRefusal, sqlState, unavailable } from './database-errors.ts';
import type { Db, Queries, Row, Statements } from './db.ts';

/** Statements and transactions that wait for their turn; one runs at a time. At 1 ms each, the last waits about five seconds. */
const maxWaiting = 5_000;
/** Statements follow each other in one turn of the event loop for so long. */
const turnMs = 4;
/** Nothing writes checkpoints by itself in the embedded engine, and the log from before one is what it can let go of. */
const maxLogBytes = 32 * 1024 * 1024;
/** How often it is looked how long the log is, while statements run. */
const lookEveryMs = 1_000;
/** PostgreSQL's code for it. */
const diskFull = '53100';
/** Pause before an engine that died is started again, doubled from the first to the last. */
const firstPauseMs = 1_000;
const lastPauseMs = 30_000;

/** PostgreSQL in this process, over one directory. */
export interface Engine {
  pg: PGlite;
  /** Closes the files of an engine that died, which cannot do it. */
  letGo(): void;
}

interface Surroundings {
  clock: Clock;
  log: Log;
  /** Starts the engine again on the same files, as PostgreSQL does after a crash; absent where they were in memory. */
  restart?: () => Promise<Engine>;
  beforeClose(): void;
  afterClose(): Promise<void>;
}

/** The port over PGlite. Everything waits for its turn here, because an engine that died must not be asked for what was queued. */
export class EmbeddedDb implements Db {
  readonly engine = 'embedded';
  readonly #surroundings: Surroundings;
  #engine: Engine;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();
  #lookedAt: number;
  /** The engine answers without giving anybody else a turn, and so one statement would follow the other to the last. */
  readonly #othersTurn = sharingTurns(turnMs);
  #dead: Refusal | undefined;
  #closing: Promise<void> | undefined;
  #callOff = () => {};

  constructor(engine: Engine, surroundings: Surroundings) {
    this.#engine = engine;
    this.#surroundings = surroundings;
    this.#lookedAt = surroundings.clock.monotonic();
  }

  // A property, so that `const { query } = db` works as it does inside a transaction.
  readonly query = <T extends Row = Row>(sql: string, parameters: unknown[] = []): Promise<T[]> =>
    this.#inTurn(({ pg }) => this.#ask<T>(pg, sql, parameters));

  /** Not PGlite's own transaction: its COMMIT never returns when the disk fails in it, and holds the whole process. */
  tx<T>(run: (queries: Queries) => Promise<T>): Promise<T> {
    return this.#inTurn(async ({ pg }) => {
      let isOpen = true;
      let hasFailed = false;
      const query = async <R extends Row = Row>(sql: string, parameters: unknown[] = []): Promise<R[]> => {
        if (!isOpen) throw new Error('The transaction has ended.');
        try {
          return await this.#ask<R>(pg, sql, parameters);
        } catch (error) {
          hasFailed = true;
          throw error;
        }
      };
      await this.#ask(pg, 'begin', []);
      try {
        const result = await run({ query });
        // PostgreSQL would answer the commit with a rollback, and PGlite would not say so.
        if (hasFailed) throw new Error('The transaction was rolled back: a statement in it had failed.');
        isOpen = false;
        await this.#ask(pg, 'commit', []);
        return result;
      } catch (error) {
        isOpen = false;
        if (this.#dead === undefined) await this.#ask(pg, 'rollback', []);
        throw this.#dead ?? error;
      }
    });
  }

  of(_org: string): Statements {
    return this;
  }

  /** Gives the space of deleted rows back for use, table by table so that others get their turn, and shortens the log. */
  async vacuum(): Promise<void> {
    const tables = await this.query<{ name: string }>(
      "select format('%I', relname) as name from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace",
    );
    for (const { name } of tables) await this.query(`vacuum (analyze) ${name}`);
    await this.query('checkpoint');
  }

  /** Runs it while nothing is written, after a checkpoint: the files are then as after a crash, with little to replay. */
  async whileStill<T>(run: () => Promise<T>): Promise<T> {
    await this.query('checkpoint');
    return this.#inTurn(({ pg }) => pg.runExclusive(run));
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      const { beforeClose, afterClose, log } = this.#surroundings;
      beforeClose();
      this.#callOff();
      await this.#last;
      try {
        // A dead engine cannot shut down either; its log is replayed at the next start.
        if (this.#dead === undefined) await this.#engine.pg.close();
      } catch (error) {
        log.warn({ err: error }, 'The embedded database did not shut down well; the next start replays its log.');
      } finally {
        this.#engine.letGo();
        await afterClose();
      }
    })();
    return this.#closing;
  }

  async #inTurn<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
    if (this.#dead !== undefined) throw this.#dead;
    if (this.#closing !== undefined) throw unavailable('The database is closing.', 'Try again when the bridge is back.');
    if (this.#waiting >= maxWaiting) throw unavailable('Too much is waiting for the database.', 'Try again in a few seconds.');
    this.#waiting += 1;
    const before = this.#last;
    let end = () => {};
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    try {
      if (this.#dead !== undefined) throw this.#dead;
      await this.#othersTurn();
      const result = await work(this.#engine);
      await this.#boundLog();
      return result;
    } finally {
      this.#waiting -= 1;
      end();
    }
  }

  /** What was asked is done by now, so a failure here is not its own; the next statement meets it. */
  async #boundLog(): Promise<void> {
    const now = this.#surroundings.clock.monotonic();
    if (now - this.#lookedAt < lookEveryMs) return;
    this.#lookedAt = now;
    const { pg } = this.#engine;
    try {
      const [row] = await this.#ask<{ bytes: number }>(
        pg,
        'select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::int8 as bytes from pg_control_checkpoint()',
        [],
      );
      if ((row?.bytes ?? 0) > maxLogBytes) await this.#ask(pg, 'checkpoint', []);
    } catch (error) {
      this.#surroundings.log.warn({ err: error }, 'The log of the embedded database could not be shortened.');
    }
  }

  async #ask<T extends Row>(on: PGlite, sql: string, parameters: unknown[]): Promise<T[]> {
    if (this.#dead !== undefined) throw this.#dead;
    try {
      return (await on.query<T>(sql, parameters)).rows;
    } catch (error) {
      throw this.#judge(error);
    }
  }

  /** An engine that aborted, or whose disk failed under it, must not be asked again: it may say that it stored what it lost. */
  #judge(error: unknown): unknown {
    if (this.#dead !== undefined) return this.#dead;
    if (sqlState(error) === diskFull)
      return unavailable('The disk of the database is full.', 'Make space. What is stored is as it was.');
    if (!isDeath(error)) return asRefusal(error);
    const { log, restart } = this.#surroundings;
    this.#dead = unavailable(
      'The embedded database has stopped after a failure.',
      restart === undefined
        ? 'Start the bridge again.'
        : 'Look at the log of the bridge and see to the disk; it starts again by itself.',
    );
    this.#dead.cause = error;
    log.error({ err: error }, 'The embedded database has stopped; calls are refused until it runs again.');
    if (restart !== undefined) this.#restartAfter(firstPauseMs, restart);
    return this.#dead;
  }

  #restartAfter(pauseMs: number, restart: () => Promise<Engine>): void {
    const { clock, log } = this.#surroundings;
    this.#callOff = clock.after(pauseMs, () => {
      // Close waits for this, as for everything that has a turn.
      this.#last = this.#last.then(async () => {
        if (this.#closing !== undefined) return;
        try {
          this.#engine.letGo();
          this.#engine = await restart();
          this.#dead = undefined;
          log.info('The embedded database runs again; nothing that was acknowledged is lost.');
        } catch (error) {
          const reason = error instanceof Refusal ? error.message : String(error);
          log.warn({ reason }, 'The embedded database could not be started again yet.');
          this.#restartAfter(Math.min(lastPauseMs, pauseMs * 2), restart);
        }
      });
    });
  }
}

/** Whether no statement can follow: the engine ended itself (PostgreSQL's PANIC and FATAL), broke, or met an error of the file system. */
function isDeath(error: unknown): boolean {
  const { name, severity, syscall } = (error ?? {}) as { name?: string; severity?: string; syscall?: string };
  const fatal = severity === 'PANIC' || severity === 'FATAL';
  return (
    fatal ||
    name === 'RuntimeError' ||
    name === 'ExitStatus' ||
    name === 'ErrnoError' ||
    name === 'EngineEnded' ||
    syscall !== undefined
  );
}
