import { randomBytes } from 'node:crypto';
import pTimeout from 'p-timeout';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Db } from './db.ts';
import { openEmbedded } from './embedded.ts';
import { openPostgres } from './postgres.ts';
import { openStores, type Stores } from './stores.ts';

/** Time the database has to answer a health check. */
const answerMs = 2_000;

/** Where the data is. */
interface StorageSettings {
  /** PostgreSQL instead of the embedded database. */
  databaseUrl: string | undefined;
  dataDirectory: string;
  unsafeNoFsync: boolean;
}

/** The database that the configuration names, and everything the stages ask of it. */
export interface Storage {
  stores: Stores;
  /** 32 random bytes that stay the same for this installation, one for each purpose. */
  secret(name: string): Promise<Buffer>;
  /** Whether the database answers now. */
  answers(): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens PostgreSQL when a URL is set, else the embedded database; refuses with `unavailable` and the reason. */
export async function openStorage(
  { databaseUrl, dataDirectory, unsafeNoFsync }: StorageSettings,
  { clock, log }: { clock: Clock; log: Log },
): Promise<Storage> {
  const db =
    databaseUrl === undefined
      ? await openEmbedded({ directory: dataDirectory, log, clock, unsafeNoFsync })
      : await openPostgres({ url: databaseUrl, log, clock });
  return {
    stores: openStores(db),
    secret: (name) => secretOf(db, name),
    answers: () =>
      pTimeout(db.query('select 1'), { milliseconds: answerMs }).then(
        () => true,
        () => false,
      ),
    close: () => db.close(),
  };
}

/** Whoever asks first makes it; a second bridge that asks at the same moment gets the same. */
async function secretOf(db: Db, name: string): Promise<Buffer> {
  await db.query('insert into secrets (name, secret) values ($1, $2) on conflict (name) do nothing', [
    name,
    randomBytes(32).toString('base64'),
  ]);
  const [row] = await db.query<{ secret: string }>('select secret from secrets where name = $1', [name]);
  if (row === undefined) throw new Error(`The secret ${name} vanished.`);
  return Buffer.from(row.secret, 'base64');
}
