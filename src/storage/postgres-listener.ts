import type pg from 'pg';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { asRefusal } from './database-errors.ts';

/** Pause before a new connection is tried, doubled from the first to the last. */
const firstPauseMs = 100;
const lastPauseMs = 5_000;

type Heard = (payload: string) => void;

/**
 * LISTEN on a connection of its own, made with the first listener and made again whenever it breaks. What is notified while
 * it is away is lost: who listens reads the tables as well, and takes a notification only as a reason to look now.
 */
export class PostgresListener {
  readonly #connect: () => pg.Client;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #channels = new Map<string, Set<Heard>>();
  #client: Promise<pg.Client> | undefined;
  #callOff = () => {};
  #closed = false;

  constructor(connect: () => pg.Client, log: Log, clock: Clock) {
    this.#connect = connect;
    this.#log = log;
    this.#clock = clock;
  }

  async listen(channel: string, heard: Heard): Promise<() => Promise<void>> {
    this.#channels.set(channel, (this.#channels.get(channel) ?? new Set()).add(heard));
    try {
      this.#client ??= this.#open();
      // A second LISTEN on one channel changes nothing.
      await (await this.#client).query(`listen ${channel}`);
    } catch (error) {
      this.#forget(channel, heard);
      throw asRefusal(error);
    }
    return async () => {
      if (!this.#forget(channel, heard)) return;
      // While it is away there is nothing to stop: the channel is not asked for again.
      await (await this.#client?.catch(() => undefined))?.query(`unlisten ${channel}`).catch(() => undefined);
    };
  }

  /** True when nobody listens on the channel any more. */
  #forget(channel: string, heard: Heard): boolean {
    const hearers = this.#channels.get(channel);
    if (hearers?.delete(heard) !== true || hearers.size > 0) return false;
    return this.#channels.delete(channel);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#callOff();
    const client = await this.#client?.catch(() => undefined);
    client?.removeAllListeners('end');
    await client?.end().catch(() => undefined);
  }

  async #open(): Promise<pg.Client> {
    const client = this.#connect();
    client.on('error', (error) => this.#log.warn({ reason: error.message }, 'The connection for notifications broke.'));
    client.on('notification', ({ channel, payload = '' }) => {
      for (const heard of this.#channels.get(channel) ?? []) heard(payload);
    });
    try {
      await client.connect();
      for (const channel of this.#channels.keys()) await client.query(`listen ${channel}`);
    } catch (error) {
      this.#client = undefined;
      client.end().catch(() => undefined);
      throw error;
    }
    client.once('end', () => this.#reopen(firstPauseMs));
    return client;
  }

  #reopen(pauseMs: number): void {
    this.#client = undefined;
    if (this.#closed) return;
    this.#callOff = this.#clock.after(pauseMs, () => {
      if (this.#closed || this.#client !== undefined) return;
      this.#client = this.#open();
      this.#client.then(
        () => this.#log.info('Listening for notifications again.'),
        () => this.#reopen(Math.min(lastPauseMs, pauseMs * 2)),
      );
    });
  }
}
