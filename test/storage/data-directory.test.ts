import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/lib/log.ts';
import { prepareCluster, prepareDirectory } from '../../src/storage/data-directory.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sidelight-directory-'));
  await chmod(directory, 0o755);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe.skipIf(process.platform === 'win32')('the data directory', () => {
  it('is its owner’s alone, also where somebody else made it', async () => {
    await prepareDirectory(directory);
    expect(await modeOf(directory)).toBe(0o700);
    const used = join(directory, 'used');
    await mkdir(join(used, 'postgres'), { recursive: true });
    await writeFile(join(used, 'other'), '');
    await chmod(used, 0o777);
    await prepareDirectory(used);
    expect(await modeOf(used)).toBe(0o700);
  });

  it('keeps its mode where it holds what is not ours, because others may need that', async () => {
    await writeFile(join(directory, 'something-else'), '');
    await prepareDirectory(directory);
    expect(await modeOf(directory)).toBe(0o755);
  });

  it('has a database that nobody else can read or write, file by file', async () => {
    const cluster = await prepareCluster(directory, createLog('silent'));
    const entries = await readdir(cluster, { withFileTypes: true, recursive: true });
    const paths = [cluster, ...entries.map((entry) => join(entry.parentPath, entry.name))];
    const open: string[] = [];
    for (const path of paths) if (((await modeOf(path)) & 0o077) !== 0) open.push(path);
    expect(paths.length).toBeGreaterThan(500);
    expect(open).toEqual([]);
    await chmod(cluster, 0o777); // as an earlier release left it
    await prepareCluster(directory, createLog('silent'));
    expect(await modeOf(cluster)).toBe(0o700);
  });
});
