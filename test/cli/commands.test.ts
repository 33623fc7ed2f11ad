import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policiesWith } from '../flow/world.ts';
import { agentEntry } from '../helpers/program.ts';
import { sidelight } from './sidelight.ts';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const developer = ['--role', 'developer', '--permissions', 'dev_api', '--groups', 'everyone'];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sidelight-commands-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('sidelight policy', () => {
  it('check is content with the shipped files', async () => {
    expect(await sidelight('policy', 'check')).toMatchObject({ code: 0, stdout: expect.stringMatching(/\d+ cases hold/) });
  });

  it.each([
    { scopes: 'runtime:read,runtime:capture', decision: 'allowed' },
    { scopes: 'runtime:read', decision: 'refused: insufficient_scope' },
  ])('explain says $decision with $scopes, and why', async ({ scopes, decision }) => {
    const ran = await sidelight('policy', 'explain', '--tool', 'take_snapshot', '--scopes', scopes, ...developer);
    expect(ran.code).toBe(0);
    expect(ran.stdout.trim().split('\n').at(-1)).toBe(decision);
  });

  it.each([
    { args: [] },
    { args: ['explain', '--role', 'developer'] },
    { args: ['explain', '--tool', 'x', '--role', 'root'] },
    { args: ['check', '--strict'] },
  ])('is called wrongly with $args', async ({ args }) => {
    expect(await sidelight('policy', ...args)).toMatchObject({ code: 2, stdout: '' });
  });

  it('check and serve stop at a broken file, and say which line', async () => {
    const broken = await policiesWith({
      'groups.yaml': '# ours\neveryone: { pools: ["*"], services: ["*"] }\npay: { pool: ["x"] }\n',
    });
    const data = join(directory, 'never-made');
    const runs = await Promise.all([
      sidelight('policy', 'check', '--policies', broken.directory),
      sidelight('serve', '--policies', broken.directory, '--data', data, '--port', '0', '--json'),
    ]);
    for (const ran of runs) {
      expect(ran).toMatchObject({ code: 1, stdout: '' });
      expect(ran.stderr).toMatch(/groups\.yaml:3:\d+: .*pool/);
      expect(ran.stderr).not.toMatch(/^\s+at /m);
    }
    expect(existsSync(data)).toBe(false);
    await broken.remove();
  });
});

describe('sidelight serve', () => {
  const serve = (...args: string[]) => sidelight('serve', '--data', join(directory, 'never-made'), ...args);

  it('refuses a wrong setting in a sentence, and shows no password', async () => {
    const ran = await serve('--database-url', 'mysql://user:hunter2@db/x');
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('SIDELIGHT_DATABASE_URL');
    expect(ran.stderr).not.toMatch(/hunter2|^\s+at /m);
  });

  it.each([{ args: ['--prot', '1'] }, { args: ['now'] }])('is called wrongly with $args', async ({ args }) => {
    expect(await serve(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(args[0] ?? '') });
  });
});

describe('sidelight', () => {
  it('agent-path prints the file to start a program with', async () => {
    const { code, stdout } = await sidelight('agent-path');
    expect({ code, file: stdout.trim() }).toEqual({ code: 0, file: agentEntry });
    expect(existsSync(stdout.trim())).toBe(true);
    const inside = (await sidelight('agent-path', '--directory')).stdout.trim();
    expect(JSON.parse(await readFile(join(inside, 'package.json'), 'utf8'))).toMatchObject({ name: 'sidelight-agent' });
  });

  it('docs --check tells fresh documents from stale ones', async () => {
    const copy = join(directory, 'docs');
    await cp(docs, copy, { recursive: true });
    expect((await sidelight('docs', '--write', copy)).code).toBe(0);
    expect(await sidelight('docs', '--check', copy)).toMatchObject({ code: 0, stderr: '' });
    await writeFile(join(copy, 'errors.md'), 'old');
    expect(await sidelight('docs', '--check', copy)).toMatchObject({ code: 1, stderr: expect.stringContaining('errors.md') });
    expect((await sidelight('docs')).code).toBe(2);
  });

  it('help names every command, and every command explains itself', async () => {
    const { code, stdout } = await sidelight('help');
    expect(code).toBe(0);
    const names = ['demo', 'serve', 'keys', 'agents', 'policy', 'stdio', 'agent-path', 'docs', 'help', 'version'];
    for (const name of names) expect(stdout).toMatch(new RegExp(`^sidelight ${name}\\b`, 'm'));
    expect(await sidelight('keys', '--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('sidelight keys rotate'),
    });
    expect((await sidelight('--version')).stdout).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('without a command it knows is called wrongly', async () => {
    expect(await sidelight('sevre')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('sevre') });
  });
});
