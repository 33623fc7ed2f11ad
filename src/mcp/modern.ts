import { toNodeHandler } from '@modelcontextprotocol/node';
import { type AuthInfo, createMcpHandler, ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server';
import type { Context } from 'koa';
import type { Exchange, Face } from './exchange.ts';
import { instructions } from './instructions.ts';
import type { Leg } from './legacy.ts';
import type { Message } from './message.ts';
import { present } from './presentation.ts';
import { getPrompt, listPrompts } from './prompts/answer.ts';
import { listResources, listTemplates } from './resources/list.ts';
import { readResource } from './resources/read.ts';
import { refuseCursor } from './rpc-failure.ts';
import { capabilities, serverInfo } from './server-info.ts';
import { runToolsCall } from './tools-call.ts';

/** How long a client may keep a list; a restart may bring other policies, so not for long. */
const listTtlMs = 60_000;

/** What changes with every hit is not kept at all, and nothing is shared between callers but what is the same for all. */
const cacheHints = {
  'tools/list': { ttlMs: listTtlMs, cacheScope: 'private' },
  'resources/list': { ttlMs: 0, cacheScope: 'private' },
  'resources/read': { ttlMs: 0, cacheScope: 'private' },
  'resources/templates/list': { ttlMs: listTtlMs, cacheScope: 'public' },
  'prompts/list': { ttlMs: listTtlMs, cacheScope: 'public' },
} as const;

/** Open `subscriptions/listen` streams in one process; each holds a connection. */
const maxSubscriptions = 200;

/** The modern leg, and how to end the streams it holds. */
export interface ModernLeg {
  serve: Leg;
  close(): Promise<void>;
}

/** The 2026-07-28 era through the v2 SDK: closing the response is cancelling, so nothing is kept between requests at all. */
export function createModernLeg(face: Face): ModernLeg {
  // The SDK passes this object through to the factory untouched; what belongs to it travels beside it.
  const exchanges = new WeakMap<AuthInfo, Exchange>();
  const factory = ({ authInfo }: { authInfo?: AuthInfo }) => {
    const exchange = authInfo && exchanges.get(authInfo);
    if (exchange === undefined) throw new Error('A modern MCP exchange lost its caller');
    return createServer(face, exchange);
  };
  const onerror = (error: Error) => face.log.debug({ err: error }, 'modern MCP exchange');
  const options = { legacy: 'reject', keepAliveMs: face.keepAliveMs, maxSubscriptions, onerror } as const;
  // A call streams from the start: a JSON answer drops progress, and Node's fetch gives up on its headers after 300 s.
  const streaming = createMcpHandler(factory, { ...options, responseMode: 'sse' });
  const plain = createMcpHandler(factory, { ...options, responseMode: 'auto' });
  const serveStreaming = toNodeHandler(streaming, { onerror });
  const servePlain = toNodeHandler(plain, { onerror });
  return {
    async serve(ctx, message, exchange) {
      const auth: AuthInfo = { token: '', clientId: exchange.principal.subject, scopes: exchange.principal.scopes };
      exchanges.set(auth, exchange);
      ctx.respond = false;
      const serve = message.method === 'tools/call' ? serveStreaming : servePlain;
      await serve(Object.assign(ctx.req, { auth }), responseSink(ctx), message.body);
    },
    async close() {
      await Promise.all([streaming.close(), plain.close()]);
    },
  };
}

function createServer(face: Face, exchange: Exchange): Server {
  const server = new Server(serverInfo(face.version), {
    capabilities,
    instructions,
    cacheHints,
  });
  server.setRequestHandler('tools/list', async (request) => {
    refuseCursor(request.params?.cursor, exchange.requestId);
    return { tools: face.spine.list(exchange.principal) };
  });
  server.setRequestHandler('tools/call', async (request, context) => {
    const progressToken = context.mcpReq._meta?.progressToken;
    const answer = await runToolsCall(face, exchange, {
      name: request.params.name,
      arguments: request.params.arguments,
      rpcId: context.mcpReq.id,
      signal: context.mcpReq.signal,
      sendProgress:
        progressToken === undefined
          ? undefined
          : (progress) => context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...progress } }),
    });
    // The specification of this era wants an unknown tool as a protocol error; conformance counts a result as a violation.
    if (answer.refusal?.code === 'unsupported_tool') {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, answer.text, { ...answer.refusal, requestId: exchange.requestId });
    }
    return present(answer, exchange);
  });
  serveResources(server, face, exchange);
  servePrompts(server, face, exchange);
  return server;
}

function serveResources(server: Server, face: Face, exchange: Exchange): void {
  server.setRequestHandler('resources/list', (request, context) =>
    listResources(face, exchange, request.params?.cursor, context.mcpReq.signal),
  );
  server.setRequestHandler('resources/templates/list', async (request) => {
    refuseCursor(request.params?.cursor, exchange.requestId);
    return listTemplates(face.spine.resources);
  });
  server.setRequestHandler('resources/read', (request, context) =>
    readResource(face, exchange, request.params.uri, context.mcpReq.signal),
  );
}

function servePrompts(server: Server, face: Face, exchange: Exchange): void {
  server.setRequestHandler('prompts/list', async (request) => {
    refuseCursor(request.params?.cursor, exchange.requestId);
    return listPrompts(face.spine.prompts);
  });
  server.setRequestHandler('prompts/get', async ({ params }) =>
    getPrompt(face.spine.prompts, params.name, params.arguments ?? {}, exchange.requestId),
  );
}

/** The part of a response the SDK writes to. It sends headers only with the first frame, which can be seconds away, so they are pushed. */
function responseSink({ res }: Context): Parameters<ReturnType<typeof toNodeHandler>>[1] {
  return {
    writeHead(status, headers) {
      res.writeHead(status, { ...headers, 'cache-control': 'no-store, no-transform' });
      res.flushHeaders();
    },
    write: (chunk) => res.write(chunk),
    end: (chunk) => res.end(chunk),
    on: (event, listener) => res.on(event, listener),
    get destroyed() {
      return res.destroyed;
    },
  };
}

/** The client's self-description, which every modern request carries. */
export function clientInfoOf(message: Message): unknown {
  const meta = message.params._meta;
  return typeof meta === 'object' && meta !== null ? Reflect.get(meta, 'io.modelcontextprotocol/clientInfo') : undefined;
}
