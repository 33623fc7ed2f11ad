import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../src/lib/log.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { migrations } from '../../src/storage/migrations/all.ts';
import { openPostgres } from '../../src/storage/postgres.ts';
import { hasPostgres, postgresWorld, silent, type World } from './engines.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.skipIf(!hasPostgres)('a newer bridge, while somebody reads for long', () => {
  let world: World;
  let dump: pg.Client;
  const url = () => world.url ?? '';
  const newest = migrations.at(-1)?.version ?? 0;
  const upTo = (count: number) => [
    ...migrations,
    ...Array.from({ length: count }, (_, index) => ({
      version: newest + 1 + index,
      name: `newer-${index}`,
      statements: [`alter table hits add column newer_${index} text`],
    })),
  ];
  const columns = async () =>
    (
      await world.db.query<{ name: string }>(
        "select attname as name from pg_attribute where attrelid = 'hits'::regclass and attname like 'newer%' order by 1",
      )
    ).map(({ name }) => name);

  beforeAll(async () => {
    world = await postgresWorld();
    dump = new pg.Client({ connectionString: url(), application_name: 'a dump' });
    await dump.connect();
  });
  afterAll(async () => {
    await dump.end();
    await world.close();
  });

  const read = async () => {
    await dump.query('begin transaction isolation level repeatable read read only');
    await dump.query('select count(*) from hits');
  };

  it('lets others read meanwhile, says in its log whom it waits for, and goes on when they are done', async () => {
    const lines: { msg: string; holders?: object[] }[] = [];
    const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line)) });
    await read();
    const opening = Promise.all([1, 2].map(() => openPostgres({ url: url(), log, migrations: upTo(1) })));
    try {
      await vi.waitFor(() => {
        expect(lines.find(({ holders }) => holders !== undefined)).toBeDefined();
        expect(lines.some(({ msg }) => msg.includes('waiting for it'))).toBe(true);
      }, 20_000);
      await world.second.query('select count(*) from hits');
      expect(lines.find(({ holders }) => holders !== undefined)?.holders).toMatchObject([{ application: 'a dump' }]);
      expect(await columns()).toEqual([]);
    } finally {
      await dump.query('commit');
      for (const db of await opening) await db.close();
    }
    expect(await columns()).toEqual(['newer_0']);
  });

  it('is refused with who it is, when that takes too long, and has changed nothing', async () => {
    await read();
    const refused = migrate(world.db, upTo(2), { log: silent, maxTries: 1 });
    await expect(refused).rejects.toMatchObject({
      code: 'unavailable',
      details: { message: expect.stringMatching(/\(55P03\): process \d+ \(a dump, /), next: expect.stringContaining('dump') },
    });
    await dump.query('commit');
    expect(await columns()).toEqual(['newer_0']);
    await migrate(world.db, upTo(2));
    expect(await columns()).toEqual(['newer_0', 'newer_1']);
  });

  it('waits for nobody when there is nothing to do, and gives a step all the time it needs', async () => {
    await read();
    await dump.query('select pg_advisory_xact_lock(7433001)');
    await migrate(world.db, upTo(2));
    await dump.query('commit');
    const limit = "insert into secrets values ('limit', current_setting('statement_timeout'))";
    await migrate(world.db, [...upTo(2), { version: newest + 3, name: 'long', statements: [limit] }]);
    expect(await world.db.query("select * from secrets where name = 'limit'")).toMatchObject([{ secret: '0' }]);
    expect(await world.db.query('show statement_timeout')).toEqual([{ statement_timeout: '10s' }]);
  });
});
