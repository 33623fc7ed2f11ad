import Router from '@koa/router';
import type { RequestState } from './state.ts';

/** What the readiness probe asks. */
export interface Readiness {
  ready(): Promise<{ ok: boolean; checks: Record<string, boolean> }>;
}

/**
 * `/healthz`: the process answers. `/readyz`: it can take calls. Both without a key and before the Host check, because
 * orchestrators call a container by its address.
 */
export function health(bridge: Readiness, isDraining: () => boolean): Router<RequestState> {
  const router = new Router<RequestState>();
  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok' };
  });
  router.get('/readyz', async (ctx) => {
    const { ok, checks } = await bridge.ready();
    const isReady = ok && !isDraining();
    ctx.status = isReady ? 200 : 503;
    ctx.body = { status: isReady ? 'ready' : 'not ready', checks: { ...checks, accepting: !isDraining() } };
  });
  return router;
}
