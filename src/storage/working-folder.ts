import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Refusal } from '../lib/refusal.ts';
import { unavailable } from './database-errors.ts';
import { lockDirectory } from './directory-lock.ts';

/** Folders in a data directory that a command works in and removes; their cluster is a whole one, opened like any other. */
const names = { copy: 'export.copy', import: 'import.new' } as const;

/** Makes the folder anew. Refuses with `unavailable` while another command works in it. */
export async function makeWorkingFolder(dataDirectory: string, name: keyof typeof names): Promise<string> {
  const folder = join(dataDirectory, names[name]);
  if (!(await removeFolder(folder))) throw busy(folder);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

/** Removes what commands left that were killed. */
export async function removeUnused(dataDirectory: string): Promise<void> {
  for (const name of Object.values(names)) await removeFolder(join(dataDirectory, name));
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
