import type { Context, Middleware } from 'koa';
import { isLoopbackName } from '../lib/loopback.ts';

/** Path of the description of /mcp as a protected resource (RFC 9728 section 3.1). */
export const resourceMetadataPath = '/.well-known/oauth-protected-resource/mcp';

/**
 * Says which authorization server lets clients in to /mcp (RFC 9728), below both paths clients ask. `resource` is the URL as people type
 * it, byte for byte: clients compare. The scopes are those to begin with; a challenge names more.
 */
export function resourceMetadata({ origin, issuer }: { origin: string; issuer: string }): Middleware {
  const description = {
    authorization_servers: [issuer],
    scopes_supported: ['runtime:read', 'runtime:capture'],
    bearer_methods_supported: ['header'],
    resource_name: 'Sidelight',
  };
  const served = [resourceMetadataPath, resourceMetadataPath.replace(/\/mcp$/, '')];
  return async (ctx, next) => {
    if (!served.includes(ctx.path) || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    ctx.body = { resource: `${originAsAsked(origin, ctx)}/mcp`, ...description };
  };
}

/** On loopback people write localhost as well as 127.0.0.1: to each the bridge is where they wrote. The Host header was checked before. */
export function originAsAsked(origin: string, { host, hostname }: Pick<Context, 'host' | 'hostname'>): string {
  return isLoopbackName(new URL(origin).hostname) && isLoopbackName(hostname) ? `http://${host}` : origin;
}

/** Whether a resource indicator (RFC 8707) means /mcp of this bridge, in any spelling of loopback and with or without a slash at its end. */
export function isOurResource(indicator: string, origin: string): boolean {
  const spelled = indicator.replace(/\/$/, '');
  if (spelled === `${origin}/mcp`) return true;
  if (!URL.canParse(spelled)) return false;
  const { protocol, hostname, port, origin: theirs } = new URL(spelled);
  const ours = new URL(origin);
  const isLoopback = isLoopbackName(ours.hostname) && isLoopbackName(hostname);
  return isLoopback && protocol === ours.protocol && port === ours.port && spelled === `${theirs}/mcp`;
}
