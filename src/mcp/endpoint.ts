import { classifyInboundRequest } from '@modelcontextprotocol/server';
import type { CallerState, HttpMiddleware } from '../http/state.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { acceptAll } from './accept.ts';
import { clientName } from './correlation.ts';
import type { Face } from './exchange.ts';
import { createLegacyLeg } from './legacy.ts';
import { readMessage } from './message.ts';
import { clientInfoOf, createModernLeg } from './modern.ts';
import { OpenCalls, shuttingDown } from './open-calls.ts';
import type { Spine } from './spine.ts';

/** Keeps a silent stream through proxies that cut after 60 s, with room for a lost packet. */
const defaultKeepAliveMs = 10_000;

/** What the endpoint needs of the bridge. */
export interface EndpointSettings {
  spine: Spine;
  version: string;
  maxBodyBytes: number;
  log: Log;
  clock: Clock;
  keepAliveMs: number | undefined;
}

/** `/mcp`, and how to take it down. */
export interface Endpoint {
  serve: HttpMiddleware<CallerState>;
  isDraining(): boolean;
  /** Ends waits with an answer, refuses new requests with 503, and resolves when all calls have answered or after `maxDrainMs`. */
  close(maxDrainMs: number): Promise<void>;
}

/** One stateless endpoint for every revision of MCP: the message itself says which era it belongs to. */
export function createEndpoint(settings: EndpointSettings): Endpoint {
  const calls = new OpenCalls();
  const face: Face = { ...settings, keepAliveMs: settings.keepAliveMs ?? defaultKeepAliveMs, calls };
  const legacy = createLegacyLeg(face);
  const modern = createModernLeg(face);
  return {
    async serve(ctx) {
      if (calls.isDraining) throw shuttingDown();
      if (calls.isFull) throw full();
      acceptAll(ctx.req);
      const message = await readMessage(ctx, settings.maxBodyBytes);
      const route = classifyInboundRequest({
        httpMethod: ctx.method,
        body: message.body,
        protocolVersionHeader: header(ctx.get('MCP-Protocol-Version')),
        mcpMethodHeader: header(ctx.get('Mcp-Method')),
        mcpNameHeader: header(ctx.get('Mcp-Name')),
      });
      if (message.method === 'tools/call') calls.enter(ctx.res);
      const leg = route.kind === 'legacy' ? legacy : modern.serve;
      await leg(ctx, message, {
        principal: ctx.state.principal,
        requestId: ctx.state.requestId,
        address: ctx.req.socket.remoteAddress,
        client: clientName(clientInfoOf(message)) ?? clientName({ name: ctx.get('User-Agent') }),
      });
    },
    isDraining: () => calls.isDraining,
    async close(maxDrainMs) {
      await calls.drain(settings.clock, maxDrainMs);
      await modern.close();
    },
  };
}

function header(value: string): string | undefined {
  return value === '' ? undefined : value;
}

function full(): Refusal {
  return new Refusal({
    code: 'unavailable',
    message: 'The bridge holds as many open calls as it can.',
    next: 'Try again in a few seconds.',
  });
}
