import type { AddressOf } from '../identity/caller-address.ts';
import type { HttpMiddleware } from './state.ts';

/** Notes on every request where it comes from. */
export function clientAddress(addressOf: AddressOf): HttpMiddleware {
  return async (ctx, next) => {
    ctx.state.address = addressOf(ctx.req);
    await next();
  };
}
