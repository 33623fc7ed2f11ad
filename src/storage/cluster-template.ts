import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';

const require = createRequire(import.meta.url);

/**
 * Where the build leaves an empty database cluster. It is bound to one version of PGlite, and the path is the same seen from
 * `src/storage` and from `dist/storage`.
 */
export function templatePath(): string {
  const main = require.resolve('@electric-sql/pglite');
  const { version } = require(main.replace(/dist[\\/][^\\/]+$/, 'package.json')) as { version: string };
  return fileURLToPath(new URL(`../../dist/storage/empty-cluster-${version}.tgz`, import.meta.url));
}

/** The template; undefined when there was no build, and then `initdb` runs instead: same result, 3 s and 450 MB dearer. */
export async function readTemplate(): Promise<Blob | undefined> {
  try {
    return new Blob([await readFile(templatePath())]);
  } catch {
    return undefined;
  }
}

/** Runs `initdb` in memory and packs what it made. */
export async function makeTemplate(): Promise<Blob> {
  const pg = await PGlite.create();
  try {
    await pg.exec('checkpoint');
    return await pg.dumpDataDir('gzip');
  } finally {
    await pg.close();
  }
}
