import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AuditRecord } from '../../src/audit/record.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { hasPostgres, postgresWorld } from '../storage/engines.ts';
import { type HandClient, handClient } from './flow.ts';
import { type TestPeople, testPeople } from './people.ts';

/** A bridge where people sign in, a client by hand, and how to start it again on the same data and port. */
export interface OAuthWorld {
  bridge: TestBridge;
  client: HandClient;
  people: TestPeople;
  restart(): Promise<void>;
  /** What the audit trail says of sign-ins and clients so far, oldest first; what nobody can be named for comes before. */
  events(): Promise<AuditRecord[]>;
  close(): Promise<void>;
}

interface WorldSettings {
  engine?: 'embedded' | 'postgres';
  /** identity.yaml; the shipped one where it is left out. */
  identity?: string;
  settings?: Record<string, string>;
  clock?: Clock;
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

const shippedPolicies = fileURLToPath(new URL('../../policies', import.meta.url));
const aboutPeople = /^(?:token|consent|client|grant)_/;

/** Starts a bridge over the embedded database, or over PostgreSQL. */
export async function oauthWorld({
  engine = 'embedded',
  identity,
  settings,
  clock,
  fetch,
}: WorldSettings = {}): Promise<OAuthWorld> {
  const data = await mkdtemp(join(tmpdir(), 'sidelight-oauth-'));
  const policies = join(data, 'policies');
  await cp(shippedPolicies, policies, { recursive: true });
  if (identity !== undefined) await writeFile(join(policies, 'identity.yaml'), identity);
  const database = engine === 'postgres' ? await postgresWorld() : undefined;
  const people = testPeople();
  const outside = { signIn: people, ...(fetch && { fetch }) };
  const given = { data, policies, ...(database?.url !== undefined && { 'database-url': database.url }), ...settings };
  const bridge = await startBridge(given, clock, outside);
  const world: OAuthWorld = {
    bridge,
    client: handClient(bridge.url.origin),
    people,
    async restart() {
      const { port } = world.bridge.url;
      await world.bridge.close();
      world.bridge = await startBridge({ ...given, port }, clock, outside);
    },
    async events() {
      const records = await Promise.all(['-', 'default'].map((org) => world.bridge.bridge.audit.recent(org, 500)));
      return records.flatMap((each) => each.reverse()).filter(({ event }) => aboutPeople.test(event));
    },
    async close() {
      await world.bridge.close();
      await database?.close();
      await rm(data, { recursive: true, force: true });
    },
  };
  return world;
}

/** Every storage a bridge can stand on here. */
export const storages: { engine: 'embedded' | 'postgres' }[] = [
  { engine: 'embedded' },
  ...(hasPostgres ? [{ engine: 'postgres' as const }] : []),
];
