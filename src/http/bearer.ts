import { type Principal, scopes } from '../identity/principal.ts';
import { Refusal, refusals } from '../lib/refusal.ts';
import type { CallerState, HttpMiddleware } from './state.ts';

/** Who checks a bearer token. Refuses with `missing_token` or `invalid_token`. */
export interface Authenticator {
  authenticate(bearer: string | undefined, address: string | undefined): Promise<Principal>;
}

/** Lets a request through as the principal its bearer token proves; otherwise answers 401 as RFC 6750 section 3 says. */
export function bearer(bridge: Authenticator): HttpMiddleware<CallerState> {
  return async (ctx, next) => {
    try {
      ctx.state.principal = await bridge.authenticate(tokenOf(ctx.get('Authorization')), ctx.req.socket.remoteAddress);
      await next(); // a key can end while its call runs
    } catch (error) {
      if (error instanceof Refusal && refusals[error.code].status === 401) ctx.set('WWW-Authenticate', challenge(error));
      throw error;
    }
  };
}

/** Refuses a token in the URL, where proxies and logs would keep it (RFC 6750 section 5.3, forbidden by OAuth 2.1). */
export function noTokenInUrl(): HttpMiddleware {
  return async (ctx, next) => {
    if (ctx.query.access_token !== undefined) {
      throw new Refusal({
        code: 'invalid_input',
        message: 'A token in the URL ends up in logs and is not taken.',
        field: 'access_token',
        next: 'Revoke this token and send its successor as "Authorization: Bearer …".',
      });
    }
    await next();
  };
}

function tokenOf(authorization: string): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1];
}

function challenge(refusal: Refusal): string {
  // Without a token the challenge must not carry an error (RFC 6750 section 3.1).
  const error =
    refusal.code === 'missing_token'
      ? []
      : [`error="invalid_token"`, `error_description="${described(refusal.details.message)}"`];
  return `Bearer ${['realm="sidelight"', `scope="${scopes.filter((scope) => scope !== 'runtime:admin').join(' ')}"`, ...error].join(', ')}`;
}

/** A sentence in the characters that RFC 6750 section 3 allows; Node refuses to send a header with others. */
function described(sentence: string): string {
  return sentence
    .replaceAll('…', '...')
    .replace(/["\\]/g, "'")
    .replace(/[^ -~]/g, '?');
}
