import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
  UnauthorizedError as ModernUnauthorized,
} from '@modelcontextprotocol/client';
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { createBrowser } from './sign-in/browser.ts';

export const redirectUri = 'http://127.0.0.1:9/callback';

/** What a client keeps between its runs. */
export interface Kept {
  tokens?: { access_token: string; refresh_token?: string; scope?: string } | undefined;
  client?: { client_id: string } | undefined;
  verifier: string;
  /** What it learnt of the bridge's authorization server. */
  discovery?: unknown;
  /** Where it sent the person, all of them. */
  asked: URL[];
}

/** How a client's person gets to consent, and what the client says of itself. */
export interface Way {
  redirectUri: string;
  /** The person's way through the browser; answers with the parameters of the redirect. */
  signIn(url: URL): Promise<URLSearchParams>;
  name?: string;
  /** Where the client's document lies; without one it registers itself. */
  documentUrl?: string;
}

/** A client that signs its person in whenever it is told to. */
export interface SigningClient {
  kept: Kept;
  /** Connects, over as many sign-ins as the client asks for. */
  connect(): Promise<void>;
  call(tool: string, args?: Record<string, unknown>): Promise<{ isError?: boolean; structuredContent?: unknown }>;
  close(): Promise<void>;
}

interface Transport {
  finishAuth(params: URLSearchParams | string): Promise<void>;
}

const usualWay: Way = { redirectUri, signIn: (url) => signIn(url) };

function providerOf(kept: Kept, { redirectUri, name = 'Test client', documentUrl }: Way) {
  return {
    redirectUrl: redirectUri,
    clientMetadata: { client_name: name, redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' },
    ...(documentUrl !== undefined && { clientMetadataUrl: documentUrl }),
    clientInformation: () => kept.client,
    saveClientInformation(client: { client_id: string }) {
      kept.client = client;
    },
    tokens: () => kept.tokens,
    saveTokens(tokens: Kept['tokens']) {
      kept.tokens = tokens;
    },
    redirectToAuthorization(url: URL) {
      kept.asked.push(url);
    },
    saveCodeVerifier(verifier: string) {
      kept.verifier = verifier;
    },
    codeVerifier: () => kept.verifier,
    saveDiscoveryState(state: unknown) {
      kept.discovery = state;
    },
    discoveryState: () => kept.discovery,
    invalidateCredentials(what: string) {
      if (what === 'all' || what === 'tokens') kept.tokens = undefined;
      if (what === 'all' || what === 'client') kept.client = undefined;
    },
  };
}

/** The person's way through the browser; answers with the parameters of the redirect. */
export async function signIn(url: URL, browser = createBrowser()): Promise<URLSearchParams> {
  const page = await browser.open(url.href, (to) => to.pathname === '/callback');
  if (page.url.pathname !== '/callback') throw new Error(`The sign-in ended at ${page.url.href}: ${page.status} ${page.html}`);
  return new URLSearchParams(page.url.search || page.url.hash.slice(1));
}

function signing<C extends { close(): Promise<void> }>(
  open: (provider: ReturnType<typeof providerOf>) => { client: C; transport: Transport; connect(): Promise<void> },
  call: (client: C, tool: string, args: Record<string, unknown>) => Promise<unknown>,
  Unauthorized: new (...args: never[]) => Error,
  finish: (params: URLSearchParams) => URLSearchParams | string,
) {
  return (kept: Kept = { asked: [], verifier: '' }, way = usualWay): SigningClient => {
    let current: ReturnType<typeof open> | undefined;
    /** Does it, and once more after each sign-in that it turned out to need. */
    async function withSignIn<T>(work: () => Promise<T>): Promise<T> {
      try {
        return await work();
      } catch (problem) {
        if (!(problem instanceof Unauthorized)) throw problem;
        const asked = kept.asked.at(-1);
        if (asked === undefined) throw problem;
        await current?.transport.finishAuth(finish(await way.signIn(asked)));
        return await work();
      }
    }
    return {
      kept,
      async connect() {
        await withSignIn(async () => {
          current = open(providerOf(kept, way));
          await current.connect();
        });
      },
      async call(tool, args = {}) {
        return (await withSignIn(() => call(current?.client as C, tool, args))) as { isError?: boolean };
      },
      close: async () => current?.client.close(),
    };
  };
}

/** A client of the v1 SDK with a sign-in. */
export const legacyClient = (mcpUrl: string, kept?: Kept, way?: Way) =>
  signing(
    (provider) => {
      const client = new LegacyClient({ name: 'signing', version: '1.0.0' });
      const transport = new LegacyTransport(new URL(mcpUrl), { authProvider: provider as OAuthClientProvider });
      return { client, transport: transport as unknown as Transport, connect: () => client.connect(transport) };
    },
    (client, name, args) => client.callTool({ name, arguments: args }),
    UnauthorizedError,
    (params) => params.get('code') ?? '',
  )(kept, way);

/** A client of the v2 SDK with a sign-in. */
export const modernClient = (mcpUrl: string, kept?: Kept, way?: Way) =>
  signing(
    (provider) => {
      const client = new ModernClient({ name: 'signing', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
      const transport = new ModernTransport(new URL(mcpUrl), { authProvider: provider as never });
      return { client, transport: transport as unknown as Transport, connect: () => client.connect(transport) };
    },
    (client, name, args) => client.callTool({ name, arguments: args }),
    ModernUnauthorized,
    (params) => params,
  )(kept, way);
