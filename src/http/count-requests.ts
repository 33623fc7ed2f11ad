import type { IncomingMessage } from 'node:http';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { HttpMiddleware } from './state.ts';

/** The parts of the bridge, by how their paths begin. */
const routes = [
  ['mcp', /^\/mcp(?:\/|$)/i],
  ['api', /^\/api(?:\/|$)/i],
  ['agent', /^\/agent(?:\/|$)/i],
  ['oauth', /^\/(?:oauth|\.well-known)(?:\/|$)/i],
  ['health', /^\/(?:healthz|readyz)\/?$/i],
] as const;

/**
 * Counts every request when it has ended, whatever stage answered it. First of all stages: most of what goes wrong in an outage is refused
 * before a tool is known.
 */
export function countRequests(telemetry: Telemetry): HttpMiddleware {
  return async (ctx, next) => {
    const { req, res, state } = ctx;
    res.once('close', () => {
      const status = res.headersSent ? String(res.statusCode) : 'left';
      telemetry.count('httpRequests', { route: routeOf(req), status, code: state.refused ?? '' });
    });
    await next();
  };
}

/** By the text of the target: Koa throws for one that is no path. */
function routeOf({ url = '' }: IncomingMessage): string {
  const [path = ''] = url.split('?', 1);
  return routes.find(([, form]) => form.test(path))?.[0] ?? 'other';
}
