import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { vi } from 'vitest';
import { leaky, leakyFile, leakyLine } from '../../agents-sim/scenarios/leaky.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import type { Db } from '../../src/storage/db.ts';
import { openEmbedded } from '../../src/storage/embedded.ts';
import { startAgent } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { postgresWorld, silent } from '../storage/engines.ts';
import { type HandClient, handClient, redirectUri } from './flow.ts';
import { type Browser, createBrowser, type Page } from './sign-in/browser.ts';
import { type Company, startCompany } from './sign-in/company.ts';
import { listenToWire, type Wire } from './threats-wire.ts';

/** What a bridge left behind after whole sign-ins with keys, an agent and actions. It is closed. */
export interface Aftermath {
  company: Company;
  wire: Wire;
  /** The log at level trace. */
  log: string;
  /** Every statement that was sent to the database, with its parameters. */
  statements: string;
  /** Each row of each table. */
  rows: { table: string; row: Record<string, unknown> }[];
  /** The bytes of the data directory, without the file of the master secret. */
  files: string;
  master: string;
  clientId: string;
  /** The same bridge on the same data. */
  again(): Promise<{ bridge: TestBridge; client: HandClient }>;
  close(): Promise<void>;
}

const toClient = (url: URL) => url.href.startsWith(redirectUri);

/** Lets a person, keys, an agent and a client do everything once, and leaves some of it half done. */
export async function live(engine: 'embedded' | 'postgres'): Promise<Aftermath> {
  const statements = listenToDatabase();
  const wire = listenToWire();
  const company = await startCompany();
  company.next = 'boss'; // reaches every pool
  const data = await mkdtemp(join(tmpdir(), 'sidelight-threats-'));
  const policies = join(data, 'policies');
  await cp(fileURLToPath(new URL('../../policies', import.meta.url)), policies, { recursive: true });
  await writeFile(join(policies, 'identity.yaml'), company.policy());
  const database = engine === 'postgres' ? await postgresWorld() : undefined;
  const lines: string[] = [];
  const log = createLog('trace', { write: (line) => void lines.push(line) });
  const settings = { data, policies, ...(database?.url !== undefined && { 'database-url': database.url }) };
  let bridge = await startBridge(settings, systemClock, { log });
  const { port } = bridge.url;

  const clientId = await everythingOnce(bridge, wire);
  await bridge.close();

  const db = database?.db ?? (await openEmbedded({ directory: data, log: silent, clock: systemClock }));
  const rows = await rowsOf(db);
  if (database === undefined) await db.close();
  const again = async () => {
    bridge = await startBridge({ ...settings, port }, systemClock, { log });
    return { bridge, client: handClient(bridge.url.origin) };
  };
  return {
    ...{ company, wire, log: lines.join(''), statements: statements.join('\n'), rows, clientId, again },
    files: await filesOf(data),
    master: (await readFile(join(data, 'secret'), 'utf8')).trim(),
    async close() {
      await bridge.close();
      await database?.close();
      await company.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function everythingOnce(bridge: TestBridge, { secrets }: Wire): Promise<string> {
  const { issue, readKey, fullKey, enrolKey } = bridge;
  const issued = (await issue({ name: 'nightly' })).secret;
  for (const [name, key] of Object.entries({ readKey, fullKey, enrolKey, issued })) secrets.set(key, name);
  const client = handClient(bridge.url.origin);
  const browser = createBrowser();
  const { body } = await client.register({ token_endpoint_auth_method: 'client_secret_post' });
  const [clientId, secret] = [String(body.client_id), String(body.client_secret)];
  const first = client.authorizeUrl(clientId);
  const code = await codeOf(browser, await browser.open(first.url.href, toClient));
  const proof = { client_secret: secret };
  const tokens = await client.redeem({ code, verifier: first.verifier, clientId }, proof);
  secrets.set(first.verifier, 'code_verifier');
  const next = await client.refresh(tokens.refresh_token, clientId, proof);

  const agent = await startAgent(bridge, { scenario: leaky(), passesPerSecond: 20 });
  const place = { source: { service: 'sign-in' }, file: leakyFile, line: leakyLine, maxHits: 1, waitSeconds: 10 };
  for (const bearer of [next.access_token, issued]) {
    const { status, body: answer } = await client.call(bearer, 'take_snapshot', place);
    if (status !== 200 || !JSON.stringify(answer).includes('"hitCount":1')) throw new Error(JSON.stringify(answer));
  }
  for (const bearer of [readKey, fullKey]) await client.call(bearer);
  // What is refused is told in the log as well.
  for (const bearer of [enrolKey, tokens.refresh_token, `${readKey}x`]) await client.call(bearer);
  await client.redeem({ code: `${code}`, verifier: first.verifier, clientId: 'nobody' }, proof);
  await client.redeem({ code: 'slc_x', verifier: first.verifier, clientId }, { client_secret: `${secret}x` });

  // Left half done: a code nobody redeems, a page nobody answers, a sign-in that waits at the company.
  const second = client.authorizeUrl(clientId);
  await codeOf(browser, await browser.open(second.url.href, toClient));
  secrets.set(second.verifier, 'code_verifier');
  await createBrowser().open(client.authorizeUrl(clientId).url.href, toClient);
  await createBrowser().open(client.authorizeUrl(clientId).url.href, ({ pathname }) => pathname === '/auth');
  await agent.stop();
  return clientId;
}

/** Presses Allow, and follows until the client has its code. */
async function codeOf(browser: Browser, page: Page): Promise<string> {
  const next = await browser.submit(page, 'allow');
  const { url } = toClient(next.url) ? next : await browser.open(next.url.href, toClient);
  const code = url.searchParams.get('code');
  if (code === null) throw new Error(`No code came: ${url.href}`);
  return code;
}

/** What both drivers send, below everything of ours. */
function listenToDatabase(): string[] {
  const told: string[] = [];
  const { query } = pg.Client.prototype;
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...given: unknown[]) {
    told.push(JSON.stringify(given));
    return Reflect.apply(query, this, given) as never;
  } as never);
  const { execProtocolRawSync } = PGlite.prototype;
  vi.spyOn(PGlite.prototype, 'execProtocolRawSync').mockImplementation(function (this: PGlite, message: Uint8Array, ...rest) {
    told.push(Buffer.from(message).toString('latin1'));
    return execProtocolRawSync.call(this, message, ...rest);
  });
  return told;
}

async function rowsOf(db: Db): Promise<Aftermath['rows']> {
  const tables = await db.query<{ name: string }>(
    "select table_schema || '.' || table_name as name from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')",
  );
  const rows = await Promise.all(
    tables.map(async ({ name }) => (await db.query(`select * from ${name}`)).map((row) => ({ table: name, row }))),
  );
  return rows.flat();
}

async function filesOf(data: string): Promise<string> {
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const kept = paths.filter((path) => path !== join(data, 'secret'));
  const texts = await Promise.all(kept.map((path) => readFile(path, 'latin1')));
  return texts.join('\n').replace(/\0{16,4096}/g, '\0'); // most of it is room
}
