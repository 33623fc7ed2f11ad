import { newId } from '../lib/id.ts';
import type { HttpMiddleware } from './state.ts';

/** Gives every request an id of our own; one sent by the client is not believed. */
export function requestId(): HttpMiddleware {
  return async (ctx, next) => {
    ctx.state.requestId = newId('req');
    ctx.set('X-Request-Id', ctx.state.requestId);
    await next();
  };
}
