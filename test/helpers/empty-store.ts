import { constants, cpSync, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { openEmbedded } from '../../src/storage/embedded.ts';
import type { EmbeddedDb } from '../../src/storage/embedded-db.ts';
import { onceARun, runFolder } from './once-a-run.ts';

/**
 * Puts a store of the newest schema with nothing in it into a data directory, unless it has one already. Copying what was made once a run
 * takes a quarter of what a first start takes. Outside of a run nobody would use it again, and the first start makes its own.
 */
export async function putEmptyStore(directory: string): Promise<void> {
  if (runFolder() === undefined || existsSync(join(directory, 'postgres'))) return;
  const made = await onceARun('empty-store', async (folder) => {
    const db = await openEmbedded({ directory: folder, log: createLog('silent'), clock: systemClock });
    await db.close();
  });
  // A thousand files: one question to the file system after the other takes a third of what a thousand promises take.
  cpSync(made, directory, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/** An embedded database with nothing in it, which does not wait for the disk; its directory goes when it is closed. */
export async function openEmptyStore(clock: Clock = systemClock): Promise<EmbeddedDb> {
  const directory = await mkdtemp(join(tmpdir(), 'sidelight-store-'));
  await putEmptyStore(directory);
  const db = await openEmbedded({ directory, log: createLog('silent'), clock, unsafeNoFsync: true });
  const close = db.close.bind(db);
  db.close = async () => {
    await close();
    await rm(directory, { recursive: true, force: true });
  };
  return db;
}
