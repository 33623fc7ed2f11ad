import { hostname } from 'node:os';
import pg from 'pg';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { asRefusal, unavailable } from './database-errors.ts';

/** Any number that nobody else on the server uses for an advisory lock. */
const bridgeLock = 7_433_002;
/** A bridge that was killed a moment ago may still be in the server's books. */
const attempts = 4;
const attemptPauseMs = 500;
/** How often the connection that holds the lock is tried, and how long it may take to answer. */
const tryEveryMs = 5_000;
const maxAnswerMs = 5_000;
/** Pause before a lost lock is taken again, doubled from the first to the last. */
const firstPauseMs = 100;
const lastPauseMs = 5_000;
/** The server asks a silent holder after 10 s and lets go of it 15 s later: a host that lost its power must not hold on. */
const keepalives = ['tcp_keepalives_idle = 10', 'tcp_keepalives_interval = 5', 'tcp_keepalives_count = 3'];

/** That this bridge is the only one on its database. */
export interface BridgeLock {
  /** False while the connection is lost, and for as long as another bridge has the lock: then nothing may be promised. */
  isHeld(): boolean;
  release(): Promise<void>;
}

export interface LockOptions {
  url: string;
  log: Log;
  clock: Clock;
}

/**
 * Takes the one place for a bridge on a PostgreSQL database: an advisory lock on a connection of its own, which the server
 * drops with the connection, however the process ends. Refuses with `unavailable` and the name of the holder.
 */
export async function lockDatabase(options: LockOptions): Promise<BridgeLock> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return new HeldLock(options, await take(options.url));
    } catch (error) {
      if (!(error instanceof HeldByOther) || attempt === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, attemptPauseMs));
    }
  }
}

class HeldByOther extends Refusal {}

class HeldLock implements BridgeLock {
  readonly #options: LockOptions;
  #client: pg.Client | undefined;
  #released = false;
  #saidSo = false;
  #callOff = () => {};

  constructor(options: LockOptions, client: pg.Client) {
    this.#options = options;
    this.#hold(client);
  }

  isHeld(): boolean {
    return this.#client !== undefined;
  }

  async release(): Promise<void> {
    this.#released = true;
    this.#callOff();
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  #hold(client: pg.Client): void {
    this.#client = client;
    const lost = () => this.#lost(client);
    client.once('end', lost);
    const again = () => {
      this.#callOff = this.#options.clock.after(tryEveryMs, () => {
        client.query('select 1').then(() => {
          if (this.#client === client) again();
        }, lost);
      });
    };
    again();
  }

  #lost(client: pg.Client): void {
    if (this.#released || this.#client !== client) return;
    this.#client = undefined;
    this.#callOff();
    // Not awaited: a connection that is half open would never end.
    client.end().catch(() => undefined);
    this.#options.log.warn('The connection that keeps other bridges off the database broke.');
    this.#retake(firstPauseMs);
  }

  #retake(pauseMs: number): void {
    this.#callOff = this.#options.clock.after(pauseMs, () => {
      take(this.#options.url).then(
        (client) => {
          if (this.#released) {
            client.end().catch(() => undefined);
            return;
          }
          this.#saidSo = false;
          this.#hold(client);
          this.#options.log.info('This bridge has its database for itself again.');
        },
        (error: unknown) => {
          if (this.#released) return;
          if (error instanceof HeldByOther && !this.#saidSo) {
            this.#saidSo = true;
            this.#options.log.error({ reason: error.message }, 'Another bridge took the database; calls are refused.');
          }
          this.#retake(Math.min(lastPauseMs, pauseMs * 2));
        },
      );
    });
  }
}

/** A connection that holds the lock. */
async function take(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    // PostgreSQL cuts this at 63 bytes.
    application_name: `sidelight bridge: process ${process.pid} on ${hostname()}`.slice(0, 63),
    connectionTimeoutMillis: maxAnswerMs,
    query_timeout: maxAnswerMs,
    keepAlive: true,
  });
  // Without a listener the error of a connection that breaks would end the process; `end` follows it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    for (const setting of keepalives) await client.query(`set ${setting}`);
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1::int8) as taken', [bridgeLock]);
    if (rows[0]?.taken === true) return client;
    throw inUse(await holder(client));
  } catch (error) {
    client.end().catch(() => undefined);
    throw asRefusal(error);
  }
}

/** Who has the lock, as far as this role may see. */
async function holder(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string | null; since: Date | null }>(
    `select a.application_name as name, a.backend_start as since
     from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.classid = 0 and l.objid = $1 and l.objsubid = 1
       and l.database = (select oid from pg_database where datname = current_database())`,
    [bridgeLock],
  );
  const [found] = rows;
  const name = /^sidelight bridge: (.+)$/.exec(found?.name ?? '')?.[1];
  return name === undefined ? undefined : `${name}, since ${found?.since?.toISOString() ?? 'a time unknown'}`;
}

function inUse(by: string | undefined): Refusal {
  const { details } = unavailable(
    `The database is in use by another bridge${by === undefined ? '' : ` (${by})`}.`,
    'Stop that bridge, or give this one a database of its own: one bridge runs on one database.',
  );
  return new HeldByOther(details);
}
