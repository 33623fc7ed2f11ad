import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/lib/log.ts';
import type { Db } from '../../src/storage/db.ts';
import { openPostgres } from '../../src/storage/postgres.ts';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { hasPostgres, postgresWorld, type World } from './engines.ts';
import { action, hit, key, t0, wide } from './fixtures.ts';

describe.runIf(hasPostgres)('a PostgreSQL role that is no superuser', () => {
  const role = `sidelight_test_${randomBytes(6).toString('hex')}`;
  let world: World;
  let admin: pg.Client;
  let url: string;
  let db: Db;
  let stores: Stores;

  beforeAll(async () => {
    // The bridge owns its database, and makes its tables itself.
    world = await postgresWorld();
    admin = new pg.Client({ connectionString: world.url });
    await admin.connect();
    await admin.query(`create role ${role} login nosuperuser`);
    await admin.query(`drop schema public cascade; create schema public authorization ${role}`);
    url = Object.assign(new URL(world.url ?? ''), { username: role, password: '' }).href;
    db = await openPostgres({ url, log: createLog('silent') });
    stores = openStores(db);
    for (const org of ['acme', 'globex']) {
      await stores.keys.insert(key(`key-${org}`, { org }));
      const placed = action({ org, id: `act_${org}` });
      await stores.actions.place(placed, wide);
      await stores.hits.append(hit(placed, 1));
      await stores.counters.spend({ org, quota: 'calls_per_hour', subject: 's', amount: 1, limit: 9, windowMs: 3_600_000 }, t0);
      await stores.pauses.pause(org, t0);
    }
  });
  afterAll(async () => {
    await db?.close();
    await admin?.query(`reassign owned by ${role} to current_user; drop owned by ${role}; drop role ${role}`);
    await admin?.end();
    await world?.close();
  });

  it('has the wall on every table with an organisation', async () => {
    const { rows } = await admin.query(
      `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as walled from pg_class c
       join pg_attribute a on a.attrelid = c.oid and a.attname = 'org' and not a.attisdropped where c.relkind = 'r' order by 1`,
    );
    expect(rows.length).toBeGreaterThan(8);
    expect(rows.filter((row) => !row.walled)).toEqual([]);
  });

  it.each(['api_keys', 'actions', 'action_targets', 'hits', 'quota_counters', 'paused_orgs'])(
    'reads, changes and deletes only rows of its organisation in %s, even by statements that ask for all',
    async (table) => {
      const mine = db.of('acme');
      const orgs = (await mine.query<{ org: string }>(`select distinct org from ${table}`)).map(({ org }) => org);
      expect(orgs).toEqual(['acme']);
      expect((await mine.query(`update ${table} set org = org returning 1 as one`)).length).toBeGreaterThan(0);
      expect(await mine.query(`delete from ${table} where org = 'globex' returning 1 as one`)).toEqual([]);
      expect((await db.query(`select 1 as one from ${table} where org = 'globex'`)).length).toBeGreaterThan(0);
    },
  );

  it('cannot write a row into another organisation', async () => {
    const insert = "insert into paused_orgs (org, paused_at) values ('initech', 1)";
    await expect(db.of('acme').query(insert)).rejects.toThrow(/row-level security/);
    await expect(db.of('acme').query("update api_keys set org = 'globex'")).rejects.toThrow(/row-level security/);
  });

  it('keeps organisations apart on connections that serve many of them at once', async () => {
    const seen = await Promise.all(
      Array.from({ length: 200 }, async (_, turn) => {
        const org = ['acme', 'globex'][turn % 2] ?? '';
        const ask = (each: Pick<Db, 'query'>) => each.query<{ org: string }>('select org from api_keys');
        const rows = turn % 3 === 0 ? await db.of(org).tx(ask) : await ask(db.of(org));
        return rows.every((row) => row.org === org) && rows.length === 1;
      }),
    );
    expect(seen).toEqual(seen.map(() => true));
  });

  it('sees nothing at all where nobody told it an organisation', async () => {
    const stranger = new pg.Client({ connectionString: url });
    await stranger.connect();
    expect((await stranger.query('select * from api_keys')).rows).toEqual([]);
    await stranger.end();
  });

  it('does the work of every store', async () => {
    const { keys, actions, hits, counters, agents, audit, pauses } = stores;
    expect((await keys.list('acme')).map(({ id }) => id)).toEqual(['key-acme']);
    expect(await keys.find('key-globex')).toMatchObject({ org: 'globex' });
    expect(await actions.get('acme', 'act_globex')).toBeUndefined();
    expect(await hits.page('acme', 'act_acme', 0, 10)).toHaveLength(1);
    expect((await counters.used('acme', 'calls_per_hour', 's', 3_600_000, t0)).used).toBe(1);
    expect(await pauses.all()).toHaveLength(2);
    expect(await agents.elsewhere('acme', 'rep_other')).toEqual([]);
    expect((await actions.overdue(t0 + 10_000_000)).map(({ org }) => org).sort()).toEqual([]);
    expect(await audit.recent('acme', 10)).toEqual([]);
  });
});
