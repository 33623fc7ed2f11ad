import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type App, createApp } from '../../src/app.ts';
import type { CallRequest } from '../../src/call.ts';
import { createHttpServer } from '../../src/http/server.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { Refusal, type RefusalDetails } from '../../src/lib/refusal.ts';
import { allPrompts } from '../../src/mcp/prompts/all.ts';
import { allResources } from '../../src/mcp/resources/all.ts';
import type { Spine } from '../../src/mcp/spine.ts';
import { allTools } from '../../src/tools/all.ts';
import type { Answer } from '../../src/tools/present.ts';
import { createRegistry, type ListedTool } from '../../src/tools/registry.ts';

/** What one call looked like from the spine's side, and how it ended. */
export interface SeenCall {
  principal: Principal;
  request: CallRequest;
}

export interface World {
  url: string;
  port: number;
  app: App;
  seen: SeenCall[];
  /** Resolves when a call of `hold` has begun; its request holds the signal. */
  held(): Promise<CallRequest>;
  isReady: boolean;
}

/** Keys this bridge knows; each is a caller of its own. */
export const aliceKey = 'slk_alice';
export const bobKey = 'slk_bob';
/** A key whose check runs into a defect. */
export const brokenKey = 'slk_broken';

/** Short, so that tests see it come. */
const shortKeepAliveMs = 50;
const maxBodyBytes = 64 * 1024;

/** Runs a bridge whose spine is a few test tools, on a free loopback port, and stops it afterwards. */
export async function inWorld(
  run: (world: World) => Promise<void>,
  settings: { publicUrl?: URL; allowedOrigins?: string[]; keepAliveMs?: number } = {},
): Promise<void> {
  const seen: SeenCall[] = [];
  const waiting: ((request: CallRequest) => void)[] = [];
  const begun: CallRequest[] = [];
  const spine = testSpine(seen, (request) => {
    const waiter = waiting.shift();
    if (waiter) waiter(request);
    else begun.push(request);
  });
  const state = { isReady: true };
  const app = createApp(
    {
      config: { publicUrl: settings.publicUrl, allowedOrigins: settings.allowedOrigins ?? [], maxBodyBytes },
      log: createLog('silent'),
      services: {
        clock: systemClock,
        version: '1.2.3',
        ready: async () => ({ ok: state.isReady, checks: { storage: state.isReady } }),
      },
      registry: createRegistry(allTools),
      authenticate: async (bearer) => principalOf(bearer),
      keepAliveMs: settings.keepAliveMs ?? shortKeepAliveMs,
    },
    spine,
  );
  const server = createHttpServer(app.koa.callback(), (_request, socket) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
  );
  const port = await listen(server);
  try {
    await run({
      url: `http://127.0.0.1:${port}/mcp`,
      port,
      app,
      seen,
      held: () => {
        const request = begun.shift();
        return request ? Promise.resolve(request) : new Promise((resolve) => waiting.push(resolve));
      },
      get isReady() {
        return state.isReady;
      },
      set isReady(isReady) {
        state.isReady = isReady;
      },
    });
  } finally {
    await app.close(1_000);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function principalOf(bearer: string | undefined): Principal {
  if (bearer === undefined) throw new Refusal({ code: 'missing_token', message: 'The request has no key.', next: 'Send one.' });
  if (bearer === brokenKey) throw new Error('secret detail of a defect');
  if (bearer !== aliceKey && bearer !== bobKey) throw new Refusal({ code: 'invalid_token', message: 'The key is "unknown".' });
  return {
    org: 'acme',
    subject: `key:${bearer}`,
    name: bearer,
    kind: 'api_key',
    role: 'developer',
    scopes: ['runtime:read'],
    permissions: ['dev_api'],
    groups: [],
  };
}

function testSpine(seen: SeenCall[], begin: (request: CallRequest) => void): Spine {
  const tools: Record<string, (request: CallRequest) => Promise<Answer>> = {
    echo: async (request) => answer(request, { echoed: request.arguments }),
    refuse: async (request) =>
      refusal(request, { code: 'invalid_input', message: 'No such line.', field: 'line', next: 'Take another.' }),
    hold: async (request) => {
      begin(request);
      await aborted(request.signal);
      const { reason } = request.signal;
      return reason instanceof Refusal ? refusal(request, reason.details) : answer(request, { reason: String(reason) });
    },
    count: async (request) => {
      for (const done of [1, 1, 0, 2, 3]) await request.progress(done, 3, `${done} of 3`);
      return answer(request, { counted: true });
    },
  };
  return {
    resources: allResources,
    prompts: allPrompts,
    needsConsent: () => false,
    list: (principal) => (principal.subject === `key:${bobKey}` ? ['echo'] : Object.keys(tools).sort()).map(listed),
    call: async (principal, request) => {
      seen.push({ principal, request });
      const tool = tools[request.tool];
      if (tool === undefined) return refusal(request, { code: 'unsupported_tool', message: `There is no tool ${request.tool}.` });
      return tool(request);
    },
  };
}

function answer({ requestId }: CallRequest, own: Record<string, unknown>): Answer {
  return { isError: false, text: 'It worked.', structured: { requestId, latencyMs: { total: 1 }, ...own } };
}

function refusal({ requestId }: CallRequest, details: RefusalDetails): Answer {
  return { isError: true, text: details.message, structured: { requestId, error: { ...details } }, refusal: details };
}

function listed(name: string): ListedTool {
  return {
    name,
    title: name,
    description: `Test tool ${name}.`,
    inputSchema: { type: 'object', properties: {} },
    outputSchema: { type: 'object', properties: { requestId: { type: 'string', description: 'Id.' } } },
    annotations: { title: name, readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  };
}
