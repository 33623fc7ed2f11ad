import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { type CallResult, clients } from '../mcp/clients.ts';
import { clientsFolder, fromClients } from './install.ts';
import { dataIn, expectSnapshot } from './snapshot.ts';
import { onTill } from './till.ts';

/** As much of an old SDK's client as is used here; it has been the same since the first streamable one. */
interface OldClient {
  connect(transport: unknown): Promise<void>;
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string; arguments: object }): Promise<CallResult>;
  close(): Promise<void>;
}
type ClientClass = new (self: { name: string; version: string }) => OldClient;
type TransportClass = new (url: URL, options: { requestInit: { headers: Record<string, string> } }) => unknown;

/** The first release with streamable HTTP, one of the 2025-06-18 revision, and the one that n8n has. */
const oldSdks = ['sdk-1.10', 'sdk-1.17', 'sdk-1.26'];

describe.each(oldSdks)('the client of %s', (name) => {
  it('lists the tools, takes a snapshot and reads a value', async () => {
    const folder = join(clientsFolder, 'node_modules', name, 'dist/esm/client');
    const { Client } = await fromClients<{ Client: ClientClass }>(join(folder, 'index.js'));
    const { StreamableHTTPClientTransport } = await fromClients<{ StreamableHTTPClientTransport: TransportClass }>(
      join(folder, 'streamableHttp.js'),
    );
    const client = new Client({ name: 'old', version: '1' });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(inject('mcpUrl')), {
        requestInit: { headers: { Authorization: `Bearer ${inject('key')}` } },
      }),
    );
    expect((await client.listTools()).tools.map((tool) => tool.name)).toContain('take_snapshot');
    const result = await client.callTool({ name: 'take_snapshot', arguments: onTill });
    expectSnapshot(dataIn((result.content as { text: string }[])[0]?.text ?? ''));
    await client.close();
  });
});

describe.each(clients)('a client of $name', ({ connect }) => {
  it('lists the tools, takes a snapshot and reads a value', async () => {
    const client = await connect(inject('mcpUrl'), inject('key'));
    expect((await client.list()).map((tool) => tool.name)).toContain('take_snapshot');
    expectSnapshot((await client.call('take_snapshot', onTill)).structuredContent);
    await client.close();
  });
});
