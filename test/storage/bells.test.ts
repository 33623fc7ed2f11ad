import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { newId } from '../../src/lib/id.ts';
import type { Bell, Ear } from '../../src/replicas/bell.ts';
import { openPostgresBell } from '../../src/storage/postgres-bell.ts';
import { openRedisBell } from '../../src/storage/redis-bell.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres, postgresWorld, silent, type World } from './engines.ts';
import { hasRedis, redis } from './redis.ts';

/** Keeps what it hears. */
function listening() {
  const notes: string[] = [];
  const heard = { notes, missed: 0 };
  const ear: Ear = {
    heard: (note) => void notes.push(note),
    missed: () => {
      heard.missed += 1;
    },
  };
  return { heard, ear };
}

interface Kind {
  name: string;
  open(replica: string, ear: Ear): Promise<Bell>;
  /** Breaks the connections of all who listen. */
  cut(): Promise<void>;
}

describe('a bell between bridges', () => {
  let world: World;
  let url: string;
  let bus: Awaited<ReturnType<typeof redis>>;
  let stopBus = async () => {};
  beforeAll(async () => {
    if (hasPostgres) {
      world = await postgresWorld();
      url = world.url ?? '';
    }
    bus = await redis();
    if (hasRedis) stopBus = await bus.start();
  });
  afterAll(async () => {
    await world?.close();
    await stopBus();
  });

  const kinds: (Kind & { isThere: boolean })[] = [
    {
      name: 'PostgreSQL',
      isThere: hasPostgres,
      open: (replica, ear) => openPostgresBell({ url, replica, db: world.db, ear, log: silent, clock: systemClock }),
      async cut() {
        const admin = new pg.Client({ connectionString: url });
        await admin.connect();
        await admin.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'sidelight bridge%'",
        );
        await admin.end();
      },
    },
    {
      name: 'Redis',
      isThere: hasRedis,
      open: (replica, ear) => openRedisBell({ url: bus.url, replica, ear, log: silent }),
      async cut() {
        await stopBus();
        stopBus = await bus.start();
      },
    },
  ];

  describe.each(kinds.filter(({ isThere }) => isThere))('by $name', ({ open, cut }) => {
    it('brings notes to those they are for, many together and each once', async () => {
      const [one, two] = [listening(), listening()];
      const [a, b] = [newId('rep'), newId('rep')];
      const bells = [await open(a, one.ear), await open(b, two.ear)] as const;
      const sent = Array.from({ length: 2_000 }, (_, n) => `note ${n}`);
      for (const note of sent) bells[0].ring([b], note);
      bells[0].ring([b], 'note 0');
      bells[1].ring([a, b], 'to both');
      await until('all have come', () => (two.heard.notes.length >= 2_001 && one.heard.notes.length >= 1) || undefined);
      expect(two.heard.notes.filter((note) => note !== 'to both')).toEqual(sent);
      expect(one.heard.notes).toEqual(['to both']);
      for (const bell of bells) await bell.close();
    });

    it('says so when notes may have been lost, and brings those that come later', async () => {
      const { heard, ear } = listening();
      const id = newId('rep');
      const bell = await open(id, ear);
      expect(heard.missed).toBe(1);
      await cut();
      await until('it listens again', () => heard.missed > 1 || undefined);
      const other = await open(newId('rep'), listening().ear);
      other.ring([id], 'later');
      await until('it hears', () => heard.notes.includes('later') || undefined);
      await Promise.all([bell.close(), other.close()]);
    });

    it('does not mind replicas that are gone', async () => {
      const { heard, ear } = listening();
      const bell = await open('rep_here', ear);
      bell.ring(['rep_gone', 'rep_here'], 'hello');
      await until('it hears', () => heard.notes.includes('hello') || undefined);
      await bell.close();
      bell.ring(['rep_gone'], 'too late');
    });
  });

  it.skipIf(!hasRedis)('by a Redis that is not there is refused with what to do', async () => {
    const nowhere = await redis();
    await expect(openRedisBell({ url: nowhere.url, replica: 'rep_1', ear: listening().ear, log: silent })).rejects.toMatchObject({
      code: 'unavailable',
      details: { next: expect.stringContaining('--bus-url') },
    });
  });
});
