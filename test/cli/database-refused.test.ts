import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { away } from '../../src/storage/database-errors.ts';
import { toldToOperator } from '../../src/storage/database-trouble.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { sidelight } from './sidelight.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.skipIf(!hasPostgres)('a command whose database cannot be used', () => {
  const id = randomBytes(6).toString('hex');
  const [role, shutOut, crowd] = [`sidelight_role_${id}`, `sidelight_out_${id}`, `sidelight_crowd_${id}`];
  let world: World;
  let empty: World;
  let admin: pg.Client;
  let data: string;
  let freePort: number;
  beforeAll(async () => {
    [world, empty] = [await postgresWorld(), await postgresWorld()];
    data = await mkdtemp(join(tmpdir(), 'sidelight-refused-'));
    const none = createServer();
    freePort = await new Promise((resolve) => {
      none.listen(0, '127.0.0.1', () => resolve((none.address() as { port: number }).port));
    });
    await new Promise((resolve) => none.close(resolve));
    admin = new pg.Client({ connectionString: empty.url });
    await admin.connect();
    await admin.query(`create role ${role} login`);
    await admin.query(`create role ${shutOut} nologin`);
    await admin.query(`create role ${crowd} login connection limit 0`);
    await admin.query('drop schema public cascade');
    // As PostgreSQL 15 makes it where the database belongs to somebody else.
    await admin.query('create schema public');
    await admin.query('grant usage on schema public to public');
    await admin.query(`alter database ${new URL(world.url ?? '').pathname.slice(1)} set default_transaction_read_only = on`);
  });
  afterAll(async () => {
    await admin.query(`drop role ${role}, ${shutOut}, ${crowd}`);
    await admin.end();
    await Promise.all([world.close(), empty.close()]);
    await rm(data, { recursive: true });
  });

  const at = (change: { username?: string; pathname?: string; search?: string; port?: string; hostname?: string }) =>
    Object.assign(new URL(empty.url ?? ''), change).href;
  const cases: [what: string, url: () => string, says: RegExp, next: RegExp][] = [
    ['has no such role', () => at({ username: `no_${id}` }), /does not let the bridge in: .*no_.*\(28/, /pg_hba/],
    ['does not let the role log in', () => at({ username: shutOut }), /does not let the bridge in: .*\(28000\)/, /may log in/],
    ['is not there', () => at({ pathname: `/no_${id}` }), /no such database: .*no_.*\(3D000\)/, /Create it/],
    ['has no name', () => at({ username: role, pathname: '' }), /no such database: .*\(3D000\)/, /names none/],
    ['lets the role create nothing', () => at({ username: role }), /may not do .*\(42501\)/, /grant create/],
    ['has no TLS', () => at({ search: '?sslmode=verify-full' }), /offers no TLS/, /ssl = on/],
    [
      'needs a file that is missing',
      () => at({ search: '?sslrootcert=/no/ca.pem' }),
      /\/no\/ca\.pem .*\(ENOENT\)/,
      /sslrootcert/,
    ],
    ['is read-only', () => world.url ?? '', /is read-only \(25006\)/, /takes writes/],
    ['takes no more of the role', () => at({ username: crowd }), /too many connections.*\(53300\)/, /needs 11/],
    ['does not listen', () => at({ port: String(freePort) }), /takes connections at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/, /Start/],
    ['has a host that is no name', () => at({ hostname: 'database.invalid' }), /database\.invalid, is not found \(E/, /host/],
  ];

  it.each(cases)('says so and what to do, when it %s', async (_, url, says, next) => {
    const { code, stderr } = await sidelight('serve', '--port', '0', '--data', data, '--database-url', url());
    const [sentence = '', step = ''] = stderr.trimEnd().split('\n').slice(-2);
    expect(sentence, stderr).toMatch(says);
    expect(sentence).toMatch(/\(unavailable\)$/);
    expect(step).toMatch(next);
    expect(stderr).not.toMatch(/failed\.|^ {4}at /m);
    expect(code).toBe(1);
  });

  it.each([
    ['keys', 'list'],
    ['export', '--to', '-'],
  ])('says so also as %s %s', async (...command) => {
    for (const url of [world.url ?? '', at({ username: role })]) {
      const { code, stderr } = await sidelight(...command, '--data', data, '--database-url', url);
      expect(stderr).toMatch(/\((25006|42501)\)\. \(unavailable\)\n.+\n$/);
      expect(stderr).not.toMatch(/failed\.|^ {4}at /m);
      expect(code).toBe(1);
    }
  });
});

describe('what an operator is told of a database', () => {
  const server = { address: 'db.example.com', port: 5432 };
  const told = (error: object) => toldToOperator(away(Object.assign(new Error('so it is'), error), server));

  it.each([
    ['a wrong password', { code: '28P01' }, 'does not let the bridge in'],
    [
      'no password',
      { message: 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string' },
      'does not let the bridge in',
    ],
    ['a certificate of somebody else', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'certificate of the database'],
    ['silence', { message: 'timeout exceeded when trying to connect' }, 'does not answer in time'],
    ['a server that starts', { code: '57P03' }, 'starts or stops'],
    ['what nobody thought of', { code: 'XX000' }, 'cannot be used: so it is (XX000)'],
  ])('names it and the server: %s', (_, error, words) => {
    expect(told(error)).toMatchObject({
      code: 'unavailable',
      details: { message: expect.stringContaining(words), next: expect.stringMatching(/\.$/) },
    });
    expect(told(error)).toMatchObject({ message: expect.stringContaining('db.example.com:5432') });
  });

  it('keeps what was said of it before', () => {
    const outer = away(new Error('timeout'), server);
    const unrecorded = Object.assign(away(outer), { cause: outer, message: 'Nothing was changed.' });
    expect(toldToOperator(unrecorded)).toMatchObject({
      message: expect.stringMatching(/^Nothing was changed\. The database at db/),
    });
    const other = new Error('a defect');
    expect(toldToOperator(other)).toBe(other);
  });
});
