import { sqlState } from './database-errors.ts';
import type { Queries } from './db.ts';
import { type ExportHeader, rowOf } from './export-format.ts';
import { altered, type ExportLines } from './import-lines.ts';

/** What one statement stores: bytes of rows, about, and rows. */
const maxBatchChars = 1024 * 1024;
const maxBatchRows = 1_000;

/** Stores the rows of one table as its lines come; `stored` is told after each statement about how much that was. */
export async function importTable(
  queries: Queries,
  { name, rows }: ExportHeader['tables'][number],
  lines: ExportLines,
  stored: (chars: number) => Promise<void>,
): Promise<void> {
  const columns = await columnsOf(queries, name);
  const list = columns.map((column) => column.name).join(', ');
  const put = async (batch: string[], chars: number) => {
    await queries
      .query(
        `insert into ${name} (${list}) overriding system value select ${list} from json_populate_recordset(null::${name}, $1::json)`,
        [`[${batch.join(',')}]`],
      )
      .catch((error: unknown) => {
        const state = sqlState(error);
        // Data that is wrong, or that contradicts other data.
        if (state === undefined || !/^2[23]/.test(state)) throw error;
        throw altered(`rows of ${name} up to line ${lines.taken} cannot be stored (${state})`);
      });
    await stored(chars);
  };
  let batch: string[] = [];
  let chars = 0;
  for (let left = rows; left > 0; left -= 1) {
    const row = rowOf(name, await lines.next());
    if (row === undefined) throw altered(`line ${lines.taken} is no row of ${name}`);
    batch.push(row);
    chars += row.length;
    if (chars < maxBatchChars && batch.length < maxBatchRows) continue;
    await put(batch, chars);
    batch = [];
    chars = 0;
  }
  if (batch.length > 0) await put(batch, chars);
  for (const column of columns.filter(({ isCounted }) => isCounted)) {
    await queries.query(
      `select setval(pg_get_serial_sequence($1, $2), greatest(1, max(${column.name})), max(${column.name}) is not null) from ${name}`,
      [name, column.name],
    );
  }
}

function columnsOf({ query }: Queries, table: string): Promise<{ name: string; isCounted: boolean }[]> {
  return query(
    `select quote_ident(attname) as name, attidentity <> '' as "isCounted" from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [table],
  );
}
