import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../src/lib/log.ts';
import { isCurrent } from '../../src/storage/migrate.ts';
import { openPostgres } from '../../src/storage/postgres.ts';
import { hasPostgres, postgresWorld, silent, type World } from './engines.ts';

/** The line that a log has of it. */
function logged(err: unknown): string {
  const lines: string[] = [];
  createLog('warn', { write: (line) => void lines.push(line) }).warn({ err }, 'it failed');
  return lines.join('');
}

describe('a PostgreSQL server that is away', () => {
  it('is refused as unavailable, without a word of the password; the log says why', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    await new Promise((resolve) => server.close(resolve));
    const refused = await openPostgres({ url: `postgres://me:hunter2@127.0.0.1:${port}/db`, log: silent }).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ name: 'Refusal', code: 'unavailable' });
    expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain('hunter2');
    const lines = logged(refused);
    expect(JSON.parse(lines).err.cause).toMatchObject({ code: 'ECONNREFUSED', address: '127.0.0.1', port });
    expect(lines).not.toContain('hunter2');
  });

  it('is named in the log also where the driver says no more than that time is up', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => sockets.add(socket));
    const refused = await openPostgres({ url: `postgres://me@127.0.0.1:${port}/db`, log: silent }).catch(
      (error: unknown) => error,
    );
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    expect(JSON.parse(logged(refused)).err.cause).toMatchObject({
      message: expect.stringContaining('timeout'),
      address: '127.0.0.1',
      port,
    });
  });
});

describe.skipIf(!hasPostgres)('a PostgreSQL server', () => {
  let world: World;
  let admin: pg.Client;
  beforeAll(async () => {
    world = await postgresWorld();
    admin = new pg.Client({ connectionString: world.url });
    await admin.connect();
  });
  afterAll(async () => {
    await admin.end();
    await world.close();
  });

  const cut = (name: string) =>
    admin.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = $1',
      [name],
    );

  it('is used again after its connections broke, also in the middle of a transaction', async () => {
    const broken = world.db.tx(async ({ query }) => {
      await query("insert into secrets values ('half', 'x')");
      await cut('sidelight');
      await query('select 1');
    });
    await expect(broken).rejects.toMatchObject({ code: 'unavailable' });
    await vi.waitFor(async () => expect(await world.db.query("select * from secrets where name = 'half'")).toEqual([]));
  });

  it('that became read-only is unavailable and not ready, and is written to again once it can be', async () => {
    const { url = '' } = world;
    const name = new URL(url).pathname.slice(1);
    const db = await openPostgres({ url, log: silent });
    const write = () => db.of('acme').query("insert into secrets values ('after a failover', 'x')");
    const read = () => db.of('acme').query("select name from secrets where name = 'after a failover'");
    try {
      await admin.query(`alter database ${name} set default_transaction_read_only = on`);
      await cut('sidelight');
      await vi.waitFor(async () => expect(await read()).toEqual([]));
      await expect(write()).rejects.toMatchObject({ code: 'unavailable' });
      await expect(db.tx(({ query }) => query('delete from secrets'))).rejects.toMatchObject({ code: 'unavailable' });
      await expect(isCurrent(db)).rejects.toMatchObject({ code: 'unavailable' });
      await admin.query(`alter database ${name} reset default_transaction_read_only`);
      // In use all the while, so that no connection goes because it is idle.
      await vi.waitFor(async () => {
        await read();
        await write();
        expect(await isCurrent(db)).toBe(true);
      });
    } finally {
      await admin.query(`alter database ${name} reset default_transaction_read_only`);
      await db.close();
    }
  });

  it('that no longer lets the role in, or does what it may, or has no such database, is unavailable', async () => {
    const role = `sidelight_${randomBytes(6).toString('hex')}`;
    const own = await postgresWorld();
    const owner = new pg.Client({ connectionString: own.url });
    await owner.connect();
    await owner.query(`create role ${role} login`);
    await owner.query(`grant all on schema public to ${role}`);
    await owner.query(`grant all on all tables in schema public to ${role}`);
    const db = await openPostgres({ url: Object.assign(new URL(own.url ?? ''), { username: role }).href, log: silent });
    const ask = () => db.query('select name from secrets');
    try {
      await ask();
      await owner.query(`revoke select on secrets from ${role}`);
      await expect(ask()).rejects.toMatchObject({ code: 'unavailable' });
      await owner.query(`alter role ${role} nologin`);
      await owner.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [role]);
      await vi.waitFor(() => expect(db.connections?.()).toMatchObject({ used: 0, idle: 0 }));
      await expect(ask()).rejects.toMatchObject({ code: 'unavailable' });
      await owner.query(`alter role ${role} login`);
      await owner.query(`drop owned by ${role}`);
      await owner.end();
      await own.close();
      await expect(ask()).rejects.toMatchObject({ code: 'unavailable' });
    } finally {
      await db.close();
      await owner.end().catch(() => undefined);
      await own.close().catch(() => undefined);
      await admin.query(`drop role ${role}`);
    }
  });

  it('is named in the log with the SQLSTATE of what it refused, and nothing of the statement', async () => {
    const refused = await world.db
      .tx(async ({ query }) => {
        await query('set transaction read only');
        await query('insert into secrets values ($1, $2)', ['hunter1', 'hunter2']);
      })
      .catch((error: unknown) => error);
    expect(JSON.parse(logged(refused)).err.cause).toMatchObject({ code: '25006', address: new URL(world.url ?? '').hostname });
    expect(logged(refused)).not.toMatch(/hunter|into secrets/);
    expect(refused).toMatchObject({ details: { message: expect.not.stringContaining('read-only') } });
  });

  it('gives up a statement that runs too long', async () => {
    await expect(world.db.query('select pg_sleep(60)')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('goes on while a newer bridge changes its tables, for what it had planned before too', async () => {
    await admin.query('create table changing (id int8 primary key, what text)');
    const { query } = world.db;
    const tx = (asked: string) => world.db.tx((queries) => queries.query(asked, [1]));
    const text = 'select * from changing where id = $1';
    await admin.query("insert into changing values (1, 'x')");
    for (let count = 0; count < 8; count += 1) await query(text, [1]);
    await admin.query('alter table changing add column more text');
    expect(await query(text, [1])).toEqual([{ id: 1, what: 'x', more: null }]);
    await admin.query('alter table changing add column most text');
    // A transaction in which that happens is void, and says that it is worth another try.
    await expect(tx(text)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await tx(text)).toMatchObject([{ most: null }]);
    expect(await query('select name from pg_prepared_statements where statement = $1', [text])).not.toEqual([]);
  });
});
