import type { Dirent } from 'node:fs';
import { access, chmod, constants, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { Log } from '../lib/log.ts';
import { readTemplate } from './cluster-template.ts';
import { unavailable } from './database-errors.ts';
import { broken, cannotStart, newClusterBytes, requireFree } from './disk-trouble.ts';
import { DurableFs } from './durable-fs.ts';

/** Major version of PostgreSQL in PGlite; its files fit no other. */
const postgresMajor = '18';

/** What tells a directory of ours from one that is somebody else's too. */
const ownNames = ['postgres', 'secret'];

/**
 * Makes the directory where it is missing, and takes it from everybody but its owner: where it is empty or was ours before, because
 * of others (`--data .`) more than we may depend on the mode. Refuses one that cannot be used.
 */
export async function prepareDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const names = await readdir(directory);
    await access(directory, constants.W_OK);
    if (names.length === 0 || ownNames.some((name) => names.includes(name))) await closeToOthers(directory);
  } catch (error) {
    throw unavailable(
      `The data directory ${directory} cannot be used (${(error as NodeJS.ErrnoException).code ?? error}).`,
      'Choose a directory that this user may write to.',
    );
  }
}

/** Only the owner can change a mode: a volume that belongs to root stays as the operator made it. */
async function closeToOthers(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { uid, mode } = await stat(directory);
  if (uid === process.getuid?.() && (mode & 0o077) !== 0) await chmod(directory, 0o700);
}

/**
 * Where PostgreSQL's files are, made on the first start. They are made beside their place, forced to disk and then renamed, so
 * that a first start cut short leaves nothing half made. Whoever calls this holds the lock of the directory.
 */
export async function prepareCluster(directory: string, log: Log): Promise<string> {
  const cluster = join(directory, 'postgres');
  const unfinished = join(directory, 'postgres.new');
  const found = await readdir(cluster).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw broken(directory, `its folder postgres cannot be read (${error.code})`);
  });
  if (found === undefined) {
    log.info({ directory }, 'Making a new data directory.');
    try {
      await requireFree(directory, newClusterBytes);
      await makeCluster(unfinished);
      await rename(unfinished, cluster);
      await syncPath(directory);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true }).catch(() => undefined);
      throw cannotStart(directory, error);
    }
    return cluster;
  }
  // Without this file PGlite would take the directory for an empty one and write a new cluster over what is there.
  const version = (await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
  if (version === '') throw broken(directory, 'it has no PG_VERSION');
  if (version !== postgresMajor) {
    throw unavailable(
      `The data directory ${directory} was written by PostgreSQL ${version}; this Sidelight reads ${postgresMajor}.`,
      'Use the Sidelight version that wrote it, or choose another directory.',
    );
  }
  await closeToOthers(cluster); // earlier releases left it open
  return cluster;
}

async function makeCluster(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  const template = await readTemplate();
  const fs = new DurableFs(folder);
  const loaded = template === undefined ? {} : { loadDataDir: template };
  const pg = await PGlite.create({ fs, ...loaded }).catch((error: unknown) => {
    fs.letGo();
    throw error;
  });
  await pg.close();
  await syncTree(folder);
}

/** Files forced to disk at a time: file systems write many in one go, and a cluster has two thousand. */
const syncsAtATime = 16;

/** PGlite unpacks a new cluster with plain writes, open to everybody; PostgreSQL never forces files to disk that it did not change. */
async function syncTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const paths = [...entries.map((entry) => join(parentOf(entry), entry.name)), directory].values();
  const syncRest = async () => {
    for (const path of paths) await syncPath(path, { isNew: true });
  };
  await Promise.all(Array.from({ length: syncsAtATime }, syncRest));
}

/** The directory an entry is in; Node 20.0 to 20.11 know it as `path` only. */
export function parentOf(entry: Dirent): string {
  return entry.parentPath ?? (entry as { path?: string }).path ?? '';
}

/** Forces a file or the entries of a directory to disk. */
export async function syncPath(path: string, { isNew = false } = {}): Promise<void> {
  // Windows opens no directories; its file system journals renames.
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (process.platform === 'win32') return undefined;
    throw error;
  });
  try {
    if (isNew && handle !== undefined) await handle.chmod((await handle.stat()).isDirectory() ? 0o700 : 0o600);
    await handle?.sync();
  } catch (error) {
    if (process.platform !== 'win32') throw error;
  } finally {
    await handle?.close();
  }
}
