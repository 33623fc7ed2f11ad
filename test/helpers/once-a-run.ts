import { existsSync, statfsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the folder of this run of the tests, in the environment of every worker; vitest.config.ts starts `setup` before them. */
const variable = 'SIDELIGHT_TEST_RUN';

/** A file system in memory, where Linux has one. */
const inMemory = '/dev/shm';
/** A whole run has a few hundred megabytes of it at a time. */
const roomBytes = 4 * 1024 ** 3;

/** Makes the folder of the run, and gives what removes it. Each project of vitest.config.ts asks for it; the first one makes it. */
export default async function setup(project: { onTestsRerun(run: () => Promise<void>): void }): Promise<() => Promise<void>> {
  if (runFolder() !== undefined) return async () => {};
  // Each bridge of a test writes a thousand files before its first call, which takes a disk three times as long as all the rest of its start.
  if (hasRoom(inMemory)) process.env.TMPDIR = inMemory;
  const open = async () => {
    process.env[variable] = await mkdtemp(join(tmpdir(), 'sidelight-run-'));
  };
  const close = () => rm(runFolder() as string, { recursive: true, force: true });
  await open();
  // What is watched was changed: it has to be built again. The workers of the next run read the variable anew.
  project.onTestsRerun(async () => {
    await close();
    await open();
  });
  return close;
}

function hasRoom(path: string): boolean {
  if (!existsSync(path)) return false;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize > roomBytes && freemem() > roomBytes;
}

/** Where things that one worker makes and all read are kept; undefined outside of a run. */
export function runFolder(): string | undefined {
  return process.env[variable];
}

/**
 * A folder that `make` fills for the first who asks in a run, in whichever worker; the others wait for it. Nobody changes what is in it,
 * and it goes at the end of the run.
 */
export async function onceARun(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const home = runFolder() ?? (await mkdtemp(join(tmpdir(), 'sidelight-run-')));
  const folder = join(home, name);
  const [taken, making, failed] = ['taken', 'making', 'failed'].map((what) => `${folder}.${what}`) as [string, string, string];
  const isFirst = await mkdir(taken).then(
    () => true,
    () => false,
  );
  if (isFirst)
    try {
      await mkdir(making);
      await make(making);
      await rename(making, folder);
    } catch (error) {
      await writeFile(failed, '');
      throw error;
    }
  while (!existsSync(folder)) {
    if (existsSync(failed)) throw new Error(`Another worker could not make ${name}; its error says why.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return folder;
}
