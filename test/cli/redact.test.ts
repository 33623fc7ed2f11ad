import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, type Ran } from './sidelight.ts';

const email = 'ada.lovelace@example.com';
const password = 'correct-horse-17';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sidelight-redact-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function redact(input: string | Iterable<string>, ...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [cli, 'redact', ...args], { stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // It may end before it has read all.
  child.stdin.on('error', () => undefined);
  Readable.from(typeof input === 'string' ? [input] : input).pipe(child.stdin);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

async function policy(text: string): Promise<string> {
  const file = join(directory, 'own.yaml');
  await writeFile(file, text);
  return file;
}

describe('sidelight redact', () => {
  it('hides in a JSON document by name and by content, and leaves JSON', async () => {
    const input = JSON.stringify({ user: { email, plan: 'gold' }, password, note: `mail ${email}` }, null, 2);
    const { code, stdout } = await redact(`${input}\n`);
    expect(code).toBe(0);
    const shown = JSON.parse(stdout) as { user: { email: string; plan: string }; password: string; note: string };
    expect(shown.user.plan).toBe('gold');
    expect(shown.user.email).toMatch(/^\[REDACTED:email#[0-9a-f]{6}\]$/);
    expect(shown.note, 'equal values have equal tags').toBe(`mail ${shown.user.email}`);
    expect(shown.password).toMatch(/^\[REDACTED:password/);
  });

  it('leaves what hides nothing as it was, byte for byte', async () => {
    const input = '{ "b": 1,\n  "a": [true, null, "é"] }\n\n';
    expect((await redact(input)).stdout).toBe(input);
    const text = '\n  started in 12 ms\r\nready\n';
    expect((await redact(text)).stdout).toBe(text);
    expect((await redact('')).stdout).toBe('');
  });

  it('takes JSON lines one by one, with text between them', async () => {
    const { stdout } = await redact(`{"password":"${password}"}\nplain\n{"id":7}\n`);
    expect(stdout).toMatch(/^\{"password":"\[REDACTED:password#\w{6}\]"\}\nplain\n\{"id":7\}\n$/);
  });

  it('keeps the lines of a private key together between lines of JSON', async () => {
    const key = ['-----BEGIN PRIVATE KEY-----', 'c29tbWVyd2ludGVy', '', 'c29tbWVy', '-----END PRIVATE KEY-----'];
    const cut = ['key: -----BEGIN RSA PRIVATE KEY-----', 'Proc-Type: 4,ENCRYPTED', 'c29tbWVyd2ludGVy', 'ready, at last'];
    const putty = ['PuTTY-User-Key-File-3: ssh-ed25519', 'Private-Lines: 1', 'c29tbWVyd2ludGVy', 'Private-MAC: 00ff', 'done'];
    const { stdout } = await redact(['{"id":7}', ...key, '{"id":8}', ...cut, ...putty, `mail ${email}`, ''].join('\n'));
    expect(stdout).not.toContain('c29tbWVy');
    expect(stdout.replace(/#\w{6}/g, '').split('\n')).toEqual([
      ...['{"id":7}', '[REDACTED:private-key]', '{"id":8}', 'key: [REDACTED:private-key]', 'ready, at last'],
      ...['PuTTY-User-Key-File-3: ssh-ed25519', '[REDACTED:private-key]', 'done', 'mail [REDACTED:email]', ''],
    ]);
    const places = (await redact(['{"id":7}', ...key, `mail ${email}`, ''].join('\n'), '--explain')).stdout;
    expect(places.replace(/detector .*/g, 'detector')).toBe('2\tprivate-key\tdetector\n7\temail\tdetector\n');
  });

  it('goes on in lines behind a private key that never ends', async () => {
    const lines = [
      '{"id":7}',
      '-----BEGIN PRIVATE KEY-----',
      'c29tbWVy',
      ...Array.from({ length: 9_000 }, (_, at) => `step ${at} done`),
    ];
    const { stdout } = await redact(`${lines.join('\n')}\n`);
    expect(
      stdout
        .replace(/#\w{6}/g, '')
        .split('\n')
        .slice(0, 4),
    ).toEqual(['{"id":7}', '[REDACTED:private-key]', 'step 0 done', 'step 1 done']);
    expect(stdout.split('\n')).toHaveLength(lines.length);
  });

  it('lists what it hides and why, at its place, and never the value', async () => {
    const lines = `{"user":{"email":"${email}"},"log":"{\\"password\\":\\"${password}\\"}"}\nok\nmail ${email} now\n`;
    const { stdout } = await redact(lines, '--explain');
    expect(stdout).toBe('1:user.email\temail\tname\n1:log→password\tpassword\tname\n3\temail\tdetector email\n');
    const pem = [
      'first',
      '-----BEGIN PRIVATE KEY-----',
      ...Array.from({ length: 4 }, () => 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo='.repeat(2)),
    ];
    const text = [...pem, '-----END PRIVATE KEY-----', `mail ${email}`, ''].join('\n');
    const explained = (await redact(text, '--explain')).stdout;
    expect(explained).toMatch(/^2\tprivate-key\tdetector [^\n]*\n8\temail\tdetector email\n$/);
  });

  it('counts by rule on stderr', async () => {
    const { stderr } = await redact(`a ${email}\nb ${email}\n{"password":"${password}"}\n`, '--counts', '--as', 'lines');
    expect(stderr).toBe('email 2\npassword 1\n');
    expect((await redact('nothing\n', '--counts')).stderr).toBe('nothing hidden\n');
  });

  it('uses the policy of a file, of a source, and another profile', async () => {
    const file = await policy(`
names: { customer: [loyalty number] }
patterns: { order: { match: ['ORD-\\d{4}'] } }
sources: [{ pool: live, service: '*', profile: strict }]
`);
    const input = '{"loyaltyNumber":"LY 4471","note":"see ORD-1234","zip":"10115"}\n';
    const at = async (...args: string[]) => (await redact(input, '--policy', file, ...args, '--explain')).stdout;
    const own = '1:loyaltyNumber\tcustomer\tname\n1:note\torder\tpattern\n';
    expect(await at('--pool', 'test', '--service', 'shop')).toBe(own);
    expect(await at('--pool', 'live', '--service', 'shop')).toBe(`${own}1:zip\tpostal-code\tname\n`);
    expect(await at()).toBe(`${own}1:zip\tpostal-code\tname\n`);
    expect(await at('--pool', 'test', '--service', 'shop', '--profile', 'strict')).toBe(`${own}1:zip\tpostal-code\tname\n`);
  });

  it('shows under an allow-list nothing else', async () => {
    const file = await policy('allow_list: { names: [status] }');
    const { stdout } = await redact('{"order":{"status":"open","total":12}}\nsome words\n', '--policy', file);
    expect(stdout).toBe('{"order":{"status":"open","total":"[REDACTED:not-listed]"}}\n[REDACTED:not-listed]\n');
  });

  it('refuses a broken policy by file, line and column, before it reads anything', async () => {
    const file = await policy('profile: debug\nprofil: strict\n');
    const { code, stdout, stderr } = await redact(email, '--policy', file);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`${file}:2:1: profil: unknown key`);
    expect((await redact(email, '--policy', join(directory, 'nowhere'))).stderr).toContain('cannot be read (ENOENT)');
    expect((await redact(email, '--as', 'xml')).code).toBe(2);
    expect((await redact(email, '--pool', 'live')).code).toBe(2);
    expect((await redact('{', '--as', 'json')).code).toBe(1);
  });

  it('hides a line that is too long, goes on behind it, and refuses a document that is', async () => {
    const long = 'x '.repeat(1024 * 1024);
    for (const form of ['lines', 'text']) {
      const { stdout } = await redact(`before\n${long}${email}\nafter ${email}\n`, '--as', form);
      expect(stdout).toMatch(/^before\n\[REDACTED:unscanned\]\nafter \[REDACTED:email#\w{6}\]\n$/);
    }
    const { code, stderr, stdout } = await redact(`[\n{"a":"${long}"}\n]`);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('1048576 characters');
  });

  it('finds what stands across the parts of a long text', async () => {
    const filler = 'a line of a log that says nothing at all\n'.repeat(6_390);
    const key = [
      '-----BEGIN PRIVATE KEY-----',
      ...Array.from({ length: 24 }, (_, at) => `MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwgg${at % 10}jAgEAAoIBAQC7VJTUt9Us`),
      '-----END PRIVATE KEY-----',
      '',
    ].join('\n');
    for (const shift of [0, 64, 640]) {
      const { stdout } = await redact(`${filler.slice(0, 262_144 - shift)}\n${key}${filler}`, '--as', 'text');
      expect(stdout).toContain('[REDACTED:private-key');
      expect(stdout).not.toContain('MIIEvQ');
    }
  });

  it('ends quietly when nobody reads its output any more', async () => {
    const child = spawn(process.execPath, [cli, 'redact'], { stdio: 'pipe' });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => undefined);
    child.stdout.once('data', () => child.stdout.destroy());
    Readable.from(endless()).pipe(child.stdin);
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('needs no more memory for more input', async () => {
    const bytes = 64 * 1024 * 1024;
    const child = spawn(process.execPath, ['--max-old-space-size=96', cli, 'redact', '--as', 'lines'], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.stdin.on('error', () => undefined);
    Readable.from(endless(bytes)).pipe(child.stdin);
    expect(await once(child, 'close')).toEqual([0, null]);
  }, 120_000);
});

/** Lines of plain text, as many as are read, or so many bytes. */
function* endless(bytes = Number.POSITIVE_INFINITY): Generator<string> {
  const chunk = 'ok\n'.padStart(1_000, 'a line of a log that says nothing ').repeat(64);
  for (let given = 0; given < bytes; given += chunk.length) yield chunk;
}
