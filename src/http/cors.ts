import type { HttpMiddleware } from './state.ts';

/** What clients in web pages send beyond the headers every page may send. */
const allowedHeaders = [
  ...['Authorization', 'Content-Type', 'Last-Event-ID'],
  ...['MCP-Protocol-Version', 'Mcp-Session-Id', 'Mcp-Method', 'Mcp-Name', 'traceparent', 'tracestate'],
].join(', ');
/** What they read beyond the headers every page may read. */
const exposedHeaders = 'Mcp-Session-Id, WWW-Authenticate, X-Request-Id, traceresponse, Location, Retry-After';
/** GET and DELETE too: the page then sees their 405, which clients expect, instead of a network error. */
const allowedMethods = 'POST, GET, DELETE';
/** How long a browser may remember this; two hours is the most Chromium does. */
const maxAgeSeconds = 7_200;

/**
 * Lets web pages read the answers (Fetch standard, CORS protocol). It comes after `knownOrigin`, so whichever origin is seen here
 * is allowed. Answers preflights itself, before anybody asks for a key: browsers send them without one.
 */
export function cors(): HttpMiddleware {
  return async (ctx, next) => {
    ctx.vary('Origin');
    const origin = ctx.get('Origin');
    if (origin === '') return next();
    ctx.set('Access-Control-Allow-Origin', origin);
    if (ctx.method !== 'OPTIONS' || ctx.get('Access-Control-Request-Method') === '') {
      ctx.set('Access-Control-Expose-Headers', exposedHeaders);
      return next();
    }
    ctx.set('Access-Control-Allow-Methods', allowedMethods);
    ctx.set('Access-Control-Allow-Headers', allowedHeaders);
    ctx.set('Access-Control-Max-Age', String(maxAgeSeconds));
    ctx.status = 204;
  };
}
