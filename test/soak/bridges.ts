import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pg from 'pg';
import { policiesWith, quotasOf } from '../flow/world.ts';
import { startWatched, type Watched } from './watched.ts';

const program = fileURLToPath(new URL('programs/bridge.mjs', import.meta.url));

/** What a bridge tells when it is up. */
interface Started {
  mcpUrl: string;
  agentUrl: string;
  metricsUrl: string;
  readKey?: string;
  fullKey?: string;
  enrolKey?: string;
}

/** A bridge of the soak. */
export interface SoakedBridge extends Watched {
  urls: Pick<Started, 'mcpUrl' | 'agentUrl' | 'metricsUrl'>;
}

/** One bridge on embedded storage, or two on PostgreSQL. */
export interface Bridges {
  all: SoakedBridge[];
  keys: Record<'readKey' | 'fullKey' | 'enrolKey', string>;
  policies: string;
  /** Of the database. */
  storeBytes(): Promise<number>;
  /** Ends the bridges; gives their exit codes. */
  stop(): Promise<(number | null)[]>;
  /** Rows of each table, and the ended actions that were to be deleted before `instant`. After `stop`. */
  rows(instant: number): Promise<{ tables: Record<string, number>; overdue: number }>;
  /** Removes what they left. */
  remove(): Promise<void>;
}

export interface BridgesOptions {
  /** Directory with the built `dist/`. */
  root: string;
  /** Of a PostgreSQL server; absent: embedded. */
  postgres: string | undefined;
  hurry: number;
  keptMs: number;
}

/** Quotas nobody meets. */
const wide = { hits_per_hour: 1_000_000, calls_per_hour: 1_000_000, hits_per_investigation: 1_000_000 };

export async function startBridges({ root, postgres, hurry, keptMs }: BridgesOptions): Promise<Bridges> {
  const parent = await mkdtemp(join(tmpdir(), 'sidelight-soak-'));
  const policies = await policiesWith({ 'quotas.yaml': quotasOf(wide) });
  const database = postgres === undefined ? undefined : await createDatabase(postgres);
  const rootUrl = pathToFileURL(join(root, '/')).href;
  const secret = join(parent, 'secret');
  await writeFile(secret, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
  const dataOf = (index: number) => join(parent, `bridge-${index}`);
  const all: SoakedBridge[] = [];
  const remove = async () => {
    await Promise.all(all.map((bridge) => bridge.stop()));
    await database?.drop();
    await policies.remove();
    await rm(parent, { recursive: true, force: true });
  };
  try {
    let keys: Partial<Bridges['keys']> = {};
    for (let index = 0; index < (database === undefined ? 1 : 2); index += 1) {
      const flags = {
        ...{ port: '0', 'metrics-port': '0', data: dataOf(index), 'secret-file': secret },
        ...{ policies: policies.directory, 'log-level': 'error' },
        ...(database === undefined ? {} : { 'database-url': database.url }),
      };
      const watched = startWatched({ args: [program, JSON.stringify({ root: rootUrl, flags, hurry, keptMs })] });
      const { readKey, fullKey, enrolKey, ...urls } = await watched.told<Started>('started');
      all.push({ ...watched, urls });
      if (readKey !== undefined && fullKey !== undefined && enrolKey !== undefined) keys = { readKey, fullKey, enrolKey };
    }
    return {
      ...{ all, keys: keys as Bridges['keys'], policies: policies.directory, remove },
      storeBytes: () => (database === undefined ? bytesIn(dataOf(0)) : database.bytes()),
      stop: () => Promise.all(all.map((bridge) => bridge.stop())),
      async rows(instant) {
        if (database !== undefined) return rowsOf(database.query, instant);
        const { openEmbedded } = await import(new URL('dist/storage/embedded.js', rootUrl).href);
        const { systemClock: clock } = await import(new URL('dist/lib/clock.js', rootUrl).href);
        const { createLog } = await import(new URL('dist/lib/log.js', rootUrl).href);
        const db = await openEmbedded({ directory: dataOf(0), log: createLog('error'), clock });
        try {
          return await rowsOf((text) => db.query(text), instant);
        } finally {
          await db.close();
        }
      },
    };
  } catch (problem) {
    await remove();
    throw problem;
  }
}

type Query = (text: string) => Promise<Record<string, unknown>[]>;

async function rowsOf(query: Query, instant: number): Promise<{ tables: Record<string, number>; overdue: number }> {
  const tables: Record<string, number> = {};
  for (const { name } of await query(`select tablename as name from pg_tables where schemaname = 'public' order by 1`)) {
    const [row] = await query(`select count(*)::int as count from "${name}"`);
    tables[String(name)] = Number(row?.count);
  }
  const [late] = await query(
    `select count(*)::int as count from actions where status <> 'pending' and ended_at < ${Math.floor(instant)}`,
  );
  return { tables, overdue: Number(late?.count) };
}

/** A database of its own on the server. */
async function createDatabase(server: string) {
  const name = `sidelight_soak_${randomBytes(6).toString('hex')}`;
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const on = async (where: string, text: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: where, connectionTimeoutMillis: 5_000 });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };
  await on(server, `create database ${name}`);
  return {
    url,
    query: (text: string) => on(url, text),
    bytes: async () => Number((await on(server, `select pg_database_size('${name}') as bytes`))[0]?.bytes),
    drop: () => on(server, `drop database ${name} with (force)`),
  };
}

/** All files below a directory; what goes away meanwhile counts nothing. */
async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
