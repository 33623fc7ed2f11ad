import type { Random } from '../../agents-sim/random.ts';
import { asRefusal } from '../../src/storage/database-errors.ts';
import type { Db, Queries, Row, Statements } from '../../src/storage/db.ts';
import type { Machine } from './machine.ts';

/** How long a statement waits for a server that does not answer. */
const patienceMs = 10_000;

/** What goes wrong between one replica and the database. */
export interface LineFaults {
  /** Nothing gets through. */
  isCut: boolean;
  /** The server refuses everybody. */
  isDown: boolean;
  /** Share of the statements that are lost on the way there, and of the answers that are lost on the way back. */
  lost: number;
  /** Share of the statements and answers that come late, by up to `maxDelayMs`. */
  late: number;
  maxDelayMs: number;
}

export interface LineEvents {
  /** Before a statement runs; a text that must not be stored is seen here, whatever becomes of it. */
  asked(sql: string, parameters: unknown[]): void;
  /** After something was written, or may have been. */
  wrote(sql: string): void;
}

/** One replica's way to the database that all share. A replica that died waits for ever, and what it had begun is rolled back. */
export class DatabaseLine implements Db {
  readonly engine = 'postgres';
  readonly faults: LineFaults = { isCut: false, isDown: false, lost: 0, late: 0, maxDelayMs: 0 };
  readonly #shared: Db;
  readonly #machine: Machine;
  readonly #random: Random;
  readonly #events: LineEvents;
  #isDead = false;
  /** Statements under way, which fail together when the server starts again. */
  readonly #failures = new Set<() => void>();

  constructor(shared: Db, machine: Machine, random: Random, events: LineEvents) {
    this.#shared = shared;
    this.#machine = machine;
    this.#random = random;
    this.#events = events;
  }

  readonly query = <T extends Row = Row>(sql: string, parameters: unknown[] = []): Promise<T[]> =>
    this.#ask(async () => {
      this.#events.asked(sql, parameters);
      const rows = await this.#shared.query<T>(sql, parameters);
      this.#events.wrote(sql);
      return rows;
    });

  tx<T>(run: (queries: Queries) => Promise<T>): Promise<T> {
    return this.#ask(() =>
      this.#shared.tx(({ query }) =>
        run({
          query: async <R extends Row = Row>(sql: string, parameters: unknown[] = []) => {
            if (this.#isDead) throw new Error('This replica is dead.');
            if (this.#random.chance(this.faults.lost)) throw lost();
            this.#events.asked(sql, parameters);
            const rows = await query<R>(sql, parameters);
            this.#events.wrote(sql);
            return rows;
          },
        }),
      ),
    );
  }

  of(_org: string): Statements {
    return this;
  }

  async close(): Promise<void> {}

  die(): void {
    this.#isDead = true;
  }

  /** Everything under way fails. */
  reset(): void {
    for (const fail of [...this.#failures]) fail();
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    await this.#way();
    const result = await this.#machine.during(work).catch(async (problem: unknown) => {
      if (this.#isDead) await forever();
      throw problem;
    });
    await this.#way();
    return result;
  }

  /** One way, there or back. */
  async #way(): Promise<void> {
    if (this.#isDead) await forever();
    const { isCut, isDown, late, maxDelayMs } = this.faults;
    if (isDown) throw lost();
    const isLost = isCut || this.#random.chance(this.faults.lost);
    const isLate = this.#random.chance(late);
    if (isLost || isLate) await this.#wait(isCut ? patienceMs : this.#random.integer(0, maxDelayMs));
    if (this.#isDead) await forever();
    if (isLost) throw lost();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (end: () => void) => () => {
        callOff();
        this.#failures.delete(fail);
        end();
      };
      const fail = over(() => reject(lost()));
      const callOff = this.#machine.after(ms, over(resolve));
      this.#failures.add(fail);
    });
  }
}

function lost(): unknown {
  return asRefusal(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}
