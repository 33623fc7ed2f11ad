import { Client as ModernClient, type VersionNegotiationMode } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import type { CallOptions, CallResult } from '../mcp/clients.ts';
import { cli } from './sidelight.ts';

/** What the tests ask of a client that started `sidelight stdio`. */
export interface StdioClient {
  version: string | undefined;
  names(of: 'tools' | 'prompts' | 'resources'): Promise<string[]>;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<CallResult>;
  close(): Promise<void>;
  /** What the command said to people so far. */
  stderr(): string;
}

const self = { name: 'stdio-client', version: '1.0.0' };
const started = (baseUrl: string, key: string) => ({
  command: process.execPath,
  args: [cli, 'stdio'],
  env: { SIDELIGHT_BASE_URL: baseUrl, SIDELIGHT_API_KEY: key },
  stderr: 'pipe' as const,
});

async function connectLegacy(baseUrl: string, key: string): Promise<StdioClient> {
  const client = new LegacyClient(self);
  const transport = new LegacyTransport(started(baseUrl, key));
  const stderr = kept(transport);
  await connected(client.connect(transport), client, stderr);
  return {
    ...{ version: client.getServerVersion()?.version, names: namesOf(client), stderr },
    call: async (name, args = {}, options) =>
      (await client.callTool({ name, arguments: args }, CallToolResultSchema, options)) as CallResult,
    close: () => client.close(),
  };
}

function connectModern(mode: VersionNegotiationMode) {
  return async (baseUrl: string, key: string): Promise<StdioClient> => {
    const client = new ModernClient(self, { versionNegotiation: { mode } });
    const transport = new ModernTransport(started(baseUrl, key));
    const stderr = kept(transport);
    await connected(client.connect(transport), client, stderr);
    return {
      ...{ version: client.getServerVersion()?.version, names: namesOf(client), stderr },
      call: async (name, args = {}, options) => (await client.callTool({ name, arguments: args }, options)) as CallResult,
      close: () => client.close(),
    };
  };
}

/** How clients of today start a local server. The pinned one words every failure of its first question in the same way. */
export const stdioClients = [
  { name: 'the v1 SDK', connect: connectLegacy },
  { name: 'the v2 SDK choosing by itself', connect: connectModern('auto') },
  { name: 'the v2 SDK pinned to 2026-07-28', connect: connectModern({ pin: '2026-07-28' }), failure: /did not offer pinned/ },
];

function kept(transport: LegacyTransport | ModernTransport): () => string {
  let said = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return () => said;
}

/** A client that could not connect leaves its process to us; some say less of the reason than the command itself. */
async function connected(connecting: Promise<void>, client: { close(): Promise<void> }, stderr: () => string): Promise<void> {
  await connecting.catch(async (problem: Error) => {
    await client.close();
    throw new Error(`${problem.message}\n${stderr()}`);
  });
}

function namesOf(client: LegacyClient | ModernClient): StdioClient['names'] {
  const lists = {
    tools: async () => (await client.listTools()).tools,
    prompts: async () => (await client.listPrompts()).prompts,
    resources: async () => (await client.listResources()).resources,
  };
  return async (of) => (await lists[of]()).map(({ name }) => name);
}
