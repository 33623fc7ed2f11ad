import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { Refusal } from '../../src/lib/refusal.ts';
import { type SettingName, settings } from '../../src/settings.ts';

function refusalOf(flags: Record<string, string>, env: NodeJS.ProcessEnv = {}): Refusal {
  try {
    readConfig(flags, env);
  } catch (problem) {
    if (problem instanceof Refusal) return problem;
    throw problem;
  }
  return expect.unreachable('it was taken');
}

describe('a setting', () => {
  it('is taken from its flag before its variable, and from its variable before its default', () => {
    expect(readConfig({}, {}).port).toBe(7433);
    expect(readConfig({}, { SIDELIGHT_PORT: '8000' }).port).toBe(8000);
    expect(readConfig({ port: '9000' }, { SIDELIGHT_PORT: '8000' }).port).toBe(9000);
  });

  it.each<{ flags: Record<string, string>; field: SettingName }>([
    { flags: { port: 'many' }, field: 'port' },
    { flags: { port: '70000' }, field: 'port' },
    { flags: { port: '1.5' }, field: 'port' },
    { flags: { host: '0.0.0.0' }, field: 'publicUrl' },
    { flags: { 'public-url': 'sidelight.example.com' }, field: 'publicUrl' },
    { flags: { 'log-level': 'loud' }, field: 'logLevel' },
    { flags: { 'database-url': 'mysql://user:hunter2@db/x' }, field: 'databaseUrl' },
    { flags: { port: '0x50' }, field: 'port' },
    { flags: { 'max-body-bytes': '0' }, field: 'maxBodyBytes' },
    { flags: { 'max-body-bytes': '16777217' }, field: 'maxBodyBytes' },
    { flags: { 'unsafe-no-fsync': 'flase' }, field: 'unsafeNoFsync' },
    { flags: { 'unsafe-no-fsync': 'constructor' }, field: 'unsafeNoFsync' },
    { flags: { 'drain-seconds': '601' }, field: 'drainSeconds' },
    { flags: { 'drain-delay-seconds': '-1' }, field: 'drainDelaySeconds' },
    { flags: { 'metrics-port': 'nine' }, field: 'metricsPort' },
    {
      flags: { 'database-url': 'postgres://a:hunter2@db/x', 'database-password-file': '/etc/hostname' },
      field: 'databasePasswordFile',
    },
    {
      flags: { 'database-url': 'postgres://a@db/x', 'database-password-file': '/no/such/file' },
      field: 'databasePasswordFile',
    },
  ])('is refused with $flags: which one, and how to set it', ({ flags, field }) => {
    const { details } = refusalOf(flags);
    expect(details).toMatchObject({ code: 'invalid_input', field });
    expect(details.next).toBe(`Set --${settings[field].flag} or ${settings[field].env}.`);
    expect(details.message).not.toContain('hunter2');
  });

  it('counts as not given when it is empty, so that nothing becomes zero or any address', () => {
    const empty = Object.fromEntries(Object.values(settings).map(({ env }) => [env, '']));
    expect(readConfig({}, empty)).toEqual(readConfig({}, {}));
    expect(readConfig({}, { ...empty, SIDELIGHT_HOST: ' ', SIDELIGHT_PUBLIC_URL: 'https://sidelight.example.com' }).host).toBe(
      '127.0.0.1',
    );
    expect(readConfig({ 'database-url': '' }, { SIDELIGHT_DATABASE_URL: 'postgres://db/x' }).databaseUrl).toBeUndefined();
  });

  it.each([
    ['true', true],
    ['YES', true],
    ['1', true],
    ['off', false],
    ['0', false],
  ])('that is a switch reads %s', (word, on) => {
    expect(readConfig({}, { SIDELIGHT_UNSAFE_NO_FSYNC: word }).unsafeNoFsync).toBe(on);
  });

  it('takes the password of the database from a file, whatever characters it has', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'sidelight-password-')), 'password');
    await writeFile(file, 'p@ss/wörd:?#%\n');
    const flags = { 'database-url': 'postgres://sidelight@db:5432/x?sslmode=require', 'database-password-file': file };
    const url = new URL(readConfig(flags, {}).databaseUrl ?? '');
    expect(decodeURIComponent(url.password)).toBe('p@ss/wörd:?#%');
    expect(url.search).toBe('?sslmode=require');
    await writeFile(file, '\n');
    expect(refusalOf(flags).details.field).toBe('databasePasswordFile');
    await rm(dirname(file), { recursive: true });
  });

  it('has a flag and a variable of its own', () => {
    const all = Object.values(settings);
    expect(new Set(all.map(({ flag }) => flag)).size).toBe(all.length);
    expect(new Set(all.map(({ env }) => env)).size).toBe(all.length);
    for (const { env } of all) expect(env).toMatch(/^SIDELIGHT_[A-Z_]+$/);
  });
});
