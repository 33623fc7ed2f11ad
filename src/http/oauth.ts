import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { maxRegistrationBytes } from '../oauth/client-metadata.ts';
import { isMisspelt, paths } from '../oauth/configuration.ts';
import type { OAuthFace } from '../oauth/open.ts';
import { attempts } from './attempts.ts';
import { type Rate, rateLimit } from './rate-limit.ts';
import type { HttpMiddleware } from './state.ts';
import { tooLarge, wholeBodies } from './whole-body.ts';

/** Requests a minute; behind a proxy all people share its address. A registration costs about 10 ms of CPU, and a row for a day. */
const rates: { [path: string]: { rate: Rate; what: string } } = {
  [paths.register]: { rate: { address: 60, all: 120 }, what: 'registrations of clients' },
  [paths.revoke]: { rate: { address: 300, all: 3_000 }, what: 'requests to revoke tokens' },
  [paths.authorize]: { rate: { address: 120, all: 1_200 }, what: 'requests for authorization' },
};
/** Requests for tokens that fail or are broken off, a minute, from one address. Good ones are not counted: whoever has a refresh token is let through. */
const maxFailedTokens = 300;
/** The pages of a sign-in are a handful; each view of one that waits writes a row for ten minutes. */
const pageRate: Rate = { address: 240, all: 2_400 };

/** A request for a token: a code or a refresh token, names and addresses of 2 KiB at most, perhaps a signed assertion. */
const maxTokenRequestBytes = 8 * 1024;
/** Other bodies here are forms of a few kilobytes. */
const maxBodyBytes = 56 * 1024;

/**
 * Discovery, the authorization server and the pages, in this order. They come before `knownOrigin`: clients in web pages of any origin
 * may ask for tokens (without cookies).
 */
export function oauthRoutes({ metadata, server, origin }: OAuthFace, clock: Clock): HttpMiddleware[] {
  if (server === undefined) return [anyOrigin(isDescription), metadata];
  return [
    anyOrigin((path) => isDescription(path) || programs.includes(path)),
    metadata,
    ownOriginOnly(origin),
    asWritten,
    limits(clock),
    server.pages,
    server.serve,
  ];
}

/** Asked by programs, never with a cookie. */
const programs: string[] = [paths.token, paths.register, paths.revoke, paths.jwks];
const isDescription = (path: string) => path.startsWith('/.well-known/');

/** CORS for everybody (Fetch standard): what is answered here is the same for all, or hangs on a secret in the body. */
function anyOrigin(isOpen: (path: string) => boolean): HttpMiddleware {
  return async (ctx, next) => {
    if (!isOpen(ctx.path) || ctx.get('Origin') === '') return next();
    ctx.set('Access-Control-Allow-Origin', '*');
    ctx.set('Access-Control-Expose-Headers', 'WWW-Authenticate, Retry-After, X-Request-Id');
    if (ctx.method !== 'OPTIONS') return next();
    ctx.set('Access-Control-Allow-Methods', 'GET, POST');
    ctx.set('Access-Control-Allow-Headers', 'Authorization, Content-Type, MCP-Protocol-Version');
    ctx.set('Access-Control-Max-Age', '7200');
    ctx.status = 204;
  };
}

/** Pages and what they lead to: from our own origin, or from a navigation. Our pages send a referrer to us, so their forms have our origin. */
function ownOriginOnly(own: string): HttpMiddleware {
  return async (ctx, next) => {
    const origin = ctx.get('Origin');
    const isPage = ctx.path.startsWith('/oauth/') && !programs.includes(ctx.path);
    if (isPage && origin !== '' && origin !== own) {
      throw new Refusal({
        code: 'forbidden_origin',
        message: 'A web page of this origin may not use the sign-in of the bridge.',
        next: 'Start again from your MCP client.',
      });
    }
    await next();
  };
}

/** Nothing is served at other spellings of a path: limits and checks would not know it. */
const asWritten: HttpMiddleware = async ({ path }, next) => {
  if (isMisspelt(path)) throw new Refusal({ code: 'not_found', message: `There is nothing at ${path}.` });
  await next();
};

function limits(clock: Clock): HttpMiddleware {
  const limited = new Map(Object.entries(rates).map(([path, { rate, what }]) => [path, rateLimit(clock, rate, what)]));
  const pages = rateLimit(clock, pageRate, 'pages of a sign-in');
  const tokens = attempts(clock, maxFailedTokens, 'requests for tokens that failed');
  const tokenBody = wholeBodies(maxTokenRequestBytes);
  const maxBytesOf = new Map<string, number>([
    [paths.register, maxRegistrationBytes],
    [paths.token, maxTokenRequestBytes],
  ]);
  return async (ctx, next) => {
    const limit = limited.get(ctx.path) ?? (ctx.path.startsWith('/oauth/') && !programs.includes(ctx.path) ? pages : undefined);
    limit?.(ctx.state.address);
    const maxBytes = maxBytesOf.get(ctx.path) ?? maxBodyBytes;
    if (ctx.path.startsWith('/oauth/') && Number(ctx.get('Content-Length')) > maxBytes) throw tooLarge(ctx, maxBytes);
    if (ctx.path !== paths.token) return next();
    // Only a whole request takes a place among those under way: there are few, and whoever sends half of one could keep it.
    await tokens.prepare(ctx.state.address, () => tokenBody(ctx));
    await tokens.run(ctx.state.address, next, () => ctx.status >= 400 && ctx.status < 500);
  };
}
