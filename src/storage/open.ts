import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import pTimeout from 'p-timeout';
import { type AuditSeal, createSeal } from '../audit/seal.ts';
import type { Secrets } from '../identity/secrets.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { type BridgeLock, lockDatabase } from './bridge-lock.ts';
import { prepareDirectory } from './data-directory.ts';
import type { Db } from './db.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { openEmbedded } from './embedded.ts';
import { openSecrets } from './master-secret.ts';
import { nodeId } from './node-id.ts';
import { openPostgres } from './postgres.ts';
import { openStores, type Stores } from './stores.ts';

/** Time the database has to answer a health check. */
const answerMs = 2_000;

/** Where the data is. */
interface StorageSettings {
  /** PostgreSQL instead of the embedded database. */
  databaseUrl: string | undefined;
  dataDirectory: string;
  unsafeNoFsync: boolean;
  /** Empty or absent: the file `secret` of the data directory, made where it is not there yet. */
  secretFile?: string;
  /** Takes a database that was used with another master secret. */
  acceptNewSecret?: boolean;
}

interface Surroundings {
  clock: Clock;
  log: Log;
}

/** The database that the configuration names, and everything the stages ask of it. */
export interface Storage {
  stores: Stores;
  /** What signs and seals; its master is beside the database, never in it. */
  secrets: Secrets;
  /** What binds and signs the audit trail of this node. */
  seal: AuditSeal;
  /** Whether the database answers now. */
  answers(): Promise<boolean>;
  /** Whether no other bridge can be on the same data now. */
  isOurs(): boolean;
  close(): Promise<void>;
}

/**
 * For the bridge: opens PostgreSQL when a URL is set, else the embedded database, and keeps other bridges off both the
 * database and the data directory. Refuses with `unavailable` and the reason.
 */
export async function openStorage(settings: StorageSettings, { clock, log }: Surroundings): Promise<Storage> {
  const { databaseUrl: url, dataDirectory: directory, unsafeNoFsync } = settings;
  if (url === undefined) return storageOver(await openEmbedded({ directory, log, clock, unsafeNoFsync }), settings);
  await prepareDirectory(directory);
  const own: (DirectoryLock | BridgeLock)[] = [];
  const release = async () => {
    for (const lock of own.reverse()) await lock.release();
  };
  try {
    own.push(await lockDirectory(directory));
    const lock = await lockDatabase({ url, log, clock });
    own.push(lock);
    const storage = await storageOver(await openPostgres({ url, log }), settings);
    return { ...storage, isOurs: () => lock.isHeld(), close: () => storage.close().then(release) };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * For an operator's command while no bridge answers: the data that is there, and nothing new. Refuses with `not_found` where
 * no bridge has ever kept data, because a mistyped directory would become an empty store.
 */
export async function openExisting(settings: StorageSettings, { clock, log }: Surroundings): Promise<Storage> {
  const { databaseUrl: url, dataDirectory: directory, unsafeNoFsync } = settings;
  if (url !== undefined) return storageOver(await openPostgres({ url, log }), settings);
  const cluster = await stat(join(directory, 'postgres')).catch(() => undefined);
  if (cluster === undefined) {
    throw new Refusal({
      code: 'not_found',
      message: `There is no store in ${directory}.`,
      field: 'dataDirectory',
      next: 'Give the same --data or --database-url as to `sidelight serve`; its first start makes the store.',
    });
  }
  return storageOver(await openEmbedded({ directory, log, clock, unsafeNoFsync }), settings);
}

async function storageOver(db: Db, settings: StorageSettings): Promise<Storage> {
  const open = async () => ({ secrets: await openSecrets(db, settings), node: await nodeId(settings.dataDirectory) });
  const { secrets, node } = await open().catch(async (problem: unknown) => {
    await db.close();
    throw problem;
  });
  const seal = createSeal({ node, secrets });
  return {
    stores: openStores(db, seal),
    secrets,
    seal,
    answers: () =>
      pTimeout(db.query('select 1'), { milliseconds: answerMs }).then(
        () => true,
        () => false,
      ),
    isOurs: () => true,
    close: () => db.close(),
  };
}
