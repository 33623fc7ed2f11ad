import { PGlite } from '@electric-sql/pglite';
import { createLog } from '../../src/lib/log.ts';
import { EmbeddedDb } from '../../src/storage/embedded-db.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { valueParsers } from '../../src/storage/value-parsers.ts';
import { Checker } from './checker.ts';
import { machine } from './machine.ts';
import { Mischief, type WorldKind } from './mischief.ts';
import { withPreparedStatements } from './prepared.ts';
import { World } from './world.ts';

/** What a seed came to. */
export interface Ran {
  seed: number;
  steps: number;
  events: number;
  digest: string;
  problem?: unknown;
  lines: string[];
}

/** Things go wrong so long. */
const stormMs = 30_000;
/** Then everything has so long to come to rest: longer than any action, lease and connection lasts. */
const calmMs = 50_000;

/** The one database of all seeds, in memory: the embedded engine and the schema of the bridge. */
export async function openDatabase(): Promise<EmbeddedDb> {
  const pg = await PGlite.create({ parsers: valueParsers });
  const engine = { pg: withPreparedStatements(pg), letGo: () => undefined };
  // It looks at its log by this clock; a world takes no time of it.
  const clock = { now: () => 0, monotonic: () => 0, after: () => () => undefined };
  const db = new EmbeddedDb(engine, {
    log: createLog('silent'),
    clock,
    beforeClose: () => undefined,
    afterClose: async () => {},
  });
  await migrate(db);
  return db;
}

/** Runs the world of one seed to its end, or to the first promise that is not kept. */
export async function runSeed(db: EmbeddedDb, seed: number, isWhole = false, kind?: WorldKind): Promise<Ran> {
  const checker = new Checker();
  let steps = 0;
  const world: World = new World(
    seed,
    db,
    checker.watching(() => world),
    isWhole,
  );
  const ran = (more: { problem?: unknown }): Ran => ({
    ...{ seed, steps, events: world.chronicle.count, digest: world.chronicle.digest(), lines: world.chronicle.lines },
    ...more,
  });
  const until = async (at: number) => {
    while (await machine.step(at)) {
      steps += 1;
      await checker.check(world);
    }
  };
  try {
    const mischief = new Mischief(world, kind);
    await mischief.begin();
    checker.knows([...world.callers, ...world.enrolments].map(({ secret }) => secret));
    await machine.settle();
    await until(machine.now + stormMs);
    mischief.end();
    checker.calmSince = machine.now;
    await until(machine.now + calmMs);
    await checker.atRest(world);
    return ran({});
  } catch (problem) {
    return ran({ problem });
  }
}
