import type { Context } from 'koa';
import type { Principal } from '../identity/principal.ts';
import { Refusal, refusals } from '../lib/refusal.ts';
import { challengeFor, challengeOf } from './challenge.ts';
import { noteGoodKey } from './good-key.ts';
import type { CallerState, HttpMiddleware } from './state.ts';

/** Who checks a bearer token. Refuses with `missing_token`, `invalid_token`, or `too_busy`. */
export interface Authenticator {
  authenticate(bearer: string | undefined, address: string | undefined): Promise<Principal>;
  /** URL of the document that says who lets people in (RFC 9728), as this client would write it; undefined where nobody does. */
  resourceMetadata?(ctx: Context): string | undefined;
  /** Told that a person was asked to consent to more. */
  challenged?(principal: Principal): Promise<void>;
}

/** Lets a request through as the principal its bearer token proves; otherwise answers 401 as RFC 6750 section 3 says. */
export function bearer(bridge: Authenticator): HttpMiddleware<CallerState> {
  return async (ctx, next) => {
    const address = ctx.state.address;
    const token = tokenOf(ctx.get('Authorization'));
    let principal: Principal | undefined;
    try {
      principal = await bridge.authenticate(token, address);
      ctx.state.principal = principal;
      noteGoodKey(ctx.req);
      await next(); // a key can end while its call runs
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const resourceMetadata = bridge.resourceMetadata?.(ctx);
      const isUnknown = refusals[error.code].status === 401;
      const challenge = isUnknown
        ? challengeOf(error.details, resourceMetadata)
        : principal && challengeFor(principal, error.details, resourceMetadata);
      if (challenge !== undefined) ctx.set('WWW-Authenticate', challenge);
      if (challenge !== undefined && !isUnknown && principal !== undefined) await bridge.challenged?.(principal);
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

/** The token of an `Authorization` header. */
export function tokenOf(authorization: string): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1];
}
