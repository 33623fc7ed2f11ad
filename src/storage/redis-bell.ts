import type { Redis } from 'ioredis';
import type { Log } from '../lib/log.ts';
import type { Bell, Ear } from '../replicas/bell.ts';
import { unavailable } from './database-errors.ts';
import { createRinging } from './ringing.ts';

/** How long Redis may take to answer, at the start and later. */
const maxAnswerMs = 5_000;
const maxPauseMs = 5_000;
/** One message; Redis itself would take far more. */
const maxMessageBytes = 64 * 1024;

const channelOf = (replica: string) => `sidelight:${replica}`;

interface BellOptions {
  /** `redis://user:password@host:port`, or `rediss://` for TLS. */
  url: string;
  /** The replica that listens. */
  replica: string;
  ear: Ear;
  log: Log;
}

/**
 * Publish and subscribe of Redis, for more notes than NOTIFY carries: nothing is kept there, so it may be restarted or lost at any time.
 * Refuses with `unavailable` when it cannot be reached at the start.
 */
export async function openRedisBell({ url, replica, ear, log }: BellOptions): Promise<Bell> {
  const { Redis } = await import('ioredis');
  const open = (): Redis =>
    new Redis(url, {
      lazyConnect: true,
      connectTimeout: maxAnswerMs,
      commandTimeout: maxAnswerMs,
      // A note that waits for Redis to come back is of no use: whoever misses it finds out by itself.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(maxPauseMs, 100 * 2 ** attempt),
    });
  const [out, incoming] = [open(), open()];
  const close = () => {
    for (const client of [out, incoming]) client.disconnect();
  };
  let isAway = false;
  for (const client of [out, incoming]) {
    // Without a listener the error of a connection that breaks would be printed; `close` follows it.
    client.on('error', () => undefined);
    client.on('close', () => {
      if (!isAway) log.warn('The connection to the bus broke; bridges find out by themselves what others tell.');
      isAway = true;
    });
  }
  incoming.on('message', (_channel, message) => {
    for (const note of message.split('\n')) ear.heard(note);
  });
  try {
    await Promise.all([out.connect(), incoming.connect()]);
    await incoming.subscribe(channelOf(replica));
  } catch (problem) {
    close();
    throw unavailable(
      `The bus cannot be reached (${problem instanceof Error ? problem.message : String(problem)}).`,
      'Check --bus-url and that Redis runs there, or leave it out: bridges then tell each other through PostgreSQL.',
    );
  }
  incoming.on('ready', () => {
    // Subscribed again by hand, because `missed` must come after it.
    incoming.subscribe(channelOf(replica)).then(
      () => {
        if (isAway) log.info('The bus is back.');
        isAway = false;
        ear.missed();
      },
      () => undefined,
    );
  });
  ear.missed();
  const ringing = createRinging(
    maxMessageBytes,
    async (rings) => {
      await Promise.all(rings.map(({ replica: to, notes }) => out.publish(channelOf(to), notes)));
    },
    log,
  );
  return {
    ring: ringing.ring,
    async close() {
      await ringing.close();
      close();
    },
  };
}
