import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '../../src/identity/key-form.ts';
import { makeToken } from '../../src/identity/token-form.ts';
import { checksumOf } from '../identity/checksum.ts';
import { cli, type Serving, serving, sidelight } from './sidelight.ts';

let data: string;
let running: Serving;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sidelight-found-'));
  running = await serving('serve', '--data', data);
}, 60_000);
afterAll(async () => {
  await running?.stop();
  await rm(data, { recursive: true, force: true });
});

const keys = (...args: string[]) => sidelight('keys', ...args, '--data', data);
/** `keys who` with this on its standard input. */
function who(input: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'keys', 'who', '--data', data, ...args], {
    input,
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

describe('sidelight keys create', () => {
  it('writes the secret to a new file that only its owner reads, and shows it nowhere', async () => {
    const out = join(data, 'nightly.key');
    const made = await keys(
      'create',
      '--name',
      'nightly',
      '--owner',
      'service:ci',
      '--addresses',
      '127.0.0.0/8,::1',
      '--out',
      out,
    );
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining(out) });
    const secret = await readFile(out, 'utf8');
    expect(secret).toMatch(/^slk_\w{48}\n$/);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect(made.stdout + made.stderr).not.toContain(secret.trim());
    const listed = await keys('list', '--owner', 'service:ci');
    expect(listed.stdout).toMatch(/nightly .*service:ci .*only from 127\.0\.0\.0\/8, ::1/);
    expect(listed.stdout.trim().split('\n')).toHaveLength(1);
  });

  it('leaves a file that is there as it is, and makes no key then', async () => {
    const out = join(data, 'there.key');
    await writeFile(out, 'mine');
    const refused = await keys('create', '--name', 'never made', '--out', out);
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('is there already') });
    expect(await readFile(out, 'utf8')).toBe('mine');
    expect((await keys('list')).stdout).not.toContain('never made');
  });

  it('leaves no file behind when the key is refused', async () => {
    const out = join(data, 'refused.key');
    expect(await keys('create', '--name', 'x', '--owner', 'user:nobody', '--out', out)).toMatchObject({ code: 1 });
    await expect(stat(out)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('warns in the list of a key that ends within 14 days', async () => {
    await keys('create', '--name', 'short', '--days', '5');
    expect((await keys('list')).stdout).toMatch(/short .*! The key ends in \d days?; rotate it/);
  });

  it('is called wrongly with --out where there is no secret', async () => {
    expect(await keys('list', '--out', join(data, 'x'))).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('sidelight keys who', () => {
  it('says of a key that was found whose it is and what has become of it, without showing it again', async () => {
    const { key, secret } = JSON.parse(
      (await keys('create', '--name', 'leaky', '--owner', 'service:leaks', '--json')).stdout,
    ) as {
      key: { id: string };
      secret: string;
    };
    const live = who(`commit 1\n+ export KEY=${secret}\n`);
    expect(live).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/An API key.*\n.*leaky .*until .*service:leaks .*organisation default/),
    });
    await keys('revoke', key.id);
    expect(who(secret).stdout).toContain('revoked');
    expect((await keys('who', key.id)).stdout).toContain('leaky');
    const file = join(data, 'leaked.log');
    await writeFile(file, `bearer ${secret}`);
    const fromFile = await keys('who', '--in', file, '--json');
    expect(JSON.parse(fromFile.stdout)).toMatchObject([
      { checksum: true, same: true, known: true, key: { name: 'leaky', state: 'revoked' } },
    ]);
    for (const { stdout, stderr } of [live, fromFile]) expect(stdout + stderr).not.toContain(secret);
  });

  it('tells look-alikes, keys of other bridges and secrets that are not the key of their id', async () => {
    const { key } = JSON.parse((await keys('create', '--name', 'real', '--json')).stdout) as { key: { id: string } };
    const other = makeKey('enrolment').secret;
    const forged = forge(key.id);
    const mistyped = other.slice(0, -1) + (other.endsWith('a') ? 'b' : 'a');
    const { code, stdout } = who([other, forged, mistyped, makeToken('refresh')].join('\n'));
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toContain('No key here has this id.');
    expect(lines[1]).toContain('the secret is not');
    expect(lines[2]).toContain('checksum is wrong');
    expect(lines[3]).toMatch(/^slr_….*refresh token/);
  });

  it('ends with 1 when there is nothing, and is called wrongly with a key in the command line', async () => {
    expect(who('nothing here')).toMatchObject({ code: 1, stdout: expect.stringContaining('Nothing in it') });
    const { secret } = makeKey('api');
    const refused = await keys('who', secret);
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('standard input') });
    expect(refused.stderr).not.toContain(secret);
  });

  it('still tells a key from a look-alike where there is no store', async () => {
    const nowhere = join(data, 'nowhere');
    const { secret } = makeKey('api');
    const told = spawnSync(process.execPath, [cli, 'keys', 'who', '--data', nowhere], { input: secret, encoding: 'utf8' });
    expect(told).toMatchObject({ status: 0, stdout: expect.stringContaining('The store was not asked: There is no store') });
  });
});

/** A well-formed key with the id of another. */
function forge(id: string): string {
  const made = makeKey('api');
  const body = made.secret.replace(made.id, id).slice(0, -6);
  return body + checksumOf(body);
}
