import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parentOf } from './data-directory.ts';
import { cannotStart } from './disk-trouble.ts';
import type { EmbeddedDb } from './embedded-db.ts';
import { makeCopyFolder } from './working-folder.ts';

/** Files copied at a time. */
const copiesAtATime = 16;

/**
 * Copies the embedded database of a bridge that goes on, for another process to export: statements wait while its files are copied, not
 * while they are read. Gives the data directory of the copy; who asked for it removes it.
 */
export async function copyStore(db: EmbeddedDb, dataDirectory: string): Promise<string> {
  const folder = await makeCopyFolder(dataDirectory);
  try {
    await db.whileStill(() => copyTree(join(dataDirectory, 'postgres'), join(folder, 'postgres')));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw cannotStart(folder, error);
  }
  return folder;
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  const entries = await readdir(from, { withFileTypes: true, recursive: true });
  const below = (entry: (typeof entries)[number]) => join(to, parentOf(entry).slice(from.length), entry.name);
  for (const entry of entries) if (entry.isDirectory()) await mkdir(below(entry), { mode: 0o700 });
  const files = entries.filter((entry) => entry.isFile()).values();
  const copyRest = async () => {
    // Shares the blocks where the file system can.
    for (const entry of files) await copyFile(join(parentOf(entry), entry.name), below(entry), constants.COPYFILE_FICLONE);
  };
  await Promise.all(Array.from({ length: copiesAtATime }, copyRest));
}
