import { createHash } from 'node:crypto';
import type { Secrets } from '../identity/secrets.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db, Queries } from './db.ts';
import { type ExportHeader, formatVersion, rowLine, sealOf } from './export-format.ts';
import { exportedTables } from './export-tables.ts';
import { storedCheck } from './master-secret.ts';

/** About how much is read by one statement; how many rows that are is learnt from the rows before. */
const pageBytes = 1024 * 1024;
const maxPageRows = 5_000;

/** Takes the next lines; resolves when more may come. */
export type WriteLines = (text: string) => Promise<void>;

/** By whom and when. */
export interface Exporter {
  version: string;
  clock: Clock;
}

/**
 * Writes the whole store as JSON lines, as it was at one moment, while others go on: a header, rows, and a sealed last line. Neither the
 * master secret nor anything that opens without it is in there. Returns the rows of each table.
 */
export function exportStore(
  db: Db,
  secrets: Secrets,
  { version, clock }: Exporter,
  write: WriteLines,
): Promise<ExportHeader['tables']> {
  return db.tx(async (queries) => {
    await queries.query('set transaction isolation level repeatable read, read only');
    // A reader of the export may be slow. Who reads or writes waits for none of these locks; a newer bridge that changes a table does (migrate.ts).
    for (const limit of ['statement_timeout', 'idle_in_transaction_session_timeout'])
      await queries.query(`set local ${limit} = 0`);
    await queries.query("set local timezone = 'UTC'");
    const hash = createHash('sha256');
    const put = (text: string) => {
      hash.update(text);
      return write(text);
    };
    const tables = await counted(queries);
    const [schema] = await queries.query<{ version: number }>('select max(version) as version from schema_version');
    const header: ExportHeader = {
      ...{ export: 'sidelight', format: formatVersion, schema: schema?.version ?? 0, bridge: version, at: clock.now() },
      ...{ masterCheck: (await storedCheck(queries)) ?? '', tables },
    };
    await put(`${JSON.stringify(header)}\n`);
    for (const { name } of tables) for await (const page of pagesOf(queries, name)) await put(page);
    const sha256 = hash.digest('hex');
    await write(`${JSON.stringify({ sha256, seal: sealOf(secrets, sha256) })}\n`);
    return tables;
  });
}

async function counted(queries: Queries): Promise<ExportHeader['tables']> {
  const tables: ExportHeader['tables'] = [];
  for (const name of await exportedTables(queries)) {
    const [row] = await queries.query<{ rows: number }>(`select count(*) as rows from ${name}`);
    tables.push({ name, rows: row?.rows ?? 0 });
  }
  return tables;
}

async function* pagesOf({ query }: Queries, table: string): AsyncGenerator<string> {
  await query(`declare exported no scroll cursor for select row_to_json(t)::text as row from ${table} t`);
  for (let rows = 100; ; ) {
    const page = await query<{ row: string }>(`fetch ${rows} from exported`);
    if (page.length > 0) yield page.map(({ row }) => rowLine(table, row)).join('');
    if (page.length < rows) break;
    const charsOfRow = page.reduce((sum, { row }) => sum + row.length, 0) / page.length;
    rows = Math.max(1, Math.min(maxPageRows, Math.floor(pageBytes / charsOfRow)));
  }
  await query('close exported');
}
