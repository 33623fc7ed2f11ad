import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';

export interface CallOptions {
  signal?: AbortSignal;
  timeout?: number;
  onprogress?: (progress: { progress: number; total?: number; message?: string }) => void;
}

export interface CallResult {
  content: unknown;
  structuredContent?: unknown;
  isError?: boolean;
  _meta?: Record<string, unknown>;
}

/** What the tests ask of a client, whichever SDK it comes from. */
export interface TestClient {
  server: { name: string; version: string } | undefined;
  instructions: string | undefined;
  list(): Promise<{ name: string; outputSchema?: unknown }[]>;
  call(name: string, args: Record<string, unknown>, options?: CallOptions): Promise<CallResult>;
  close(): Promise<void>;
}

const self = { name: 'test-client', version: '9.8.7' };
const withKey = (key: string) => ({ requestInit: { headers: { Authorization: `Bearer ${key}` } } });

async function connectLegacy(url: string, key: string): Promise<TestClient> {
  const client = new LegacyClient(self);
  await client.connect(new LegacyTransport(new URL(url), withKey(key)));
  return {
    server: client.getServerVersion(),
    instructions: client.getInstructions(),
    list: async () => (await client.listTools()).tools,
    call: async (name, args, options) =>
      (await client.callTool({ name, arguments: args }, CallToolResultSchema, options)) as CallResult,
    close: () => client.close(),
  };
}

function connectModern(mode: VersionNegotiationMode) {
  return async (url: string, key: string): Promise<TestClient> => {
    const client = new ModernClient(self, { versionNegotiation: { mode } });
    await client.connect(new ModernTransport(new URL(url), withKey(key)));
    return {
      server: client.getServerVersion(),
      instructions: client.getInstructions(),
      list: async () => (await client.listTools()).tools,
      call: async (name, args, options) => (await client.callTool({ name, arguments: args }, options)) as CallResult,
      close: () => client.close(),
    };
  };
}

/** Every way a client of today speaks to us. */
export const clients = [
  { name: 'the v1 SDK', era: 'legacy', connect: connectLegacy },
  { name: 'the v2 SDK in its 2025 era', era: 'legacy', connect: connectModern('legacy') },
  { name: 'the v2 SDK choosing by itself', era: 'modern', connect: connectModern('auto') },
  { name: 'the v2 SDK pinned to 2026-07-28', era: 'modern', connect: connectModern({ pin: '2026-07-28' }) },
] as const;
