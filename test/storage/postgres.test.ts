import { createServer } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openPostgres } from '../../src/storage/postgres.ts';
import { hasPostgres, postgresWorld, silent, type World } from './engines.ts';

describe('a PostgreSQL server that is away', () => {
  it('is refused as unavailable, without a word of the password', async () => {
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
