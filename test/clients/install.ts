import { execFile, execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const wanted = fileURLToPath(new URL('./installed/', import.meta.url));

/** Where the clients are installed, about 300 MB; nothing of them is part of the project. */
export const clientsFolder = fileURLToPath(new URL('../../node_modules/.cache/sidelight-clients/', import.meta.url));

/** The Inspector needs this Node or a newer one; the bridge and the other clients run on ours. */
const nodeForInspector = 'node@22.23.3';

/** Installs the clients when the lock file has changed since the last time; vitest runs it before the tests. */
export default async function setup(): Promise<void> {
  const lock = await readFile(join(wanted, 'package-lock.json'), 'utf8');
  const stamp = join(clientsFolder, 'installed.json');
  const isThere = (await readFile(stamp, 'utf8').catch(() => '')) === lock;
  if (!isThere) await mkdir(clientsFolder, { recursive: true });
  await cp(wanted, clientsFolder, { recursive: true });
  if (isThere) return;
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: clientsFolder,
  });
  await writeFile(stamp, lock);
}

/** Imports what a client package exports, with the shape the test uses of it. */
export async function fromClients<Exports>(specifier: string, folder = clientsFolder): Promise<Exports> {
  const beside = (await import(pathToFileURL(join(folder, 'load.js')).href)) as { load(name: string): Promise<Exports> };
  return beside.load(specifier);
}

/** A Node that the Inspector runs on, through npm's package of it. */
export function inspectorNode(): string {
  return execFileSync('npx', ['-y', '-p', nodeForInspector, 'node', '-p', 'process.execPath'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
