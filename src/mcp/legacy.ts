import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import type { Context } from 'koa';
import { clientName, clientOfSessionKey, newSessionKey } from './correlation.ts';
import type { Exchange, Face } from './exchange.ts';
import { instructions } from './instructions.ts';
import type { Message } from './message.ts';
import { present } from './presentation.ts';
import { getPrompt, listPrompts } from './prompts/answer.ts';
import { listResources, listTemplates } from './resources/list.ts';
import { readResource } from './resources/read.ts';
import { refuseCursor } from './rpc-failure.ts';
import { capabilities, serverInfo } from './server-info.ts';
import { runToolsCall } from './tools-call.ts';

const sessionHeader = 'Mcp-Session-Id';

/** Every server would make one of its own, which costs more than all the rest of a call; nothing here ever asks it. */
const jsonSchemaValidator = new AjvJsonSchemaValidator();

/** Serves one message of the revisions 2024-10-07 to 2025-11-25. */
export type Leg = (ctx: Context, message: Message, exchange: Exchange) => Promise<void>;

/**
 * The 2025 era through the v1 SDK: a server and a transport per POST, nothing kept between requests but who can be cancelled. The
 * low-level `Server` is deliberate: `McpServer` converts every schema again on each `tools/list`.
 */
export function createLegacyLeg(face: Face): Leg {
  const { cancellations } = face;
  return async (ctx, message, caller) => {
    const session = ctx.get(sessionHeader);
    if (message.method === 'notifications/cancelled') {
      cancellations.cancel(caller.principal, session, message.params.requestId);
      ctx.status = 202;
      return;
    }
    const client = message.method === 'initialize' ? clientName(message.params.clientInfo) : clientOfSessionKey(session);
    if (message.method === 'initialize') ctx.set(sessionHeader, newSessionKey(client));
    const server = createServer(face, { ...caller, client: client ?? caller.client });
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: undefined,
      keepAliveMs: face.keepAliveMs,
      // A JSON answer drops progress, has no keep-alives, and Node's fetch gives up on its headers after 300 s.
      enableJsonResponse: message.method !== 'tools/call',
    });
    const stop = () => {
      unwatch();
      void transport.close();
      void server.close();
    };
    const unwatch = message.id === undefined ? () => undefined : cancellations.watch(caller.principal, session, message.id, stop);
    ctx.res.once('close', stop);
    await server.connect(transport);
    ctx.respond = false;
    await transport.handleRequest(ctx.req, ctx.res, message.body);
  };
}

function createServer(face: Face, exchange: Exchange): Server {
  const server = new Server(serverInfo(face.version), { capabilities, instructions, jsonSchemaValidator });
  server.onerror = (error) => face.log.debug({ err: error, requestId: exchange.requestId }, 'legacy MCP exchange');
  server.setRequestHandler(ListToolsRequestSchema, async (request) => {
    refuseCursor(request.params?.cursor, exchange.requestId);
    return { tools: face.spine.list(exchange.principal) };
  });
  // An unknown tool is a result here, not a JSON-RPC error: the v1 SDK's own servers answer so, and hosts of this era show results to the
  // model, which can then pick another tool, but end the turn on protocol errors.
  server.setRequestHandler(CallToolRequestSchema, async (request, extra) => {
    const progressToken = extra._meta?.progressToken;
    const answer = await runToolsCall(face, exchange, {
      name: request.params.name,
      arguments: request.params.arguments,
      rpcId: extra.requestId,
      signal: extra.signal,
      sendProgress:
        progressToken === undefined
          ? undefined
          : (progress) => extra.sendNotification({ method: 'notifications/progress', params: { progressToken, ...progress } }),
    });
    return present(answer, exchange);
  });
  serveResources(server, face, exchange);
  servePrompts(server, face, exchange);
  return server;
}

function serveResources(server: Server, face: Face, exchange: Exchange): void {
  server.setRequestHandler(ListResourcesRequestSchema, (request, extra) =>
    listResources(face, exchange, request.params?.cursor, extra.signal),
  );
  server.setRequestHandler(ListResourceTemplatesRequestSchema, async (request) => {
    refuseCursor(request.params?.cursor, exchange.requestId);
    return listTemplates(face.spine.resources);
  });
  server.setRequestHandler(ReadResourceRequestSchema, (request, extra) =>
    readResource(face, exchange, request.params.uri, extra.signal),
  );
}

function servePrompts(server: Server, face: Face, exchange: Exchange): void {
  server.setRequestHandler(ListPromptsRequestSchema, async (request) => {
    refuseCursor(request.params?.cursor, exchange.requestId);
    return listPrompts(face.spine.prompts);
  });
  server.setRequestHandler(GetPromptRequestSchema, async ({ params }) =>
    getPrompt(face.spine.prompts, params.name, params.arguments ?? {}, exchange.requestId),
  );
}
