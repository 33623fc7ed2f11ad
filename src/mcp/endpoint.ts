import { classifyInboundRequest } from '@modelcontextprotocol/server';
import type { Context } from 'koa';
import { bodyBytes } from '../http/body.ts';
import type { OpenCalls } from '../http/open-calls.ts';
import type { CallerState, HttpMiddleware } from '../http/state.ts';
import type { Log } from '../lib/log.ts';
import type { Cancellations } from '../replicas/cancellations.ts';
import { sentIn } from '../telemetry/tracing.ts';
import { acceptAll } from './accept.ts';
import { clientName } from './correlation.ts';
import type { Exchange, Face } from './exchange.ts';
import { createLegacyLeg } from './legacy.ts';
import { metaOf, readMessage } from './message.ts';
import { clientInfoOf, createModernLeg } from './modern.ts';
import type { Spine } from './spine.ts';
import { stepUp } from './step-up.ts';

/** Keeps a silent stream through proxies that cut after 60 s, with room for a lost packet. */
const defaultKeepAliveMs = 10_000;

/** What a message without `MCP-Protocol-Version` counts as, says the revision that brought the header. */
const impliedRevision = '2025-03-26';

/** Methods answered by a tool call, which a shutdown ends with an answer. */
const methodsThatCall = new Set(['tools/call', 'resources/list', 'resources/read']);

/** What the endpoint needs of the bridge. */
export interface EndpointSettings {
  spine: Spine;
  version: string;
  maxBodyBytes: number;
  log: Log;
  /** The calls under way in this process, whichever face they came through. */
  calls: OpenCalls;
  /** Requests that their callers may give up. */
  cancellations: Cancellations;
  keepAliveMs: number | undefined;
  /** Where clients learn who lets people in (RFC 9728). */
  resourceMetadata?(ctx: Context): string | undefined;
}

/** `/mcp`, and how to take it down. */
export interface Endpoint {
  serve: HttpMiddleware<CallerState>;
  /** Ends the streams that no call holds. */
  close(): Promise<void>;
}

/** One stateless endpoint for every revision of MCP: the message itself says which era it belongs to. */
export function createEndpoint(settings: EndpointSettings): Endpoint {
  const { calls } = settings;
  const face: Face = { ...settings, keepAliveMs: settings.keepAliveMs ?? defaultKeepAliveMs };
  const legacy = createLegacyLeg(face);
  const modern = createModernLeg(face);
  return {
    async serve(ctx) {
      calls.admit();
      acceptAll(ctx.req);
      const message = await readMessage(ctx, settings.maxBodyBytes);
      const route = classifyInboundRequest({
        httpMethod: ctx.method,
        body: message.body,
        protocolVersionHeader: header(ctx.get('MCP-Protocol-Version')),
        mcpMethodHeader: header(ctx.get('Mcp-Method')),
        mcpNameHeader: header(ctx.get('Mcp-Name')),
      });
      const { turn } = ctx.state;
      if (message.method !== undefined && methodsThatCall.has(message.method)) calls.enter(ctx.res, bodyBytes(ctx));
      const leg = route.kind === 'legacy' ? legacy : modern.serve;
      const exchange: Exchange = {
        principal: ctx.state.principal,
        requestId: ctx.state.requestId,
        turn,
        address: ctx.state.address,
        client: clientName(clientInfoOf(message)) ?? clientName({ name: ctx.get('User-Agent') }),
        revision: ctx.get('MCP-Protocol-Version') || impliedRevision,
        resourceMetadata: settings.resourceMetadata?.(ctx),
        trace: { message: sentIn(metaOf(message)), request: sentIn(ctx.headers) },
      };
      await stepUp(face, ctx, message, exchange);
      await leg(ctx, message, exchange);
    },
    close: modern.close,
  };
}

function header(value: string): string | undefined {
  return value === '' ? undefined : value;
}
