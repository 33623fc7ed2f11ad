import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { connected, markedLine, type Program, startProgram } from '../helpers/program.ts';
import { clients, type TestClient } from '../mcp/clients.ts';

const shop = fileURLToPath(new URL('../../examples/shop/', import.meta.url));
const line = markedLine(`${shop}src/checkout.ts`);

interface Hit {
  number: number;
  at: { file: string; line: number; text?: string; function?: string };
  stack: { function: string; file: string; line: number }[];
  variables: Record<string, unknown>;
  expressions: { expression: string; value?: unknown; error?: string }[];
  pauseMicros: number;
  cut?: string[];
  redacted?: Record<string, number>;
}

interface Structured {
  requestId: string;
  latencyMs: Record<string, number>;
  actionId: string;
  status: string;
  requested: { file: string; line: number };
  bound: { file: string; line: number; text: string };
  hitCount: number;
  hits: Hit[];
  next?: { tool: string; arguments: Record<string, unknown> };
  error?: { code: string; message: string; field?: string; next?: string; data?: Record<string, unknown> };
}

let bridge: TestBridge;
let program: Program;

beforeAll(async () => {
  bridge = await startBridge();
  program = startProgram({ file: `${shop}dist/main.js`, service: 'shop', url: bridge.agentUrl, key: bridge.enrolKey });
  await connected(bridge, 'shop');
});

afterAll(async () => {
  await program?.stop();
  await bridge?.close();
});

const snapshot = async (client: TestClient, args: Record<string, unknown>) => {
  const result = await client.call('take_snapshot', args);
  return { result, structured: result.structuredContent as Structured, text: JSON.stringify(result.content) };
};

describe.each(clients)('through $name', ({ connect }) => {
  let client: TestClient;
  beforeAll(async () => {
    client = await connect(bridge.mcpUrl, bridge.fullKey);
  });
  afterAll(() => client?.close());

  it('finds the source that is meant', async () => {
    const { structuredContent } = await client.call('list_sources', { query: 'shop' });
    expect(structuredContent).toMatchObject({
      recommended: { source: { service: 'shop' } },
      services: [{ service: 'shop', connectedAgents: 1 }],
    });
  });

  it('takes a conditional snapshot of a TypeScript line with right values, depth 3 and redaction', async () => {
    const { structured, text } = await snapshot(client, {
      source: { service: 'shop' },
      file: 'src/checkout.ts',
      line,
      condition: 'order.items.length > 0 && order.total > 0',
      expressions: ['order.items.length', 'order.customer.email'],
      maxHits: 5,
      timeoutSeconds: 60,
    });
    expect(structured).toMatchObject({ status: 'completed', hitCount: 5, requested: { file: 'src/checkout.ts', line } });
    expect(structured.bound).toMatchObject({ line, text: expect.stringContaining('// <- here') });
    expect(structured.latencyMs).toMatchObject({ total: expect.any(Number), wait: expect.any(Number) });
    expect(structured.requestId).toBeTruthy();
    // On a busy machine the first hits may run out of time for reading, and say so.
    const whole = structured.hits.filter((hit) => !hit.cut?.includes('time'));
    expect(whole.length).toBeGreaterThan(0);
    for (const hit of whole) {
      const order = hit.variables.order as {
        total: number;
        status: string;
        items: unknown[];
        customer: { address: Record<string, unknown> };
      };
      expect(order).toMatchObject({ status: 'open', total: expect.any(Number) });
      expect(order.total).toBeGreaterThan(0);
      expect(hit.expressions[0]).toEqual({ expression: 'order.items.length', value: order.items.length });
      expect(hit.expressions[1]?.value).toMatch(/^\[REDACTED:email/);
      expect(JSON.stringify(order.customer)).toMatch(/\$cut|\$type/);
      expect(hit.stack[0]).toMatchObject({
        function: expect.stringContaining('book'),
        file: expect.stringContaining('src/checkout.ts'),
      });
      expect(hit.stack.length).toBeGreaterThanOrEqual(3);
      expect(hit.pauseMicros).toBeGreaterThan(0);
      expect(Object.keys(hit.redacted ?? {}).length).toBeGreaterThan(0);
    }
    expect(`${JSON.stringify(structured)}${text}`).not.toMatch(/@example\.|4111|passwordHash":"(?!\[REDACTED)/);
  }, 60_000);

  it.each([
    { name: 'an unknown service', args: { source: { service: 'chekout' } }, code: 'not_found', field: 'source.service' },
    { name: 'a bad condition', args: { condition: 'order.total = 3' }, code: 'invalid_expression', field: 'condition' },
    { name: 'a call in a condition', args: { condition: 'process.exit()' }, code: 'invalid_expression', field: 'condition' },
    {
      name: 'a bad watch expression',
      args: { expressions: ['order.total', 'order..x'] },
      code: 'invalid_expression',
      field: 'expressions[1]',
    },
    { name: '51 hits', args: { maxHits: 51 }, code: 'limit_exceeded', field: 'maxHits' },
    { name: '601 seconds', args: { timeoutSeconds: 601 }, code: 'limit_exceeded', field: 'timeoutSeconds' },
    {
      name: 'eleven expressions',
      args: { expressions: Array(11).fill('order.total') },
      code: 'limit_exceeded',
      field: 'expressions',
    },
    { name: 'a line after the end of the file', args: { line: 99_999 }, code: 'invalid_location', field: 'line' },
    { name: 'a missing file argument', args: { file: undefined }, code: 'invalid_input', field: 'file' },
  ])('refuses $name clearly', async ({ args, code, field }) => {
    const { result, structured, text } = await snapshot(client, {
      source: { service: 'shop' },
      file: 'src/checkout.ts',
      line,
      timeoutSeconds: 5,
      ...args,
    });
    expect(result.isError).toBe(true);
    expect(structured.error).toMatchObject({ code, field, message: expect.any(String), next: expect.any(String) });
    expect(text).toContain(code);
  });

  it('answers pending with a handle, and the wait goes on from there', async () => {
    const { structured } = await snapshot(client, {
      source: { service: 'shop' },
      file: 'src/checkout.ts',
      line,
      waitSeconds: 0,
      maxHits: 3,
    });
    expect(structured).toMatchObject({
      status: 'pending',
      next: { tool: 'wait_for_hits', arguments: { actionId: structured.actionId } },
    });
    let after = 0;
    let status = 'pending';
    while (status === 'pending') {
      const waited = (await client.call('wait_for_hits', { actionId: structured.actionId, afterHit: after }))
        .structuredContent as Structured;
      status = waited.status;
      after += waited.hits.length;
    }
    expect({ status, after }).toEqual({ status: 'completed', after: 3 });
  });

  it('cancels what it placed', async () => {
    const { structured } = await snapshot(client, {
      source: { service: 'shop' },
      file: 'src/checkout.ts',
      line,
      condition: 'order.total < -1000000',
      waitSeconds: 0,
    });
    expect((await client.call('cancel_actions', { actionIds: [structured.actionId] })).structuredContent).toMatchObject({
      actions: [{ cancelled: true, status: 'cancelled' }],
    });
    const listed = (await client.call('list_actions', { mine: true, limit: 1 })).structuredContent;
    expect(listed).toMatchObject({ actions: [{ actionId: structured.actionId, status: 'cancelled' }] });
  });

  it('says who it is and what is left', async () => {
    const { structuredContent } = await client.call('get_status', {});
    expect(structuredContent).toMatchObject({ status: 'ok', caller: { name: 'full', role: 'developer' }, connectedAgents: 1 });
    expect((structuredContent as { quotas: { quota: string }[] }).quotas.map((quota) => quota.quota)).toContain('hits_per_hour');
  });
});

describe('rights', () => {
  const call = async (key: string, name: string, args: Record<string, unknown>) => {
    const client = await clients[0].connect(bridge.mcpUrl, key);
    try {
      return (await client.call(name, args)) as { isError?: boolean; structuredContent: Structured };
    } finally {
      await client.close();
    }
  };
  const snapshotArgs = { source: { service: 'shop' }, file: 'src/checkout.ts', line };

  it('lets a read key look, and refuses it a snapshot', async () => {
    expect((await call(bridge.readKey, 'list_sources', {})).isError).toBeFalsy();
    const refused = await call(bridge.readKey, 'take_snapshot', snapshotArgs);
    expect(refused.structuredContent.error).toMatchObject({
      code: 'insufficient_scope',
      message: expect.stringContaining('runtime:capture'),
    });
  });

  it('refuses a key without the Dev API permission at the call, not at the connection', async () => {
    const { secret } = await bridge.issue({ permissions: [] });
    const refused = await call(secret, 'list_sources', {});
    expect(refused.structuredContent.error).toMatchObject({
      code: 'insufficient_scope',
      message: expect.stringContaining('dev_api'),
    });
  });

  it('refuses a revoked key at its next request', async () => {
    const { id, secret } = await bridge.issue({});
    expect((await call(secret, 'get_status', {})).isError).toBeFalsy();
    await bridge.keys.revoke('default', id, Date.now());
    await expect(call(secret, 'get_status', {})).rejects.toThrow(/401|invalid_token/);
  });
});

describe('a wait that cannot end well', () => {
  it('ends after five seconds when the line runs and its condition fails at every pass, and says why', async () => {
    const client = await clients[0].connect(bridge.mcpUrl, bridge.fullKey);
    const startedMs = performance.now();
    const { structured } = await snapshot(client, {
      source: { service: 'shop' },
      file: 'src/checkout.ts',
      line,
      condition: 'order.nope.deeper === 1',
    });
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    expect(structured).toMatchObject({
      status: 'pending',
      hitCount: 0,
      targets: [{ lastError: expect.stringContaining('deeper') }],
    });
    await client.call('cancel_actions', { actionIds: [structured.actionId] });
    await client.close();
  });
});
