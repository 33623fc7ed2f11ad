import type { HttpMiddleware } from './state.ts';

/** Answers depend on who asks and may hold captured values: nobody keeps them, nobody guesses their type. */
export function securityHeaders(): HttpMiddleware {
  return async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.vary('Authorization');
    await next();
  };
}
