import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Refusal } from '../lib/refusal.ts';
import { unavailable } from './database-errors.ts';
import { lockDirectory } from './directory-lock.ts';

/** Folders in a data directory that a command works in and removes; their cluster is a whole one, opened like any other. */
const importFolder = 'import.new';
const copyFolder = 'export.copy';
/** Who asked for a copy opens it within so long; one that nobody has open after that was left behind. */
const openedMs = 600_000;

/** Makes the folder for an import anew. Refuses with `unavailable` while another command works in it. */
export async function makeImportFolder(dataDirectory: string): Promise<string> {
  const folder = join(dataDirectory, importFolder);
  if (!(await removeFolder(folder))) throw busy(folder);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

/** Makes a folder for a copy, of its own: another that was handed out may not be open yet. */
export async function makeCopyFolder(dataDirectory: string): Promise<string> {
  for (const folder of await copiesIn(dataDirectory)) {
    const made = await stat(folder).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > openedMs) await removeFolder(folder);
  }
  return mkdtemp(join(dataDirectory, `${copyFolder}-`));
}

/** Removes what commands left that were killed. */
export async function removeUnused(dataDirectory: string): Promise<void> {
  for (const folder of [join(dataDirectory, importFolder), ...(await copiesIn(dataDirectory))]) await removeFolder(folder);
}

async function copiesIn(dataDirectory: string): Promise<string[]> {
  const entries = await readdir(dataDirectory);
  return entries.filter((name) => name.startsWith(copyFolder)).map((name) => join(dataDirectory, name));
}

/** Whether it is gone: a folder that somebody has open stays. */
async function removeFolder(folder: string): Promise<boolean> {
  if ((await stat(folder).catch(() => undefined)) === undefined) return true;
  const lock = await lockDirectory(folder).catch(() => undefined);
  if (lock === undefined) return false;
  await lock.release();
  await rm(folder, { recursive: true, force: true });
  return true;
}

function busy(folder: string): Refusal {
  return unavailable(`Another command works in ${folder}.`, 'Try again when it has ended.');
}
