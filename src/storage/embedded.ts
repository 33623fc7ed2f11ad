import { PGlite } from '@electric-sql/pglite';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { readTemplate } from './cluster-template.ts';
import { prepareCluster, prepareDirectory } from './data-directory.ts';
import { unavailable } from './database-errors.ts';
import { lockDirectory } from './directory-lock.ts';
import { cannotStart, requireFree, startBytes } from './disk-trouble.ts';
import { DurableFs } from './durable-fs.ts';
import { EmbeddedDb, type Engine } from './embedded-db.ts';
import { migrate } from './migrate.ts';
import type { Migration } from './migrations/migration.ts';
import { valueParsers } from './value-parsers.ts';
import { removeUnused } from './working-folder.ts';

export interface EmbeddedOptions {
  /** Undefined: in memory, gone with the process. */
  directory: string | undefined;
  log: Log;
  clock: Clock;
  /** Start although commits do not reach the disk. */
  unsafeNoFsync?: boolean;
  /** The file system under the database; tests give one whose fsync does not work. */
  fileSystem?: (cluster: string) => DurableFs;
  /** Up to where the schema is brought; all of it when absent. For a store that an older Sidelight exported. */
  migrations?: Migration[];
}

/** Nothing vacuums by itself in the embedded engine, so that deleted rows would never be reused. */
const vacuumEveryMs = 3_600_000;

/** PostgreSQL's own defaults are for a server of its own: 128 MB of buffers, and up to 1 GB of log before a checkpoint. */
const tuning = ['shared_buffers=16MB', 'max_wal_size=64MB', 'min_wal_size=32MB', 'wal_sync_method=fsync'];

/**
 * PostgreSQL inside this process (PGlite), in one directory, with durable commits: locked against a second process, proven to
 * reach the disk, brought to the newest schema, vacuumed every hour, started again when it died of its disk. Refuses with
 * `unavailable` when one of these fails.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedDb> {
  const { directory, log, unsafeNoFsync = false } = options;
  if (directory === undefined) return ready(await startInMemory(), options, { afterClose: async () => {} });
  await prepareDirectory(directory);
  const lock = await lockDirectory(directory);
  try {
    await removeUnused(directory);
    const cluster = await prepareCluster(directory, log);
    const startOnDisk = () => startOn(cluster, options);
    const engine = await startOnDisk();
    if (unsafeNoFsync)
      log.warn('The embedded database does not wait for the disk (unsafeNoFsync): commits may be lost at a power cut.');
    return await ready(engine, options, { restart: startOnDisk, afterClose: () => lock.release() });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** PGlite gives `-F` by default, which turns fsync off. */
function startParams(fsync: boolean): string[] {
  const given = PGlite.defaultStartParams.filter((parameter) => !(fsync && parameter === '-F'));
  return [...given, ...tuning.flatMap((setting) => ['-c', setting])];
}

async function startInMemory(): Promise<Engine> {
  const template = await readTemplate();
  const loaded = template === undefined ? {} : { loadDataDir: template };
  return { pg: await PGlite.create({ startParams: startParams(false), parsers: valueParsers, ...loaded }), letGo: () => {} };
}

async function startOn(cluster: string, { directory = '', unsafeNoFsync = false, fileSystem }: EmbeddedOptions): Promise<Engine> {
  await requireFree(directory, startBytes);
  const fs = fileSystem?.(cluster) ?? new DurableFs(cluster);
  const pg = await PGlite.create({ fs, startParams: startParams(!unsafeNoFsync), parsers: valueParsers }).catch(
    async (error: unknown) => {
      fs.letGo();
      throw cannotStart(directory, error);
    },
  );
  const engine = { pg, letGo: () => fs.letGo() };
  if (!unsafeNoFsync) await closeUnless(engine, directory, proveDurable(pg, fs));
  return engine;
}

interface Ending {
  restart?: () => Promise<Engine>;
  afterClose(): Promise<void>;
}

async function ready(
  engine: Engine,
  { log, clock, directory, migrations }: EmbeddedOptions,
  ending: Ending,
): Promise<EmbeddedDb> {
  let callOff = () => {};
  const db = new EmbeddedDb(engine, { clock, log, ...ending, beforeClose: () => callOff() });
  await closeUnless(engine, directory, migrate(db, migrations, { log }));
  const vacuum = () => {
    callOff = clock.after(vacuumEveryMs, vacuum);
    const startedAt = clock.monotonic();
    db.vacuum().then(
      () => log.debug({ durationMs: Math.round(clock.monotonic() - startedAt) }, 'Vacuumed the embedded database.'),
      (error: unknown) => log.warn({ err: error }, 'The embedded database could not be vacuumed.'),
    );
  };
  callOff = clock.after(vacuumEveryMs, vacuum);
  return db;
}

async function closeUnless({ pg, letGo }: Engine, directory: string | undefined, done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    await pg.close().catch(letGo);
    throw error instanceof Refusal || directory === undefined ? error : cannotStart(directory, error);
  }
}

/** Commits one row and looks whether that reached the disk: another PGlite may have moved the hook that we rely on. */
async function proveDurable(pg: PGlite, fs: DurableFs): Promise<void> {
  await pg.query('create table if not exists durability_check (id int primary key, boots int8 not null)');
  const before = fs.fsyncs;
  await pg.query('insert into durability_check values (1, 1) on conflict (id) do update set boots = durability_check.boots + 1');
  if (fs.fsyncs > before) return;
  throw unavailable(
    'A commit of the embedded database did not reach the disk (its fsync was not called), so a power cut could destroy it.',
    'Use PostgreSQL by URL, report this with your version of Node, or accept the risk with the setting unsafeNoFsync.',
  );
}
