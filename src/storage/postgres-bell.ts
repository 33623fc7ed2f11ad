import { hostname } from 'node:os';
import pg from 'pg';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Bell, Ear } from '../replicas/bell.ts';
import { away } from './database-errors.ts';
import type { Db } from './db.ts';
import { serverOf } from './postgres.ts';
import { createRinging } from './ringing.ts';

/** How often the connection that listens is tried, and how long it may take to answer. */
const tryEveryMs = 5_000;
const maxAnswerMs = 5_000;
/** Pause before a lost connection is made again, doubled from the first to the last. */
const firstPauseMs = 100;
const lastPauseMs = 5_000;
/** The server asks a silent listener after 10 s and lets go of it 15 s later. */
const keepalives = ['tcp_keepalives_idle = 10', 'tcp_keepalives_interval = 5', 'tcp_keepalives_count = 3'];
/** PostgreSQL allows 8,000 bytes in one payload. */
const maxPayloadBytes = 7_500;

const channelOf = (replica: string) => `sidelight_${replica}`;

export interface BellOptions {
  url: string;
  /** The replica that listens. */
  replica: string;
  db: Db;
  ear: Ear;
  log: Log;
  clock: Clock;
}

/**
 * LISTEN and NOTIFY of PostgreSQL: one channel for each replica, on a connection of its own, which must not go through a pooler that
 * shares connections.
 */
export async function openPostgresBell(options: BellOptions): Promise<Bell> {
  const { db, log, ear } = options;
  const listener = new Listener(options, await listen(options));
  const ringing = createRinging(
    maxPayloadBytes,
    async (rings) => {
      await db.query('select pg_notify(r.channel, r.notes) from unnest($1::text[], $2::text[]) as r (channel, notes)', [
        rings.map(({ replica }) => channelOf(replica)),
        rings.map(({ notes }) => notes),
      ]);
    },
    log,
  );
  // What came before somebody listened.
  ear.missed();
  return {
    ring: ringing.ring,
    async close() {
      await ringing.close();
      await listener.close();
    },
  };
}

class Listener {
  readonly #options: BellOptions;
  #client: pg.Client | undefined;
  #isClosed = false;
  #callOff = () => {};

  constructor(options: BellOptions, client: pg.Client) {
    this.#options = options;
    this.#hold(client);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
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
    if (this.#isClosed || this.#client !== client) return;
    this.#client = undefined;
    this.#callOff();
    // Not awaited: a connection that is half open would never end.
    client.end().catch(() => undefined);
    this.#options.log.warn('The connection by which other bridges reach this one broke.');
    this.#retake(firstPauseMs);
  }

  #retake(pauseMs: number): void {
    const { clock, ear, log } = this.#options;
    this.#callOff = clock.after(pauseMs, () => {
      listen(this.#options).then(
        (client) => {
          if (this.#isClosed) {
            client.end().catch(() => undefined);
            return;
          }
          this.#hold(client);
          log.info('Other bridges reach this one again.');
          ear.missed();
        },
        (problem: unknown) => {
          if (this.#isClosed) return;
          // Once for each time that it is gone.
          if (pauseMs === firstPauseMs) log.warn({ err: problem }, 'Other bridges cannot reach this one yet.');
          this.#retake(Math.min(lastPauseMs, pauseMs * 2));
        },
      );
    });
  }
}

/** A connection that listens. */
async function listen({ url, replica, ear }: BellOptions): Promise<pg.Client> {
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
  client.on('notification', ({ payload = '' }) => {
    for (const note of payload.split('\n')) ear.heard(note);
  });
  try {
    await client.connect();
    for (const setting of keepalives) await client.query(`set ${setting}`);
    await client.query(`listen ${client.escapeIdentifier(channelOf(replica))}`);
    return client;
  } catch (error) {
    client.end().catch(() => undefined);
    throw away(error, serverOf(url));
  }
}
