import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../src/storage/migrate.ts';
import { migrations } from '../../src/storage/migrations/all.ts';
import { openStores } from '../../src/storage/stores.ts';
import { engines, type World } from './engines.ts';
import { action, hit } from './fixtures.ts';

describe.each(engines)('the database port over $engine', ({ engine, open }) => {
  let world: World;
  beforeAll(async () => {
    world = await open();
    await world.db.query('create table notes (id int primary key, text text)');
  });
  afterAll(() => world.close());

  it('names its engine', () => {
    expect(world.db.engine).toBe(engine);
  });

  it('hands out counts as numbers, instants as epoch milliseconds and jsonb parsed', async () => {
    const [row] = await world.db.query(
      `select count(*) as count, 9007199254740991::int8 as large, '2026-01-02T03:04:05.678Z'::timestamptz as instant, '{"a":[1]}'::jsonb as json, null as nothing`,
    );
    expect(row).toEqual({
      count: 1,
      large: 9007199254740991,
      instant: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      json: { a: [1] },
      nothing: null,
    });
  });

  it('undoes a transaction that throws, and hands the error on', async () => {
    const problem = new Error('changed my mind');
    const attempt = world.db.tx(async ({ query }) => {
      await query('insert into notes values (1, $1)', ['lost']);
      throw problem;
    });
    await expect(attempt).rejects.toBe(problem);
    expect(await world.db.query('select * from notes where id = 1')).toEqual([]);
  });

  it('does not report a transaction as done when a failed statement in it was swallowed', async () => {
    const attempt = world.db.tx(async ({ query }) => {
      await query('insert into notes values (2, $1)', ['lost']);
      await query('select 1 / 0').catch(() => undefined);
      return 'done';
    });
    await expect(attempt).rejects.toThrow();
    expect(await world.db.query('select * from notes where id = 2')).toEqual([]);
  });

  it('keeps statements of parallel transactions apart', async () => {
    await world.db.query('insert into notes values (3, $1)', ['0']);
    const add = () =>
      world.db.tx(async ({ query }) => {
        const [row] = await query<{ text: string }>('select text from notes where id = 3 for update');
        await query('update notes set text = $1 where id = 3', [String(Number(row?.text) + 1)]);
      });
    await Promise.all(Array.from({ length: 20 }, add));
    expect(await world.db.query('select text from notes where id = 3')).toEqual([{ text: '20' }]);
  });

  it('refuses a NUL character as invalid input, and works on', async () => {
    await expect(world.db.query('insert into notes values (4, $1)', ['a\u0000b'])).rejects.toMatchObject({
      code: 'invalid_input',
    });
    expect(await world.db.query('select 1 as alive')).toEqual([{ alive: 1 }]);
  });

  it('makes each action from before investigations one of its own, and keeps it readable', async () => {
    const { db } = world;
    const old = action({ org: 'old' });
    const { id, org, principal, maxHits, createdAt, expiresAt, investigation: _, ...asked } = old;
    await db.query('alter table actions drop column investigation, drop column max_hits_per_agent');
    await db.query('delete from schema_version where version = 4');
    await db.query(
      `insert into actions (org, id, principal, status, max_hits, created_at, expires_at, asked) values ($1, $2, $3, 'pending', $4, $5, $6, $7)`,
      [org, id, principal, maxHits, createdAt, expiresAt, JSON.stringify(asked)],
    );
    await migrate(db);
    const { actions, hits } = openStores(db);
    expect(await actions.get(org, id)).toEqual({ ...old, investigation: id, targets: [] });
    expect(await hits.append(hit(old, 1))).toMatchObject({ outcome: 'stored', ended: { investigation: id } });
    expect(await hits.page(org, id, 0, 9)).toMatchObject([{ number: 1, actionId: id }]);
  });

  it('migrates once, however many bridges start at the same time', async () => {
    await Promise.all([migrate(world.db), migrate(world.second), migrate(world.db)]);
    expect(await world.db.query('select version from schema_version order by version')).toEqual(
      migrations.map(({ version }) => ({ version })),
    );
  });

  it('leaves nothing of a migration that fails half way', async () => {
    const bad = {
      version: (migrations.at(-1)?.version ?? 0) + 1,
      name: 'bad',
      statements: ['create table half (id int)', 'select 1 / 0'],
    };
    await expect(migrate(world.db, [...migrations, bad])).rejects.toThrow();
    expect(await world.db.query("select to_regclass('half') as half")).toEqual([{ half: null }]);
    await migrate(world.db);
  });

  it('refuses a store of a newer version and says which', async () => {
    await world.db.query("insert into schema_version (version, name) values (99, 'future')");
    await expect(migrate(world.db)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('schema 99') });
    await world.db.query('delete from schema_version where version = 99');
  });
});
