import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createLog } from '../../src/lib/log.ts';
import type { Db } from '../../src/storage/db.ts';
import { openPostgres } from '../../src/storage/postgres.ts';
import { openEmptyStore } from '../helpers/empty-store.ts';

export const silent = createLog('silent');

/** A database of its own, empty but for the schema. */
export interface World {
  db: Db;
  /** Another connection to the same database, as another bridge has it; the embedded engine allows one process only. */
  second: Db;
  /** For PostgreSQL: its URL. */
  url?: string;
  close(): Promise<void>;
}

const serverUrl = process.env.SIDELIGHT_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/test';

async function embeddedWorld(): Promise<World> {
  const db = await openEmptyStore();
  return { db, second: db, close: () => db.close() };
}

/** A new database on the test server; it is dropped at the end. */
export async function postgresWorld(): Promise<World> {
  const name = `sidelight_test_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${name}`);
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  const db = await openPostgres({ url, log: silent });
  const second = await openPostgres({ url, log: silent });
  const close = async () => {
    await Promise.all([db.close(), second.close()]);
    await onServer(`drop database ${name} with (force)`);
  };
  return { db, second, url, close };
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl, connectionTimeoutMillis: 2_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function postgresIsThere(): Promise<boolean> {
  try {
    await onServer('select 1');
    return true;
  } catch (error) {
    // CI looks for this line: there, a skipped engine is a failure.
    console.log(`SKIPPED postgres: no server at SIDELIGHT_TEST_POSTGRES (${(error as { code?: string }).code ?? error})`);
    return false;
  }
}

/** Whether tests for PostgreSQL alone can run. */
export const hasPostgres = await postgresIsThere();

/** Every storage test runs over each of these. */
export const engines: { engine: Db['engine']; open: () => Promise<World> }[] = [
  { engine: 'embedded', open: embeddedWorld },
  ...(hasPostgres ? [{ engine: 'postgres' as const, open: postgresWorld }] : []),
];
