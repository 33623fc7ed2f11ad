import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBase62 } from '../lib/id.ts';
import { unavailable } from './database-errors.ts';

/**
 * Names this node in the audit trail: in the file `node` of the data directory, made at the first start. It lies outside the
 * database, because several nodes may write to one.
 */
export async function nodeId(dataDirectory: string): Promise<string> {
  const path = join(dataDirectory, 'node');
  const id = (await read(path)) ?? (await make(dataDirectory, path));
  if (/^[0-9A-Za-z]{8}$/.test(id)) return id;
  throw unavailable(
    `The file ${path} does not hold the name of a node.`,
    'Restore it from a backup, or remove it: this node then begins a new chain of audit records.',
  );
}

async function read(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written whole beside its place, then linked there: of two that start at once both read what the first one wrote. */
async function make(directory: string, path: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${randomBase62(8)}`;
  await writeFile(unfinished, `${randomBase62(8)}\n`, { flag: 'wx', mode: 0o600 });
  try {
    await link(unfinished, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(unfinished);
  }
  return (await read(path)) ?? '';
}
