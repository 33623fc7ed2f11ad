import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSecrets } from '../../src/storage/master-secret.ts';
import { openStores } from '../../src/storage/stores.ts';
import { refusalOf } from '../authorization/world.ts';
import { engines, type World } from './engines.ts';

const one = 'a-secret-of-at-least-forty-three-characters-1';
const other = 'a-secret-of-at-least-forty-three-characters-2';

describe.each(engines)('the master secret of a database ($engine)', ({ open }) => {
  let world: World;
  let directory: string;
  beforeEach(async () => {
    world = await open();
    directory = await mkdtemp(join(tmpdir(), 'sidelight-secret-'));
  });
  afterEach(async () => {
    await world.close();
    await rm(directory, { recursive: true, force: true });
  });
  const file = async (...lines: string[]) => {
    const secretFile = join(directory, 'given');
    await writeFile(secretFile, lines.join('\n'));
    return { dataDirectory: directory, secretFile };
  };

  it('is made once, for its owner only, also by two that start at once', async () => {
    const [first, second] = await Promise.all([
      openSecrets(world.db, { dataDirectory: directory }),
      openSecrets(world.second, { dataDirectory: directory }),
    ]);
    expect(first.derive('x')).toEqual(second.derive('x'));
    expect((await openSecrets(world.db, { dataDirectory: directory })).derive('x')).toEqual(first.derive('x'));
    expect((await stat(join(directory, 'secret'))).mode & 0o777).toBe(0o600);
  });

  it('is nowhere in the database, and what is derived of it is not either', async () => {
    const secrets = await openSecrets(world.db, { dataDirectory: directory });
    const rows = JSON.stringify(await world.db.query('select * from secrets'));
    const master = (await readFile(join(directory, 'secret'), 'utf8')).trim();
    for (const bytes of [Buffer.from(master), ...['check', 'master-check', 'x'].map((name) => secrets.derive(name))]) {
      for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const)
        expect(rows).not.toContain(bytes.toString(encoding));
    }
  });

  it('that is another one is refused, and taken when the operator says so', async () => {
    await openSecrets(world.db, await file(one));
    const another = await file(other);
    await expect(openSecrets(world.db, another)).rejects.toMatchObject({
      details: {
        code: 'unavailable',
        message: expect.stringContaining('another master secret'),
        next: expect.stringContaining('--secret-file'),
      },
    });
    await openSecrets(world.db, { ...another, acceptNewSecret: true });
    await openSecrets(world.db, another);
  });

  it('is replaced by a new line above the old one, which still opens what it sealed', async () => {
    const before = await openSecrets(world.db, await file(one));
    const sealed = before.seal('token', 'upstream');
    const both = await openSecrets(world.db, await file(other, one));
    expect(both.open('token', sealed)).toBe('upstream');
    expect(both.derive('x')).not.toEqual(before.derive('x'));
    expect(both.all('x')[1]).toEqual(before.derive('x'));
    const alone = await openSecrets(world.db, await file(other));
    expect(alone.open('token', sealed)).toBeUndefined();
  });

  it('is replaced under several bridges: first a new line below on all, then above on all', async () => {
    const before = await openSecrets(world.db, await file(one));
    const sealed = before.seal('token', 'upstream');
    // Each turn of the two steps, in an order that leaves the others a step behind or ahead.
    for (const lines of [[one, other], [one], [one, other], [other, one], [one, other], [other, one], [other, one]]) {
      const secrets = await openSecrets(world.db, await file(...lines));
      expect(secrets.open('token', sealed)).toBe('upstream');
    }
    const newest = (await openSecrets(world.db, await file(other, one))).seal('token', 'newer');
    expect((await openSecrets(world.db, await file(one, other))).open('token', newest)).toBe('newer');
  });

  const refused = async (...lines: string[]) => {
    const given = await file(...lines);
    return (await refusalOf(() => openSecrets(world.db, given))).details;
  };
  const last = /lost for good, start once with --accept-new-secret/;

  it('asks a bridge for the new line that another one has brought in', async () => {
    await openSecrets(world.db, await file(one));
    await openSecrets(world.db, await file(other, one));
    const { message, next } = await refused(one);
    expect(message).toContain('a newer master secret');
    expect(next).toMatch(/^Add the new line to the secret file/);
    expect(next).toMatch(last);
  });

  it('that is another one is not to be accepted first while bridges with the right one are there', async () => {
    await openSecrets(world.db, await file(one));
    const { replicas } = openStores(world.db);
    const self = { id: 'rep_a', host: 'a', version: '1', startedAt: 0, policyHash: '' };
    await replicas.renew(self, 15_000);
    const { message, next } = await refused(other);
    expect(message).toContain('bridges on it are alive');
    expect(next).toMatch(/^Give the secret file that they have/);
    expect(next).toMatch(last);
    await replicas.leave('rep_a');
    expect((await refused(other)).message).toBe('The database was used with another master secret.');
  });

  it('that was lost is not made anew beside a database that was used with it', async () => {
    await openSecrets(world.db, { dataDirectory: directory });
    await rm(join(directory, 'secret'));
    await expect(openSecrets(world.db, { dataDirectory: directory })).rejects.toMatchObject({
      details: { code: 'unavailable', message: expect.stringContaining('not there') },
    });
  });

  it.each([
    { lines: [''], told: 'empty' },
    { lines: ['short'], told: '43' },
    { lines: [one, 'short'], told: '43' },
  ])('that says $told is refused', async ({ lines, told }) => {
    await expect(openSecrets(world.db, await file(...lines))).rejects.toMatchObject({
      details: { message: expect.stringContaining(told) },
    });
  });

  it.skipIf(process.getuid?.() === 0)('that cannot be read is refused', async () => {
    const given = await file(one);
    await chmod(given.secretFile, 0);
    await expect(openSecrets(world.db, given)).rejects.toMatchObject({ details: { message: expect.stringContaining('EACCES') } });
  });
});
