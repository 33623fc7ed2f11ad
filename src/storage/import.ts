import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { operatorTrail } from '../audit/operator.ts';
import { createSeal } from '../audit/seal.ts';
import { nobodysOrg } from '../audit/turned-away.ts';
import type { Secrets } from '../identity/secrets.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { prepareDirectory, syncPath } from './data-directory.ts';
import { unavailable } from './database-errors.ts';
import type { Db, Queries } from './db.ts';
import { lockDirectory } from './directory-lock.ts';
import { openEmbedded } from './embedded.ts';
import { type ExportHeader, isSealed, trailerSchema } from './export-format.ts';
import { exportedTables } from './export-tables.ts';
import { readHeader } from './import-header.ts';
import { altered, type ExportLines, linesOf } from './import-lines.ts';
import { importTable } from './import-rows.ts';
import { isMasterOf, openSecrets, readSecrets } from './master-secret.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/all.ts';
import { nodeId } from './node-id.ts';
import { openPostgres } from './postgres.ts';
import { openStores } from './stores.ts';
import { makeImportFolder } from './working-folder.ts';

/** After so much in one transaction the embedded engine is told to shorten its log, which nothing else does. */
const checkpointChars = 32 * 1024 * 1024;

interface ImportSettings {
  databaseUrl: string | undefined;
  dataDirectory: string;
  secretFile?: string;
  /** Takes the file under another master secret than it was made with; then nobody can say whether it was altered on purpose. */
  acceptNewSecret?: boolean;
}

interface Surroundings {
  clock: Clock;
  log: Log;
}

/** What was imported. */
export interface Imported {
  header: ExportHeader;
  /** Whether the installation that it came from had sealed it. */
  isSealed: boolean;
}

/**
 * Fills an empty store with an export, all of it or nothing. Refuses what is cut, altered, newer than this program or made with another
 * master secret, and a store that has anything in it.
 */
export async function importStore(
  settings: ImportSettings,
  chunks: AsyncIterable<Uint8Array>,
  surroundings: Surroundings,
): Promise<Imported> {
  const lines = linesOf(chunks);
  const header = readHeader(await lines.next());
  const secrets = await readSecrets(settings, settings.acceptNewSecret === true);
  if (settings.acceptNewSecret !== true && !isMasterOf(secrets, header.masterCheck)) throw otherSecret();
  const fill = (db: Db) => fillStore(db, { settings, header, lines, secrets, ...surroundings });
  return settings.databaseUrl === undefined
    ? intoDirectory(settings.dataDirectory, header, fill, surroundings)
    : intoPostgres(settings.databaseUrl, header, fill, surroundings);
}

/** The schema as it was when the store was exported. */
function schemaOf({ schema }: ExportHeader) {
  return migrations.filter(({ version }) => version <= schema);
}

/** Made beside its place and renamed at the end, as every new cluster. */
async function intoDirectory(
  directory: string,
  header: ExportHeader,
  fill: (db: Db) => Promise<Imported>,
  surroundings: Surroundings,
): Promise<Imported> {
  await prepareDirectory(directory);
  const lock = await lockDirectory(directory);
  try {
    const cluster = join(directory, 'postgres');
    if ((await stat(cluster).catch(() => undefined)) !== undefined) throw notEmpty(`the data directory ${directory}`);
    const folder = await makeImportFolder(directory);
    try {
      const db = await openEmbedded({ directory: folder, migrations: schemaOf(header), ...surroundings });
      let imported: Imported;
      try {
        imported = await fill(db);
        await db.vacuum();
      } finally {
        await db.close();
      }
      await rename(join(folder, 'postgres'), cluster);
      await syncPath(directory);
      return imported;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    await lock.release();
  }
}

async function intoPostgres(
  url: string,
  header: ExportHeader,
  fill: (db: Db) => Promise<Imported>,
  { log }: Surroundings,
): Promise<Imported> {
  const db = await openPostgres({ url, log, migrations: schemaOf(header) });
  try {
    return await fill(db);
  } finally {
    await db.close();
  }
}

interface Filling extends Surroundings {
  settings: ImportSettings;
  header: ExportHeader;
  lines: ExportLines;
  secrets: Secrets;
}

async function fillStore(db: Db, { settings, header, lines, secrets, clock, log }: Filling): Promise<Imported> {
  const imported = await db.tx(async (queries) => {
    // The file may come slowly, and nobody else uses this store yet.
    await queries.query('set local idle_in_transaction_session_timeout = 0');
    await requireEmpty(queries, header);
    await importRows(queries, db.engine === 'embedded', header, lines);
    const sealed = await checkEnd(lines, secrets);
    if (!sealed && settings.acceptNewSecret !== true)
      throw altered('its seal is not of the installation that it says it is from');
    return { header, isSealed: sealed };
  });
  await migrate(db, undefined, { log });
  await openSecrets(db, settings);
  const seal = createSeal({ node: await nodeId(settings.dataDirectory), secrets });
  const { audit } = openStores(db, seal);
  await operatorTrail({ audit, clock, log }).recordDone('store_imported', nobodysOrg, 'operator', 'The store is imported.');
  return imported;
}

async function requireEmpty(queries: Queries, header: ExportHeader): Promise<void> {
  const tables = await exportedTables(queries, schemaOf(header));
  await queries.query(`lock table ${tables.join(', ')} in share row exclusive mode`);
  for (const name of tables) {
    // Commands of the operator leave a check there, of the master secret that they were called with.
    if (name === 'secrets') await queries.query('delete from secrets');
    const [found] = await queries.query<{ found: boolean }>(`select exists (select from ${name}) as found`);
    if (found?.found === true) throw notEmpty(`the table ${name}`);
  }
  const told = new Set(header.tables.map(({ name }) => name));
  const strange = [...told].find((name) => !tables.includes(name)) ?? tables.find((name) => !told.has(name));
  if (strange !== undefined)
    throw altered(`a store of schema ${header.schema} and the file do not both have the table ${strange}`);
}

async function importRows(queries: Queries, isEmbedded: boolean, header: ExportHeader, lines: ExportLines): Promise<void> {
  let charsSinceCheckpoint = 0;
  for (const table of header.tables) {
    await importTable(queries, table, lines, async (chars) => {
      charsSinceCheckpoint += chars;
      if (!isEmbedded || charsSinceCheckpoint < checkpointChars) return;
      charsSinceCheckpoint = 0;
      await queries.query('checkpoint');
    });
  }
}

/** Whether the last line is sealed; refuses when it is not the last one, or of other lines than these. */
async function checkEnd(lines: ExportLines, secrets: Secrets): Promise<boolean> {
  const sha256 = lines.sha256();
  const trailer = trailerSchema.safeParse(parsed(await lines.next()));
  if (!trailer.success) throw altered(`line ${lines.taken} is not the last one of an export`);
  if (trailer.data.sha256 !== sha256) throw altered('its SHA-256 is another one');
  if (!(await lines.atEnd())) throw altered('something follows its last line');
  return isSealed(secrets, sha256, trailer.data.seal);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function notEmpty(what: string): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message: `An import needs an empty store; ${what} has something in it.`,
    next: 'Nothing was changed. Name a new directory with --data, or an empty database with --database-url.',
  });
}

function otherSecret(): Refusal {
  return unavailable(
    'The export was made with another master secret.',
    'Copy the file `secret` from where it was made, or name it with --secret-file. Without it: --accept-new-secret; people sign in again, and audit records of before can no longer be verified.',
  );
}
