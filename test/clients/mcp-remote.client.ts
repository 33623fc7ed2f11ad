import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, inject, it } from 'vitest';
import { clientsFolder } from './install.ts';
import { expectSnapshot } from './snapshot.ts';
import { onTill } from './till.ts';

const mcpRemote = join(clientsFolder, 'node_modules/mcp-remote/dist/proxy.js');

/** What docs/clients/claude-desktop.md says to start, with this bridge's URL and the installed program. */
function documentedArgs(url: string): string[] {
  const page = readFileSync(new URL('../../docs/clients/claude-desktop.md', import.meta.url), 'utf8');
  const [, snippet = ''] = /^```json\n([\s\S]*?)^```$/m.exec(page) ?? [];
  const { args } = (JSON.parse(snippet) as { mcpServers: { sidelight: { args: string[] } } }).mcpServers.sidelight;
  expect(args.slice(0, 3)).toEqual(['-y', 'mcp-remote', 'http://127.0.0.1:7433/mcp']);
  return [mcpRemote, url, ...args.slice(3)];
}

it('a client that only speaks stdio takes a snapshot through mcp-remote, as Claude Desktop is set up', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sidelight-mcp-remote-'));
  const client = new Client({ name: 'desktop', version: '1' });
  try {
    const args = documentedArgs(inject('mcpUrl'));
    const env = { PATH: process.env.PATH ?? '', HOME: folder, AUTHORIZATION: `Bearer ${inject('key')}` };
    await client.connect(new StdioClientTransport({ command: process.execPath, args, env, stderr: 'ignore' }));
    expect((await client.listTools()).tools.map((tool) => tool.name)).toContain('take_snapshot');
    expectSnapshot((await client.callTool({ name: 'take_snapshot', arguments: onTill })).structuredContent);
  } finally {
    await client.close();
    await rm(folder, { recursive: true, force: true });
  }
});
