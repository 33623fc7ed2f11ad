import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { onCheckout, startAgent } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { handClient } from '../oauth/flow.ts';
import { allowed } from './apps-world.ts';

interface Operation {
  operationId: string;
  requestBody?: object;
  responses: Record<string, { content?: Record<string, { schema: { $ref: string } }> }>;
}

interface Document {
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

/** What an operation is asked here: its body, or its query; `{actionId}` is the action that a test placed. */
const asked: Record<string, { query?: string; body?: object; asAdmin?: true }> = {
  takeSnapshot: { body: { ...onCheckout, maxHits: 2 } },
  addLog: { body: { ...onCheckout, template: 'costs {price}' } },
  countHits: { body: onCheckout },
  measureDuration: { body: onCheckout },
  measureValue: { body: { ...onCheckout, expression: 'price' } },
  listActions: { query: '?mine=true&limit=2' },
  getAction: { query: '?waitSeconds=1&afterHit=1' },
  explainAction: {},
  getHits: { query: '?path=price&maxBytes=2000' },
  getHit: {},
  compareHits: { body: { a: { actionIds: ['{actionId}'], where: 'price > 0' } } },
  cancelAction: {},
  cancelActions: { body: { actionIds: ['{actionId}'] } },
  listSources: { query: '?query=checkout' },
  locate: { body: { source: onCheckout.source, snippet: 'price' } },
  previewRedaction: { body: { text: 'mail ada@example.com' }, asAdmin: true },
  getStatus: {},
  getMe: {},
  listKeys: { query: '?owner=operator', asAdmin: true },
  createKey: { body: { name: 'made', owner: 'service:made', scopes: ['runtime:read'], groups: ['everyone'] }, asAdmin: true },
  rotateKey: { body: { overlapHours: 1, days: 7 }, asAdmin: true },
  revokeKey: { asAdmin: true },
  listApps: { query: '?person=anna', asAdmin: true },
  disconnectApp: { asAdmin: true },
};

let bridge: TestBridge;
let agent: SimulatedAgent;
let document: Document;
beforeAll(async () => {
  bridge = await startBridge();
  agent = await startAgent(bridge);
  document = (await (await fetch(new URL('/api/v1/openapi.json', bridge.url))).json()) as Document;
}, 60_000);
afterAll(async () => {
  await agent?.stop();
  await bridge?.close();
});

async function send(path: string, method = 'GET', body?: object, key = bridge.fullKey) {
  const response = await fetch(new URL(path, bridge.url), {
    method,
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
}

/** A snapshot with two hits, as a script takes one. */
async function placed(): Promise<string> {
  const { status, headers, body } = await send('/api/v1/snapshots', 'POST', { ...onCheckout, maxHits: 2 });
  expect(status).toBe(201);
  expect(body).toMatchObject({ status: 'pending', hitCount: 0 });
  const location = headers.get('location') ?? '';
  expect(location).toBe(`/api/v1/actions/${body.actionId}`);
  const waiting = send(`${location}?waitSeconds=20&afterHit=1`);
  await until('it is armed', () => agent.probes.armed > 0 || undefined);
  agent.pass(2);
  expect((await waiting).body).toMatchObject({ status: 'completed', hitCount: 2 });
  return location;
}

/** Something that a person connected. */
async function connectedApp(): Promise<string> {
  const client = handClient(bridge.url.origin);
  const { body } = await client.register();
  await client.redeem(await allowed(bridge.directory, client, String(body.client_id), { name: 'anna' }));
  return (await bridge.bridge.grants.list('default'))[0]?.id ?? '';
}

describe('every operation of the document', () => {
  it('is asked here', () => {
    const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
    expect(ids.sort()).toEqual(Object.keys(asked).sort());
  });

  it('answers a live bridge with what the document says', async () => {
    const validator = new AjvJsonSchemaValidator();
    const actionId = (await placed()).split('/').at(-1) ?? '';
    const { secret: admin } = await bridge.issue({ role: 'company_admin', scopes: ['runtime:read', 'runtime:admin'] });
    const { id: keyId } = await bridge.issue({ scopes: ['runtime:read'] });
    const appId = await connectedApp();
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { operationId, responses }] of Object.entries(methods)) {
        const {
          query = '',
          body,
          asAdmin,
        } = JSON.parse(JSON.stringify(asked[operationId] ?? {}).replaceAll('{actionId}', actionId));
        const filled = path
          .replace('{actionId}', actionId)
          .replace('{hit}', '2')
          .replace('{id}', path.startsWith('/apps') ? appId : keyId);
        const answer = await send(
          `${document.servers[0]?.url}${filled}${query}`,
          method.toUpperCase(),
          body,
          asAdmin ? admin : undefined,
        );
        const what = `${operationId}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 500)}`;
        const described = responses[String(answer.status)];
        expect(described, what).toBeDefined();
        expect(answer.status, what).toBeLessThan(300);
        const name = described?.content?.['application/json']?.schema.$ref.split('/').at(-1) ?? '';
        expect(validator.getValidator(document.components.schemas[name] as object)(answer.body), what).toMatchObject({
          valid: true,
        });
        expect(answer.body.ignoredArguments, what).toBeUndefined();
      }
    }
  }, 60_000);
});

describe('a call of the API', () => {
  it('is one that its caller has the right to, and is in the audit trail as its tool', async () => {
    const { status, body } = await send('/api/v1/snapshots', 'POST', onCheckout, bridge.readKey);
    expect(status).toBe(403);
    expect(body).toMatchObject({ code: 'insufficient_scope', status: 403 });
    const { body: own } = await send('/api/v1/status?verbose=1', 'GET', undefined, bridge.readKey);
    expect(own).toMatchObject({ caller: { name: 'read' }, ignoredArguments: ['verbose'] });
    const records = await bridge.bridge.audit.recent('default', 2);
    expect(records).toMatchObject([
      { tool: 'get_status', decision: 'allowed', requestId: own.requestId },
      { tool: 'take_snapshot', decision: 'refused', reason: 'insufficient_scope', requestId: body.requestId },
    ]);
  });

  it('takes what it placed off again when its client goes away', async () => {
    const leaving = new AbortController();
    const asked = fetch(new URL('/api/v1/snapshots', bridge.url), {
      method: 'POST',
      headers: { Authorization: `Bearer ${bridge.fullKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...onCheckout, condition: 'price < 0', investigation: 'left', waitSeconds: 40 }),
      signal: leaving.signal,
    }).catch((error: Error) => error.name);
    const newest = async () => {
      const { body } = await send('/api/v1/actions?investigation=left');
      return (body.actions as { status: string; statusReason?: string }[])[0];
    };
    await until('it is placed', newest);
    leaving.abort();
    expect(await asked).toBe('AbortError');
    const ended = await until('it is cancelled', async () => {
      const action = await newest();
      return action?.status === 'cancelled' ? action : undefined;
    });
    expect(ended).toMatchObject({ statusReason: 'The caller went away.' });
  });
});
