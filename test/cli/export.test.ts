import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectCaller } from '../flow/world.ts';
import { type Serving, serving, sidelight } from './sidelight.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

let home: string;
let data: string;
let file: string;
let running: Serving;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sidelight-cli-export-'));
  data = join(home, 'data');
  file = join(home, 'store.jsonl');
  running = await serving('serve', '--data', data);
});
afterAll(async () => {
  await running?.stop();
  await rm(home, { recursive: true, force: true });
});

describe('sidelight export', () => {
  it('writes the store of a bridge that goes on into a file for its owner alone, and leaves nothing beside it', async () => {
    const { code, stderr } = await sidelight('export', '--to', file, '--data', data);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/^\d+ rows of \d+ tables are in /) });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, 'utf8');
    expect(text).toContain('store_exported');
    for (const key of [running.first.fullKey, running.first.readKey, running.first.enrolKey])
      expect(text).not.toContain(key?.slice(13));
    expect((await readdir(data)).filter((name) => name.startsWith('export.copy'))).toEqual([]);
    const caller = await connectCaller(running.first.mcpUrl, running.first.readKey ?? '');
    await caller.call('get_status');
    await caller.close();
  });

  it('writes no file over another, and says how it is called', async () => {
    await writeFile(join(home, 'mine'), 'mine');
    expect(await sidelight('export', '--to', join(home, 'mine'), '--data', data)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is there already'),
    });
    expect(await readFile(join(home, 'mine'), 'utf8')).toBe('mine');
    expect(await sidelight('export', '--data', data)).toMatchObject({ code: 2, stderr: expect.stringContaining('--to FILE') });
    expect(await sidelight('import', '--data', data)).toMatchObject({ code: 2, stderr: expect.stringContaining('--from FILE') });
  });
});

describe('sidelight import', () => {
  it('makes a store that a bridge starts on: the same keys open it, and the audit trail is right', async () => {
    const moved = join(home, 'moved');
    await mkdir(moved);
    expect(await sidelight('import', '--from', file, '--data', moved)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Copy the file `secret`'),
    });
    await copyFile(join(data, 'secret'), join(moved, 'secret'));
    expect(await sidelight('import', '--from', file, '--data', moved)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+ rows of \d+ tables are imported/),
    });
    expect(await sidelight('audit', 'verify', '--data', moved)).toMatchObject({ code: 0 });

    const there = await serving('serve', '--data', moved);
    try {
      expect(there.first.fullKey).toBeUndefined();
      const caller = await connectCaller(there.first.mcpUrl, running.first.readKey ?? '');
      await caller.call('get_status');
      await caller.close();
      expect(await sidelight('audit', 'verify', '--data', moved)).toMatchObject({ code: 0 });
    } finally {
      await there.stop();
    }
    // Without a running bridge too.
    const { code, stdout } = await sidelight('export', '--to', '-', '--data', moved);
    expect(code).toBe(0);
    expect(stdout.split('\n').at(-2)).toMatch(/^\{"sha256":"[0-9a-f]{64}","seal":"/);
  });
});
