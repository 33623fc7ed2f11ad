import Router from '@koa/router';
import type { RequestState } from './state.ts';

/** What the readiness probe asks. */
export interface Readiness {
  ready(): Promise<{ ok: boolean; checks: Record<string, boolean> }>;
}

/**
 * `/healthz`: the process answers, whatever is with its database; a restart would mend nothing. `/readyz`: it can take calls, and which
 * check fails where it cannot. Both without a key and before the Host check, because orchestrators call a container by its address.
 */
export function health(bridge: Readiness, isLeaving: () => boolean): Router<RequestState> {
  const router = new Router<RequestState>();
  let asking: ReturnType<Readiness['ready']> | undefined;
  router.get('/healthz', (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { status: 'ok' };
  });
  router.get('/readyz', async (ctx) => {
    // Nobody needs a key for it, so whoever comes meanwhile shares the question that is under way.
    asking ??= bridge.ready().finally(() => {
      asking = undefined;
    });
    const { ok, checks } = await asking;
    const all = { ...checks, accepting: !isLeaving() };
    const isReady = ok && all.accepting;
    const failing = Object.keys(all).filter((check) => all[check as keyof typeof all] === false);
    ctx.set('Cache-Control', 'no-store');
    ctx.status = isReady ? 200 : 503;
    ctx.body = { status: isReady ? 'ready' : 'not ready', checks: all, ...(failing.length === 0 ? {} : { failing }) };
  });
  return router;
}
