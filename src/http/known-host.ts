import { isLoopbackConnection, isLoopbackName } from '../lib/loopback.ts';
import { Refusal } from '../lib/refusal.ts';
import type { HttpMiddleware } from './state.ts';

/**
 * Refuses a Host header that is not ours with 421, so that a web page cannot reach the bridge by pointing its own name at
 * it (DNS rebinding). Loopback names are ours on a loopback connection. Names are compared without their port.
 */
export function knownHost(allowedHosts: readonly string[]): HttpMiddleware {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  return async (ctx, next) => {
    const hostname = hostnameOf(ctx.get('Host'));
    const isOurs =
      hostname !== undefined && (allowed.has(hostname) || (isLoopbackName(hostname) && isLoopbackConnection(ctx.req.socket)));
    if (!isOurs) {
      throw new Refusal({
        code: 'unknown_host',
        message: 'This bridge does not answer under the host name of the request.',
        next: 'Use the public URL of the bridge; its operator sets it with SIDELIGHT_PUBLIC_URL.',
      });
    }
    await next();
  };
}

function hostnameOf(host: string): string | undefined {
  // A bare authority only: `user@host` or `host/path` would let a URL parser see another name than ours.
  if (!/^(?:\[[0-9a-f:.]+\]|[0-9a-z._-]+)(?::\d{1,5})?$/i.test(host)) return undefined;
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : undefined;
}
