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

/** What the tests read of a resource. */
export interface ReadText {
  uri: string;
  mimeType?: string;
  text: string;
  _meta?: Record<string, unknown>;
}

/** What the tests ask of a client, whichever SDK it comes from. */
export interface TestClient {
  server: { name: string; version: string; icons?: { src: string }[] } | undefined;
  instructions: string | undefined;
  list(): Promise<{ name: string; outputSchema?: unknown }[]>;
  call(name: string, args: Record<string, unknown>, options?: CallOptions): Promise<CallResult>;
  resources(cursor?: string): Promise<{ resources: { uri: string; name: string; title?: string }[]; nextCursor?: string }>;
  templates(): Promise<string[]>;
  read(uri: string): Promise<ReadText[]>;
  prompts(): Promise<{ name: string; arguments?: { name: string; required?: boolean }[] }[]>;
  prompt(name: string, args: Record<string, string>): Promise<string>;
  close(): Promise<void>;
}

const version = '9.8.7';
const defaultName = 'test-client';
const withKey = (key: string) => ({ requestInit: { headers: { Authorization: `Bearer ${key}` } } });

async function connectLegacy(url: string, key: string, name = defaultName): Promise<TestClient> {
  const client = new LegacyClient({ name, version });
  await client.connect(new LegacyTransport(new URL(url), withKey(key)));
  return {
    server: client.getServerVersion(),
    instructions: client.getInstructions(),
    list: async () => (await client.listTools()).tools,
    call: async (name, args, options) =>
      (await client.callTool({ name, arguments: args }, CallToolResultSchema, options)) as CallResult,
    ...cataloguesOf(client),
    close: () => client.close(),
  };
}

function connectModern(mode: VersionNegotiationMode) {
  return async (url: string, key: string, name = defaultName): Promise<TestClient> => {
    const client = new ModernClient({ name, version }, { versionNegotiation: { mode } });
    await client.connect(new ModernTransport(new URL(url), withKey(key)));
    return {
      server: client.getServerVersion(),
      instructions: client.getInstructions(),
      list: async () => (await client.listTools()).tools,
      call: async (name, args, options) => (await client.callTool({ name, arguments: args }, options)) as CallResult,
      ...cataloguesOf(client),
      close: () => client.close(),
    };
  };
}

/** Resources and prompts, which both SDKs ask for in the same way. */
function cataloguesOf(
  client: LegacyClient | ModernClient,
): Pick<TestClient, 'resources' | 'templates' | 'read' | 'prompts' | 'prompt'> {
  return {
    resources: async (cursor) =>
      (await client.listResources(cursor === undefined ? {} : { cursor })) as Awaited<ReturnType<TestClient['resources']>>,
    templates: async () => (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    read: async (uri) => (await client.readResource({ uri })).contents as ReadText[],
    prompts: async () => (await client.listPrompts()).prompts as Awaited<ReturnType<TestClient['prompts']>>,
    prompt: async (name, args) => {
      const { messages } = await client.getPrompt({ name, arguments: args });
      return messages.map(({ content }) => (content.type === 'text' ? content.text : '')).join();
    },
  };
}

/** Every way a client of today speaks to us. */
export const clients = [
  { name: 'the v1 SDK', era: 'legacy', connect: connectLegacy },
  { name: 'the v2 SDK in its 2025 era', era: 'legacy', connect: connectModern('legacy') },
  { name: 'the v2 SDK choosing by itself', era: 'modern', connect: connectModern('auto') },
  { name: 'the v2 SDK pinned to 2026-07-28', era: 'modern', connect: connectModern({ pin: '2026-07-28' }) },
] as const;
