import { createHmac, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createSecrets, type Secrets } from '../identity/secrets.ts';
import type { Refusal } from '../lib/refusal.ts';
import { unavailable } from './database-errors.ts';
import type { Queries } from './db.ts';

/** Where the master secret is, and whether another one than before may take its place. */
interface SecretSettings {
  dataDirectory: string;
  /** Empty or absent: the file `secret` of the data directory, made where the database has not been used with one. */
  secretFile?: string;
  acceptNewSecret?: boolean;
}

/** Characters of one secret; 43 of base64url are 256 bits. */
const minChars = 43;
const checkName = 'master-check';
/** The check that the newest one took the place of: tells who was left behind from who never belonged here. */
const beforeName = 'master-check-before';
/** So long after its end a bridge still says that this database is not one's own; rows of replicas are kept no longer. */
const latelyMs = 3_600_000;
/** A bridge that is alone on its data has a lease without end. */
const longestLeaseMs = 60_000;

/**
 * The secrets of this installation. They are never in the database, so that a dump of it opens nothing. Refuses with
 * `unavailable` a file that cannot be used, and a database that was used with another master secret: what is sealed in it could
 * not be opened, and every program would refuse this bridge's signatures.
 */
export async function openSecrets(db: Queries, settings: SecretSettings): Promise<Secrets> {
  const { acceptNewSecret: acceptNew = false } = settings;
  const found = await storedCheck(db);
  const secrets = await readSecrets(settings, found === undefined || acceptNew);
  const checks = checksOf(secrets);
  const newest = checks[0] ?? '';
  const put = 'insert into secrets (name, secret) values ($1, $2) on conflict (name)';
  if (found === undefined) await db.query(`${put} do nothing`, [checkName, newest]);
  const kept = found ?? (await storedCheck(db)) ?? '';
  if (!checks.includes(kept) && !acceptNew) throw await anotherSecret(db, checks);
  if (kept !== newest) {
    for (const [name, check] of [[beforeName, kept] as const, [checkName, newest] as const])
      await db.query(`${put} do update set secret = excluded.secret`, [name, check]);
  }
  return secrets;
}

const lastResort =
  'Only where that secret is lost for good, start once with --accept-new-secret: people sign in again, programs that pinned the old key are restarted, audit records of before cannot be verified, and bridges that still have it are shut out.';

/** What to do depends on whose secret it is: mostly another bridge has it, and then the right one is at hand. */
async function anotherSecret(db: Queries, checks: string[]): Promise<Refusal> {
  const before = await stored(db, beforeName);
  if (before !== undefined && checks.includes(before)) {
    return unavailable(
      'The database goes by a newer master secret than this secret file has.',
      `Add the new line to the secret file, as it stands in that of the bridge it was brought in with, and start again (docs/storage.md, The master secret). ${lastResort}`,
    );
  }
  const bridges = await db.query(
    'select 1 as one from replicas where lease_until > sidelight_now() - $1::int8 and lease_until < sidelight_now() + $2::int8 limit 1',
    [latelyMs, longestLeaseMs],
  );
  if (bridges.length > 0) {
    return unavailable(
      'The database was used with another master secret, and bridges on it are alive or were within the last hour.',
      `Give the secret file that they have with --secret-file, or add the new line to the secret file here. ${lastResort}`,
    );
  }
  return unavailable(
    'The database was used with another master secret.',
    `Give the old one with --secret-file; a new one may stand in a line below or above it. ${lastResort}`,
  );
}

/** What tells in a database under which master secrets it can be used, the newest first; no secret can be told from it. */
function checksOf(secrets: Secrets): string[] {
  return secrets.all(checkName).map((key) => createHmac('sha256', key).update('sidelight').digest('base64'));
}

/** Whether a database with this check was used with one of these master secrets. */
export function isMasterOf(secrets: Secrets, check: string): boolean {
  return checksOf(secrets).includes(check);
}

/** What a database says of its master secret; undefined before it was used with one. */
export function storedCheck(db: Queries): Promise<string | undefined> {
  return stored(db, checkName);
}

async function stored(db: Queries, name: string): Promise<string | undefined> {
  const [row] = await db.query<{ secret: string }>('select secret from secrets where name = $1', [name]);
  return row?.secret;
}

/** One line is one master secret; the first signs and seals. Makes the installation's own file where it may and there is none. */
export async function readSecrets({ dataDirectory, secretFile = '' }: SecretSettings, mayMake: boolean): Promise<Secrets> {
  const isOwn = secretFile === '';
  const path = isOwn ? join(dataDirectory, 'secret') : secretFile;
  const text = (await read(path)) ?? (isOwn && mayMake ? await make(path) : undefined);
  if (text === undefined) throw unusable(path, isOwn ? 'it is not there, and the database was used with one' : 'it is not there');
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const [newest, ...older] = lines.map((line) => Buffer.from(line));
  if (newest === undefined) throw unusable(path, 'it is empty');
  if (lines.some((line) => line.length < minChars)) {
    throw unusable(path, `each line needs at least ${minChars} characters, as \`openssl rand -base64 32\` prints them`);
  }
  return createSecrets(newest, ...older);
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw unusable(path, `it cannot be read (${code})`);
  }
}

/** Written whole beside its place, then linked there: of two that start at once both read what the first one wrote. */
async function make(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(unfinished, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(unfinished, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(unfinished);
  }
  return readFile(path, 'utf8');
}

function unusable(path: string, why: string): Refusal {
  return unavailable(
    `The master secret ${path} cannot be used: ${why}.`,
    'Copy the file `secret` from the data directory that this database was used with, or name it with --secret-file.',
  );
}
