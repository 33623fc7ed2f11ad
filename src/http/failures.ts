import type { Context } from 'koa';
import type { Log } from '../lib/log.ts';
import { Refusal, type RefusalDetails, refusals } from '../lib/refusal.ts';
import type { HttpMiddleware, RequestState } from './state.ts';

/** How one part of the HTTP side words a refusal; `/mcp` says it in JSON-RPC. */
export type Wording = (details: RefusalDetails, requestId: string) => object;

const plain: Wording = (details, requestId) => ({ ...details, requestId });

/**
 * Turns whatever is thrown below into JSON with a code and the request id. A refusal is worded as asked; anything else is
 * a bug, so the log gets the details and the caller none of them.
 */
export function failures(log: Log, wording: Wording = plain): HttpMiddleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      // The client left while it was still sending, or before anybody had read what it sent.
      if (ctx.req.destroyed && (!ctx.req.complete || error === ctx.req.errored)) return;
      const details = error instanceof Refusal ? error.details : internalError(log, ctx.state, error);
      ctx.state.refused = details.code;
      const seconds = details.data?.retryAfterSeconds;
      if (typeof seconds === 'number' && !ctx.headerSent) ctx.set('Retry-After', String(seconds));
      answer(ctx, refusals[details.code].status, wording(details, ctx.state.requestId));
    }
  };
}

/** Answers every path that no router took. */
export function notFound(): HttpMiddleware {
  return (ctx) => {
    throw new Refusal({ code: 'not_found', message: `There is nothing at ${ctx.path}.`, next: 'MCP clients connect to /mcp.' });
  };
}

function internalError(log: Log, state: RequestState, error: unknown): RefusalDetails {
  log.error({ err: error, requestId: state.requestId }, 'request failed');
  return { code: 'internal_error', message: 'The bridge failed to answer; its log names the reason under the request id.' };
}

function answer(ctx: Context, status: number, body: object): void {
  // A leg that answers by itself has switched Koa off. Before its headers went out Koa can still answer; after, only hang up.
  if (ctx.headerSent) {
    ctx.res.destroy();
    return;
  }
  ctx.respond = true;
  ctx.status = status;
  ctx.body = body;
}
