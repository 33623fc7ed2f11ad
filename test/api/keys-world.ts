import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/app.ts';
import type { AuditStore } from '../../src/audit/record.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { createAuthenticator } from '../../src/identity/authenticate.ts';
import { createOwners } from '../../src/identity/owner.ts';
import { type Principal, type Role, scopes } from '../../src/identity/principal.ts';
import { notShutOut } from '../../src/identity/standing.ts';
import type { KeyDesk } from '../../src/keys.ts';
import { createLog } from '../../src/lib/log.ts';
import type { Spine } from '../../src/mcp/spine.ts';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { allTools } from '../../src/tools/all.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { principal } from '../authorization/world.ts';
import { type OperatorDesk, operatorDesk } from '../identity/desk.ts';
import { keep, person } from '../identity/people.ts';
import type { World } from '../storage/engines.ts';

/** What the API answered. */
export interface Told {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there
  body: Record<string, any>;
}

/** The API over a database, with people who are signed in under their own names and keys that are checked as in a bridge. */
export interface KeysWorld extends OperatorDesk {
  stores: Stores;
  /** Ids of keys that were told to be ended. */
  ended: string[];
  /** Writing the audit trail fails while `fails`; refusals are counted only, and have no record of their own, while `isFull`. */
  trail: { fails: boolean; isFull: boolean };
  /** Sends as somebody: `anna`, `bert`, `gina`, `carla`, or a key. */
  send(as: string, method: string, path: string, body?: object): Promise<Told>;
  close(): Promise<void>;
}

const signedIn = (subject: string, role: Role, groups: string[], given = [...scopes]): Principal =>
  principal({
    ...{ org: 'acme', subject: `user:${subject}`, name: subject, kind: 'person', role, groups, scopes: given },
    permissions: [],
  });

/** Two developers (one consented to little), a group admin and a company admin. */
export const people: Record<string, Principal> = {
  anna: signedIn('anna', 'developer', ['everyone']),
  bert: signedIn('bert', 'developer', ['everyone'], ['runtime:read']),
  gina: signedIn('gina', 'group_admin', ['everyone']),
  carla: signedIn('carla', 'company_admin', []),
  vera: signedIn('vera', 'viewer', ['everyone']),
};

/** Runs the HTTP side over the database of a test, on a free loopback port. */
export async function keysWorld(database: World): Promise<KeysWorld> {
  const stores = openStores(database.db);
  const owners = createOwners(stores.people, notShutOut, (role) => role === 'company_admin');
  const operator = operatorDesk(database.db, owners);
  const { clock } = operator;
  const trail = { fails: false, isFull: false };
  const audit: AuditStore = {
    ...stores.audit,
    append: (record) => (trail.fails ? Promise.reject(new Error('the disk is full')) : stores.audit.append(record)),
  };
  const ended: string[] = [];
  const desk: KeyDesk = {
    ...{ ...operator.desk, audit, revoked: (id) => void ended.push(id) },
    countRefused: async () => !trail.isFull,
  };
  for (const { subject, role, groups } of Object.values(people))
    await keep(stores.people, person(subject.replace('user:', ''), { role, groups }));
  const { authenticate } = createAuthenticator({ keys: stores.keys, clock, owners });
  const spine: Spine = {
    ...{ resources: [], prompts: [], list: () => [], needsConsent: () => false },
    call: () => Promise.reject(new Error('No tool is called here.')),
  };
  const app = createApp(
    {
      config: { publicUrl: undefined, allowedOrigins: [], maxBodyBytes: 4_096 },
      log: createLog('silent'),
      services: { clock, version: '1.2.3', ready: async () => ({ ok: true, checks: {} }) },
      registry: createRegistry(allTools),
      authenticate: async (bearer, address) => people[bearer ?? ''] ?? authenticate(bearer, address),
      desk,
    },
    spine,
  );
  const server = createHttpServer(app.koa.callback(), (_request, socket) => socket.destroy());
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  return {
    ...operator,
    ...{ stores, ended, trail, desk },
    async send(as, method, path, body) {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        method,
        headers: { Authorization: `Bearer ${as}`, 'Content-Type': 'application/json', 'User-Agent': 'terraform/1.9' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, headers: response.headers, body: (await response.json()) as Told['body'] };
    },
    async close() {
      await app.close(0);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await database.close();
    },
  };
}
