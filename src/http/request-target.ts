import type { Context } from 'koa';
import { Refusal } from '../lib/refusal.ts';
import type { HttpMiddleware } from './state.ts';

/**
 * Refuses what is neither a path nor a URL as the target of a request, as `GET http://[`: whoever asks Koa for the path of it gets a
 * `TypeError`. `OPTIONS *` asks about the server as a whole (RFC 9110, 9.3.7) and is answered as every path that there is not.
 */
export function requestTarget(): HttpMiddleware {
  return async (ctx, next) => {
    if (!isReadable(ctx)) {
      throw new Refusal({
        code: 'invalid_input',
        message: 'The target of the request is neither a path nor a URL.',
        next: 'Send a path that begins with a slash.',
      });
    }
    await next();
  };
}

function isReadable(ctx: Context): boolean {
  const target = ctx.req.url ?? '';
  const isOfServer = target === '*' && ctx.method === 'OPTIONS';
  if (!target.startsWith('/') && !isOfServer && !URL.canParse(target)) return false;
  try {
    // Koa reads it by an older parser, which throws for other hosts.
    return ctx.path !== '';
  } catch {
    return false;
  }
}
