import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { leaky, leakyFile, leakyLine, secrets } from '../../agents-sim/scenarios/leaky.ts';
import { foreignKey, onCheckout, startAgent } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { clients, type ReadText, type TestClient } from './clients.ts';

let bridge: TestBridge;
const agents: SimulatedAgent[] = [];
/** One snapshot with four hits, and one of values that must not be seen, oldest first; and its lines of a logpoint. */
const placed: Record<'checkout' | 'leaky' | 'log', string> = { checkout: '', leaky: '', log: '' };

beforeAll(async () => {
  bridge = await startBridge();
  agents.push(await startAgent(bridge, { passesPerSecond: 50 }));
  agents.push(await startAgent(bridge, { scenario: leaky(), passesPerSecond: 50 }));
  const client = await clients[0].connect(bridge.mcpUrl, bridge.fullKey);
  const place = async (tool: string, args: Record<string, unknown>) => {
    const { structuredContent } = await client.call(tool, args);
    expect(structuredContent).toMatchObject({ status: 'completed' });
    return (structuredContent as { actionId: string }).actionId;
  };
  placed.checkout = await place('take_snapshot', { ...onCheckout, maxHits: 4 });
  placed.leaky = await place('take_snapshot', { source: { service: 'sign-in' }, file: leakyFile, line: leakyLine });
  placed.log = await place('add_log', { ...onCheckout, template: 'costs {total}', maxHits: 2 });
  await client.close();
}, 60_000);

afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await bridge?.close();
});

const uriOf = (actionId: string, hit?: number) => `sidelight://actions/${actionId}${hit === undefined ? '' : `/hits/${hit}`}`;
/** How a missing resource is told; the v2 SDK keeps the URI of the data and nothing else. */
const missing = /There is no .* Call resources\/list, or resources\/templates\/list, to see what there is\./;
const dataOf = ([content]: ReadText[]) => JSON.parse(content?.text ?? '') as Record<string, unknown>;

describe.each(clients)('through $name', ({ connect }) => {
  let client: TestClient;
  beforeAll(async () => {
    client = await connect(bridge.mcpUrl, bridge.fullKey);
  });
  afterAll(() => client?.close());

  it('a caller is listed its actions, newest first, each with its hits', async () => {
    const { resources, nextCursor } = await client.resources();
    expect(resources.map(({ uri }) => uri)).toEqual([
      ...[uriOf(placed.log), uriOf(placed.log, 1), uriOf(placed.log, 2)],
      ...[uriOf(placed.leaky), uriOf(placed.leaky, 1)],
      ...[uriOf(placed.checkout), ...[1, 2, 3, 4].map((hit) => uriOf(placed.checkout, hit))],
    ]);
    expect(resources.at(-5)).toMatchObject({ title: 'snapshot at "src/checkout.ts" line 9', mimeType: 'application/json' });
    expect(nextCursor).toBeUndefined();
    expect(await client.templates()).toEqual(['sidelight://actions/{actionId}', 'sidelight://actions/{actionId}/hits/{number}']);
  });

  it('an action and each listed hit can be read, as JSON that says it is untrusted', async () => {
    for (const { uri } of (await client.resources()).resources) {
      const contents = await client.read(uri);
      expect(contents, uri).toMatchObject([{ uri, mimeType: 'application/json', _meta: { 'sidelight/untrusted': true } }]);
      expect(Object.keys(dataOf(contents))[0], uri).toBe('warning');
      expect(dataOf(contents), uri).toMatchObject({ requestId: expect.stringMatching(/^req_/) });
    }
    const hit = dataOf(await client.read(uriOf(placed.checkout, 3)));
    expect(hit).toMatchObject({ hits: [{ number: 3, variables: { order: { customer: expect.anything() } } }] });
    expect(dataOf(await client.read(uriOf(placed.checkout)))).toMatchObject({ status: 'completed', hitCount: 4 });
    expect(dataOf(await client.read(uriOf(placed.log, 2)))).toMatchObject({
      messages: [{ number: 2, message: expect.stringMatching(/^costs \d/) }],
    });
  });

  it('what redaction hides is not in a resource', async () => {
    const texts = await Promise.all([client.read(uriOf(placed.leaky)), client.read(uriOf(placed.leaky, 1))]);
    for (const [content] of texts) {
      expect(content?.text).toContain('[REDACTED:');
      // The program also has an e-mail address in names of its code, and personal data in names stays readable.
      const { email: _, ...hidden } = secrets;
      for (const secret of Object.values(hidden)) expect(content?.text).not.toContain(secret);
    }
  });

  it.each([
    ['another scheme', 'file:///etc/passwd'],
    ['no handle', 'sidelight://actions/act_1'],
    ['more behind it', `sidelight://actions/act_${'0'.repeat(22)}/hits/1/x`],
    ['hit 0', `sidelight://actions/act_${'0'.repeat(22)}/hits/0`],
    ['no such action', `sidelight://actions/act_${'0'.repeat(22)}`],
    ['a hit of no such action', `sidelight://actions/act_${'0'.repeat(22)}/hits/1`],
  ])('a URI with %s is a missing resource', async (_, uri) => {
    await expect(client.read(uri)).rejects.toMatchObject({ message: expect.stringMatching(missing), data: { uri } });
  });

  it('a hit that an action does not have is a missing resource', async () => {
    const uri = uriOf(placed.checkout, 5);
    await expect(client.read(uri)).rejects.toMatchObject({ message: expect.stringMatching(missing), data: { uri } });
  });

  it('a foreign cursor is refused', async () => {
    await expect(client.resources('bm9uZQ')).rejects.toMatchObject({
      code: -32_602,
      data: { code: 'invalid_input', field: 'cursor' },
    });
  });

  it('another organisation is listed nothing and finds nothing', async () => {
    const foreign = await connect(bridge.mcpUrl, await foreignKey(bridge, 'other'));
    expect(await foreign.resources()).toMatchObject({ resources: [] });
    await expect(foreign.read(uriOf(placed.checkout, 1))).rejects.toThrow(missing);
    await foreign.close();
  });

  it('a key without the permission is listed nothing, and refused what it reads', async () => {
    const { secret } = await bridge.issue({ permissions: [], name: 'powerless' });
    const powerless = await connect(bridge.mcpUrl, secret);
    expect(await powerless.resources()).toMatchObject({ resources: [] });
    await expect(powerless.read(uriOf(placed.checkout))).rejects.toMatchObject({
      code: -32_000,
      data: { code: 'insufficient_scope' },
    });
    await powerless.close();
  });

  it('reading costs a call, and leaves its record', async () => {
    const { secret } = await bridge.issue({ name: 'reader' });
    const reader = await connect(bridge.mcpUrl, secret);
    const [content] = await reader.read(uriOf(placed.checkout, 1)).catch(() => []);
    expect(content, 'another caller of the organisation reaches the same agents').toBeDefined();
    const requestId = content?._meta?.['sidelight/requestId'];
    const records = await bridge.bridge.audit.recent('default', 50);
    expect(records.filter((record) => record.requestId === requestId)).toMatchObject([
      { tool: 'get_hits', decision: 'allowed', target: { actionId: placed.checkout } },
    ]);
    const { structuredContent } = await reader.call('get_status', {});
    const { quotas } = structuredContent as { quotas: { quota: string; used: number }[] };
    expect(quotas.find(({ quota }) => quota.startsWith('calls'))?.used).toBe(2);
    await reader.close();
  });
});

describe('a missing resource', () => {
  const uri = `sidelight://actions/act_${'0'.repeat(22)}`;
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
  const read = async (params: object, more: Record<string, string>) => {
    const response = await fetch(bridge.mcpUrl, {
      method: 'POST',
      headers: { Authorization: `Bearer ${bridge.fullKey}`, ...headers, ...more },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri, ...params } }),
    });
    return (await response.json()) as { error: unknown };
  };
  const data = {
    uri,
    code: 'not_found',
    field: 'uri',
    next: expect.stringContaining('resources/list'),
    requestId: expect.any(String),
  };

  it('is -32002 in the revisions until 2025-11-25', async () => {
    expect(await read({}, { 'MCP-Protocol-Version': '2025-11-25' })).toMatchObject({ error: { code: -32_002, data } });
  });

  it('is -32602 since 2026-07-28', async () => {
    const version = '2026-07-28';
    const _meta = { 'io.modelcontextprotocol/protocolVersion': version, 'io.modelcontextprotocol/clientCapabilities': {} };
    const more = { 'MCP-Protocol-Version': version, 'Mcp-Method': 'resources/read', 'Mcp-Name': uri };
    expect(await read({ _meta }, more)).toMatchObject({ error: { code: -32_602, data } });
  });
});

describe('the list of resources', () => {
  it('goes on where a page ended, until every action was listed once', async () => {
    const { secret } = await bridge.issue({ name: 'pages' });
    const client = await clients[0].connect(bridge.mcpUrl, secret);
    const wanted: string[] = [];
    for (let count = 0; count < 12; count += 1) {
      const { structuredContent } = await client.call('take_snapshot', { ...onCheckout, maxHits: 1 });
      wanted.unshift(uriOf((structuredContent as { actionId: string }).actionId));
    }
    const first = await client.resources();
    const second = await client.resources(first.nextCursor);
    const actions = [first, second].flatMap(({ resources }) => resources.flatMap(({ uri }) => (/hits/.test(uri) ? [] : [uri])));
    expect(actions).toEqual(wanted);
    expect(second.nextCursor).toBeUndefined();
    await client.close();
  });
});

describe('an answer with hits', () => {
  const linksFor = async (name: string | undefined, how: (typeof clients)[number], actionId = placed.checkout) => {
    const client = await how.connect(bridge.mcpUrl, bridge.fullKey, name);
    await client.list();
    const { content } = await client.call('wait_for_hits', { actionId });
    const links = (content as { type: string; uri?: string }[]).filter(({ type }) => type !== 'text');
    for (const { uri } of links) expect(await client.read(uri ?? '')).toMatchObject([{ uri }]);
    await client.close();
    return links;
  };

  it.each(clients)('links a few of them for a client of $name that reads resources', async (how) => {
    const links = await linksFor('claude-code', how);
    expect(links).toMatchObject(
      [1, 2, 3].map((hit) => ({ type: 'resource_link', uri: uriOf(placed.checkout, hit), mimeType: 'application/json' })),
    );
  });

  it.each(clients)('has nothing but text for others of $name', async (how) => {
    for (const name of [undefined, 'langchain-mcp-adapters', '@n8n/n8n-nodes-langchain'])
      expect(await linksFor(name, how)).toEqual([]);
  });

  it('has nothing but text for a revision that knows no links', async () => {
    const body = {
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: { name: 'wait_for_hits', arguments: { actionId: placed.checkout } },
    };
    const typesOf = async (headers: Record<string, string>) => {
      const response = await fetch(bridge.mcpUrl, {
        method: 'POST',
        headers: {
          ...{ Authorization: `Bearer ${bridge.fullKey}`, 'Content-Type': 'application/json', 'User-Agent': 'claude-code/2' },
          ...headers,
        },
        body: JSON.stringify(body),
      });
      const data = /^data: (.*)$/m.exec(await response.text())?.[1] ?? '';
      return (JSON.parse(data) as { result: { content: { type: string }[] } }).result.content.map(({ type }) => type);
    };
    expect(await typesOf({})).toEqual(['text']);
    expect(await typesOf({ 'MCP-Protocol-Version': '2025-03-26' })).toEqual(['text']);
    expect(await typesOf({ 'MCP-Protocol-Version': '2025-06-18' })).toContain('resource_link');
  });
});

describe('the server', () => {
  it.each(clients)('shows its icon to a client of $name', async ({ connect }) => {
    const client = await connect(bridge.mcpUrl, bridge.readKey);
    expect(client.server?.icons).toMatchObject([{ src: expect.stringMatching(/^data:image\/svg\+xml;base64,/) }]);
    await client.close();
  });
});
