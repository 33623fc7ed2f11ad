import { isLoopbackConnection, isLoopbackName } from '../lib/loopback.ts';
import { Refusal } from '../lib/refusal.ts';
import type { HttpMiddleware } from './state.ts';

/**
 * Refuses web pages of foreign origins with 403 (MCP transports, security warning). Programs send no Origin and pass. A page
 * of this machine passes on a loopback connection, whatever its port: local inspectors are such pages.
 */
export function knownOrigin(allowedOrigins: readonly string[]): HttpMiddleware {
  const allowed = new Set(allowedOrigins);
  return async (ctx, next) => {
    const origin = ctx.get('Origin');
    if (origin !== '' && !allowed.has(origin) && !(isLoopbackOrigin(origin) && isLoopbackConnection(ctx.req.socket))) {
      throw new Refusal({
        code: 'forbidden_origin',
        message: 'A web page of this origin may not call the bridge.',
        next: 'Its operator can allow the origin with SIDELIGHT_ALLOWED_ORIGINS.',
      });
    }
    await next();
  };
}

function isLoopbackOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  return (url.protocol === 'http:' || url.protocol === 'https:') && isLoopbackName(url.hostname);
}
