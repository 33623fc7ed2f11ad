import { createHash, createHmac } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createSeal } from '../../src/audit/seal.ts';
import { verifyTrail } from '../../src/audit/verify.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Db } from '../../src/storage/db.ts';
import { openEmbedded } from '../../src/storage/embedded.ts';
import { exportStore } from '../../src/storage/export.ts';
import { copyStore } from '../../src/storage/export-copy.ts';
import { exportedTables } from '../../src/storage/export-tables.ts';
import { importStore } from '../../src/storage/import.ts';
import { openSecrets } from '../../src/storage/master-secret.ts';
import { migrations } from '../../src/storage/migrations/all.ts';
import { openPostgres } from '../../src/storage/postgres.ts';
import { openStores } from '../../src/storage/stores.ts';
import { hasPostgres, postgresWorld, silent, type World } from './engines.ts';
import { action, audited, hit, key, wide } from './fixtures.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const surroundings = { clock: systemClock, log: silent };
let home: string;
let source: { directory: string; db: Awaited<ReturnType<typeof openEmbedded>> };
/** The export of `source`. */
let text: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sidelight-export-'));
  const directory = join(home, 'source');
  const db = await openEmbedded({ directory, ...surroundings });
  source = { directory, db };
  const secrets = await openSecrets(db, { dataDirectory: directory });
  const stores = openStores(db, createSeal({ node: 'sourceAA', secrets }));
  await stores.keys.insert(key('k1'));
  const placed = action({ maxHits: 50 });
  await stores.actions.place(placed, wide);
  for (let number = 1; number <= 30; number += 1) await stores.hits.append(hit(placed, number));
  await stores.audit.append(audited('r1'));
  // Everything that ends a line or a string somewhere, and what JSON cannot hold in PostgreSQL.
  await db.query('update hits set capture = $1 where number = 1', [
    JSON.stringify({ '"\\\u2028\n': '\u0000 \ud83d\ude80 \u0085 é' }),
  ]);
  await db.query("insert into secrets values ('large', repeat('ä', 700000))");
  text = await exported(db, directory);
});
afterAll(async () => {
  await source.db.close();
  await rm(home, { recursive: true });
});

async function exported(db: Db, directory: string): Promise<string> {
  const secrets = await openSecrets(db, { dataDirectory: directory });
  let written = '';
  await exportStore(db, secrets, { version: '1.2.3', clock: systemClock }, async (lines) => {
    written += lines;
  });
  return written;
}

/** In pieces that end in the middle of characters. */
async function* pieces(of: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(of);
  for (let at = 0; at < bytes.length; at += 65_537) yield bytes.subarray(at, at + 65_537);
}

/** A data directory with the master secret of the source, and nothing else. */
async function anEmptyDirectory(name: string): Promise<string> {
  const directory = join(home, name);
  await mkdir(directory);
  await copyFile(join(source.directory, 'secret'), join(directory, 'secret'));
  return directory;
}

const settingsOf = (dataDirectory: string, databaseUrl?: string) => ({ dataDirectory, databaseUrl });

/** All rows, without what an import writes itself. */
async function contents(db: Db): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const table of await exportedTables(db)) {
    const own = table.startsWith('audit') ? "where node = 'sourceAA'" : '';
    const rows = await db.query<{ row: string }>(`select row_to_json(t)::text as row from ${table} t ${own}`);
    all[table] = rows.map(({ row }) => row).sort();
  }
  return all;
}

describe('an export', () => {
  it('has every table that there is, but for those named as none of its business', async () => {
    const rows = await source.db.query<{ name: string }>(
      "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
    );
    const left = rows.map(({ name }) => name).filter((name) => !text.includes(`{"name":"${name}","rows":`));
    expect(left.sort()).toEqual(['durability_check', 'replica_questions', 'replicas', 'schema_version']);
  });

  it('has parents before children, and nothing of other programs in the same database', async () => {
    await source.db.query('create table somebody_elses (id int)');
    const tables = await exportedTables(source.db);
    await source.db.query('drop table somebody_elses');
    expect(tables).not.toContain('somebody_elses');
    expect(tables.indexOf('actions')).toBeLessThan(tables.indexOf('hits'));
    expect(tables.indexOf('actions')).toBeLessThan(tables.indexOf('action_targets'));
  });

  it('does not have the master secret', async () => {
    expect(text).not.toContain((await readFile(join(source.directory, 'secret'), 'utf8')).trim());
  });

  it('of a bridge that goes on is one moment, and does not keep it waiting', async () => {
    let isDone = false;
    let longestMs = 0;
    const { db, directory } = source;
    const write = async () => {
      for (let n = 0; !isDone; n += 1) {
        const startedAt = performance.now();
        await db.tx(async ({ query }) => {
          for (const half of ['a', 'b']) await query('insert into secrets values ($1, $2)', [`pair ${half} ${n}`, 'x']);
        });
        longestMs = Math.max(longestMs, performance.now() - startedAt);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const writing = write();
    const copy = await copyStore(db, directory);
    isDone = true;
    await writing;
    await expect(stateOf(copy)).resolves.toMatchObject({ torn: [] });
    await db.query("delete from secrets where name like 'pair%'");
    await rm(copy, { recursive: true });
    console.log(`The longest wait of a writer while the store was copied: ${Math.round(longestMs)} ms.`);
  });
});

async function stateOf(directory: string): Promise<{ torn: string[] }> {
  const db = await openEmbedded({ directory, ...surroundings });
  const rows = await db.query<{ name: string }>("select name from secrets where name like 'pair%'");
  await db.close();
  const found = new Set(rows.map(({ name }) => name));
  expect(found.size).toBeGreaterThan(0);
  return {
    torn: [...found].filter((name) => !found.has(name.replace(/^pair [ab]/, name.startsWith('pair a') ? 'pair b' : 'pair a'))),
  };
}

describe('an import', () => {
  let empty: World | undefined;
  beforeAll(async () => {
    empty = hasPostgres ? await postgresWorld() : undefined;
  });
  afterAll(() => empty?.close());

  it('gives the same store again, with a trail that is right and identities that go on', async () => {
    const directory = await anEmptyDirectory('same');
    const { header, isSealed } = await importStore(settingsOf(directory), pieces(text), surroundings);
    expect({ isSealed, schema: header.schema }).toEqual({ isSealed: true, schema: migrations.at(-1)?.version });
    const db = await openEmbedded({ directory, ...surroundings });
    try {
      expect(await contents(db)).toEqual(await contents(source.db));
      const secrets = await openSecrets(db, { dataDirectory: directory });
      const seal = createSeal({ node: 'sourceAA', secrets });
      const { audit } = openStores(db, seal);
      const checked = await verifyTrail(seal, audit);
      expect(checked.map(({ finding }) => finding)).toEqual(checked.map(() => undefined));
      expect(checked).toHaveLength(2);
      expect(await audit.recent('-', 1)).toMatchObject([{ event: 'store_imported' }]);
    } finally {
      await db.close();
    }
    expect((await readdir(directory)).sort()).toEqual(['node', 'postgres', 'secret']);
  });

  it.skipIf(!hasPostgres)('goes from embedded to PostgreSQL and back, and nothing is another than it was', async () => {
    const world = await postgresWorld();
    try {
      const there = await anEmptyDirectory('there');
      await importStore(settingsOf(there, world.url), pieces(text), surroundings);
      expect(await contents(world.db)).toEqual(await contents(source.db));
      const back = await anEmptyDirectory('back');
      await importStore(settingsOf(back), pieces(await exported(world.db, there)), surroundings);
      const db = await openEmbedded({ directory: back, ...surroundings });
      expect(await contents(db)).toEqual(await contents(source.db));
      await db.close();
      await expect(importStore(settingsOf(there, world.url), pieces(text), surroundings)).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining('needs an empty store; the table'),
      });
    } finally {
      await world.close();
    }
  });

  it.skipIf(!hasPostgres)('leaves nothing in PostgreSQL when the file turns out to be cut', async () => {
    const world = await postgresWorld();
    try {
      const directory = await anEmptyDirectory('cut-there');
      const cut = text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1);
      await expect(importStore(settingsOf(directory, world.url), pieces(cut), surroundings)).rejects.toThrow('The file was cut');
      expect(await world.db.query('select id from api_keys')).toEqual([]);
      await importStore(settingsOf(directory, world.url), pieces(text), surroundings);
    } finally {
      await world.close();
    }
  });

  it('takes the store of an older schema, and brings it to the newest', async () => {
    const older = join(home, 'older');
    const known = migrations.filter(({ version }) => version <= 6);
    const before = await openEmbedded({ directory: older, migrations: known, ...surroundings });
    await openSecrets(before, { dataDirectory: older });
    await before.query("insert into paused_orgs values ('acme', 7)");
    const written = await exported(before, older);
    await before.close();
    expect(written).toContain('"schema":6');
    const newer = join(home, 'newer');
    await importStore({ ...settingsOf(newer), secretFile: join(older, 'secret') }, pieces(written), surroundings);
    const db = await openEmbedded({ directory: newer, ...surroundings });
    expect(await db.query('select * from paused_orgs')).toEqual([{ org: 'acme', paused_at: 7 }]);
    expect(await db.query('select max(version) as version from schema_version')).toEqual([
      { version: migrations.at(-1)?.version },
    ]);
    await db.close();
  });

  const lines = () => text.split('\n');
  const withHeader = (change: object) =>
    [JSON.stringify({ ...JSON.parse(lines()[0] ?? ''), ...change }), ...lines().slice(1)].join('\n');
  /** Somebody who knows how a file is made, but not the master secret. */
  const resealed = (body: string) => {
    const sha256 = createHash('sha256').update(body).digest('hex');
    return `${body}${JSON.stringify({ sha256, seal: createHmac('sha256', 'guess').update(sha256).digest('base64') })}\n`;
  };
  const body = () => `${lines().slice(0, -2).join('\n')}\n`;

  it.each<[string, () => string, string]>([
    ['that is empty', () => '', 'The file was cut'],
    ['that is something else', () => 'PK\u0003\u0004\n', 'no export of Sidelight'],
    ['that is some JSON', () => '[1]\n', 'no export of Sidelight'],
    ['of a newer format', () => withHeader({ format: 2 }), 'newer Sidelight (1.2.3: format 2'],
    ['of a newer schema', () => withHeader({ schema: 999 }), 'newer Sidelight (1.2.3: schema 999'],
    ['whose header says what no header says', () => withHeader({ tables: [{ name: 'x; drop table y', rows: 1 }] }), 'first line'],
    ['with a table that no store has', () => withHeader({ tables: [{ name: 'pg_authid', rows: 0 }] }), 'both have the table'],
    ['that was cut between lines', () => body(), 'The file was cut'],
    ['that was cut in its last line', () => text.slice(0, -3), 'The file was cut'],
    ['in which one character is another', () => text.replace('"name":"', '"name":"x'), 'not as it was exported'],
    ['in which a value is another', () => text.replace('"owner":"', '"owner":"x'), 'not as it was exported'],
    [
      'in which a row is missing',
      () =>
        lines()
          .filter((line) => !line.startsWith('{"api_keys":'))
          .join('\n'),
      'is no row of api_keys',
    ],
    ['to which something was added', () => `${text}{}\n`, 'something follows its last line'],
    ['that somebody altered and hashed anew', () => resealed(body().replace('"owner":"', '"owner":"x')), 'its seal is not'],
    ['with a line that never ends', () => `${lines()[0]}\n${'x'.repeat(17 * 1024 * 1024)}`, 'longer than any line'],
  ])('refuses a file %s, and stores nothing of it', async (what, make, words) => {
    const directory = await anEmptyDirectory(what.replaceAll(/\W/g, '-'));
    // A database is quicker to begin with than a directory; both do the same with a file.
    await expect(importStore(settingsOf(directory, empty?.url), pieces(make()), surroundings)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining(words),
      details: { field: 'from', next: expect.stringContaining('Nothing was imported') },
    });
    expect(await readdir(directory)).toEqual(['secret']);
    expect((await empty?.db.query('select id from api_keys')) ?? []).toEqual([]);
  });

  it('leaves no directory of a store when the file turns out to be cut or altered', async () => {
    const directory = await anEmptyDirectory('no-store');
    await expect(importStore(settingsOf(directory), pieces(body()), surroundings)).rejects.toThrow('The file was cut');
    expect(await readdir(directory)).toEqual(['secret']);
  });

  it('refuses another master secret, and takes it when told to', async () => {
    const directory = join(home, 'other-secret');
    await expect(importStore(settingsOf(directory), pieces(text), surroundings)).rejects.toThrow('it is not there');
    await mkdir(directory);
    await writeFile(join(directory, 'secret'), `${'A'.repeat(43)}\n`);
    await expect(importStore(settingsOf(directory), pieces(text), surroundings)).rejects.toThrow(
      'made with another master secret',
    );
    expect(await readdir(directory)).toEqual(['secret']);
    const taken = { ...settingsOf(directory), acceptNewSecret: true };
    expect(await importStore(taken, pieces(text), surroundings)).toMatchObject({ isSealed: false });
    const db = await openEmbedded({ directory, ...surroundings });
    await openSecrets(db, { dataDirectory: directory });
    await db.close();
  });

  it('refuses a directory with a store in it', async () => {
    await source.db.query('select 1');
    const directory = await anEmptyDirectory('has-one');
    await importStore(settingsOf(directory), pieces(text), surroundings);
    await expect(importStore(settingsOf(directory), pieces(text), surroundings)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining(`${directory} has something in it`),
    });
    await expect(importStore(settingsOf(source.directory), pieces(text), surroundings)).rejects.toThrow('in use by process');
  });
});

describe.skipIf(!hasPostgres)('an import into PostgreSQL', () => {
  it('begins with a database that has no tables yet', async () => {
    const world = await postgresWorld();
    try {
      await world.db.query('drop schema public cascade');
      await world.db.query('create schema public');
      const directory = await anEmptyDirectory('bare');
      await importStore(settingsOf(directory, world.url), pieces(text), surroundings);
      const db = await openPostgres({ url: world.url ?? '', log: silent });
      expect(await db.query('select id from api_keys')).toEqual([{ id: 'k1' }]);
      await db.close();
    } finally {
      await world.close();
    }
  });
});
