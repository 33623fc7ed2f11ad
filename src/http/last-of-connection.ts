import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { HttpMiddleware } from './state.ts';

/**
 * Ends each connection with its answer while the bridge goes down (RFC 9112, 9.6): a client that keeps one open would send its next request
 * here, into a connection that is closed at that moment, and could not know whether it was carried out.
 */
export function lastOfConnection(isLeaving: () => boolean): HttpMiddleware {
  return async (ctx, next) => {
    if (isLeaving()) sayClose(ctx.res);
    await next();
  };
}

/** Whatever else is written: the SDKs of MCP say keep-alive of every stream. */
function sayClose(response: ServerResponse): void {
  response.setHeader('Connection', 'close');
  const write = response.writeHead.bind(response);
  response.writeHead = (status: number, ...rest: unknown[]) => {
    const headers = rest.at(-1);
    if (typeof headers !== 'object' || headers === null) return write(status);
    const others = Object.entries(headers as OutgoingHttpHeaders).filter(([name]) => name.toLowerCase() !== 'connection');
    return write(status, Object.fromEntries(others));
  };
}
