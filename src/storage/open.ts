import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import pTimeout from 'p-timeout';
import { type AuditSeal, createSeal } from '../audit/seal.ts';
import type { Secrets } from '../identity/secrets.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { type Bell, type Ear, silentBell } from '../replicas/bell.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { prepareDirectory } from './data-directory.ts';
import { unavailable } from './database-errors.ts';
import type { Db } from './db.ts';
import { lockDirectory } from './directory-lock.ts';
import { openEmbedded } from './embedded.ts';
import { type Exporter, exportStore, type WriteLines } from './export.ts';
import { copyStore } from './export-copy.ts';
import type { ExportHeader } from './export-format.ts';
import { openSecrets } from './master-secret.ts';
import { measuredDb } from './measured-db.ts';
import { isCurrent } from './migrate.ts';
import { nodeId } from './node-id.ts';
import { openPostgres } from './postgres.ts';
import { openPostgresBell } from './postgres-bell.ts';
import { openRedisBell } from './redis-bell.ts';
import { ringOthers } from './ring-others.ts';
import { openStores, type Stores } from './stores.ts';

/** Time the database has to answer a health check. */
const answerMs = 2_000;

/** Where the data is. */
interface StorageSettings {
  /** PostgreSQL instead of the embedded database. */
  databaseUrl: string | undefined;
  /** Redis by which bridges on one PostgreSQL database reach each other; PostgreSQL itself without it. */
  busUrl?: string | undefined;
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
  telemetry?: Telemetry;
}

/** The database that the configuration names, and everything the stages ask of it. */
export interface Storage {
  stores: Stores;
  /** What signs and seals; its master is beside the database, never in it. */
  secrets: Secrets;
  /** What binds and signs the audit trail of this node. */
  seal: AuditSeal;
  /** Writes everything that is stored, as it is at one moment. */
  exportTo(exporter: Exporter, write: WriteLines): Promise<ExportHeader['tables']>;
  /** Copies the embedded database for another process to export, and says where to; refuses where there is none. */
  copy(): Promise<string>;
  /** Whether the database answers now and takes writes, and whether its schema is what this program knows, or newer. */
  state(): Promise<{ database: boolean; schema: boolean }>;
  /** Whether other bridges may be on the same data. */
  isShared: boolean;
  /** The bell by which other bridges reach this one, as the replica with this id. */
  openBell(replica: string, ear: Ear): Promise<Bell>;
  close(): Promise<void>;
}

/**
 * For the bridge: opens PostgreSQL when a URL is set, else the embedded database, and keeps other bridges off the data directory, which
 * also holds the embedded database. Refuses with `unavailable` and the reason.
 */
export async function openStorage(
  settings: StorageSettings,
  { clock, log, telemetry = noTelemetry }: Surroundings,
): Promise<Storage> {
  const { databaseUrl: url, busUrl, dataDirectory: directory, unsafeNoFsync } = settings;
  const measured = (db: Db) => measuredDb(db, telemetry, clock);
  if (url === undefined) {
    const db = await openEmbedded({ directory, log, clock, unsafeNoFsync });
    return { ...(await storageOver(measured(db), settings)), copy: () => copyStore(db, directory) };
  }
  await prepareDirectory(directory);
  const lock = await lockDirectory(directory);
  try {
    const db = measured(await openPostgres({ url, log }));
    const storage = await storageOver(db, settings);
    return {
      ...storage,
      isShared: true,
      openBell: bellsOn(db, { url, busUrl, log, clock }),
      close: () => storage.close().then(() => lock.release()),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Data that bridges elsewhere may be using at this moment. */
export interface ExistingStorage extends Storage {
  /** Tells them these notes; the log says where that cannot be done, because they find out by themselves. */
  tellBridges(notes: readonly string[]): Promise<void>;
}

/**
 * For an operator's command while no bridge answers: the data that is there, and nothing new. Refuses with `not_found` where
 * no bridge has ever kept data, because a mistyped directory would become an empty store.
 */
export async function openExisting(settings: StorageSettings, { clock, log }: Surroundings): Promise<ExistingStorage> {
  const { databaseUrl: url, busUrl, dataDirectory: directory, unsafeNoFsync } = settings;
  if (url !== undefined) {
    const db = await openPostgres({ url, log });
    return {
      ...(await storageOver(db, settings)),
      tellBridges: (notes) =>
        ringOthers(db, bellsOn(db, { url, busUrl, log, clock }), notes).catch((problem: unknown) => {
          log.warn({ err: problem }, 'bridges that run could not be told; they find out by themselves within seconds');
        }),
    };
  }
  const cluster = await stat(join(directory, 'postgres')).catch(() => undefined);
  if (cluster === undefined) {
    throw new Refusal({
      code: 'not_found',
      message: `There is no store in ${directory}.`,
      field: 'dataDirectory',
      next: 'Give the same --data or --database-url as to `sidelight serve`; its first start makes the store.',
    });
  }
  const storage = await storageOver(await openEmbedded({ directory, log, clock, unsafeNoFsync }), settings);
  // It has one user at a time, and that is us.
  return { ...storage, tellBridges: async () => undefined };
}

/** How bridges on a PostgreSQL database reach each other. */
function bellsOn(
  db: Db,
  { url, busUrl, log, clock }: { url: string; busUrl: string | undefined; log: Log; clock: Clock },
): Storage['openBell'] {
  return (replica, ear) =>
    busUrl === undefined
      ? openPostgresBell({ url, replica, db, ear, log, clock })
      : openRedisBell({ url: busUrl, replica, ear, log });
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
    exportTo: (exporter, write) => exportStore(db, secrets, exporter, write),
    async copy() {
      throw unavailable('The bridge keeps its data in PostgreSQL.', 'Give the --database-url that it was started with.');
    },
    state: () =>
      pTimeout(isCurrent(db), { milliseconds: answerMs }).then(
        (schema) => ({ database: true, schema }),
        () => ({ database: false, schema: false }),
      ),
    isShared: false,
    openBell: async () => silentBell,
    close: () => db.close(),
  };
}
