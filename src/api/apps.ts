import type { RouterContext } from '@koa/router';
import type { OpenCalls } from '../http/open-calls.ts';
import type { CallerState } from '../http/state.ts';
import type { KeyDesk } from '../keys.ts';
import { Refusal, type RefusalCode } from '../lib/refusal.ts';
import { clientName } from '../mcp/correlation.ts';
import { recordedAs } from '../oauth/apps.ts';
import type { Grants } from '../oauth/grants.ts';
import type { AppCall, AppRoute } from './app-routes.ts';
import { readArguments } from './keys.ts';

/** What operations about connected apps need of the bridge; refused changes are recorded as those of keys are. */
interface ServingApps {
  grants: Grants;
  desk: Pick<KeyDesk, 'audit' | 'clock' | 'log' | 'countRefused'>;
  calls: OpenCalls;
}

/** Refusals that say something of the caller. */
const noteworthy: readonly RefusalCode[] = ['insufficient_scope', 'not_found'];

/** Serves one operation about connected apps: read, decide, do. A change that was refused is in the audit trail too. */
export function serveApps({ grants, desk, calls }: ServingApps, route: AppRoute) {
  return async (ctx: RouterContext<CallerState>) => {
    calls.admit();
    calls.enter(ctx.res);
    const { principal, requestId, address } = ctx.state;
    const asked = { requestId, address, client: clientName({ name: ctx.get('User-Agent') }) };
    const input = readArguments(route.input, { ...ctx.query });
    const call: AppCall = { principal, grants, input, id: ctx.params.id ?? '', asked };
    try {
      ctx.body = { ...(await route.run(call)), requestId };
    } catch (problem) {
      if (problem instanceof Refusal && route.method === 'DELETE') await recordRefused(desk, call, problem.code);
      throw problem;
    }
  };
}

async function recordRefused(desk: ServingApps['desk'], { principal, id, asked }: AppCall, code: RefusalCode): Promise<void> {
  if (!noteworthy.includes(code) || (await desk.countRefused?.(principal, code)) === false) return;
  const { clock, audit, log } = desk;
  const what = { event: 'grant_revoked', grant: id.slice(0, 64), decision: 'refused', reason: code } as const;
  await audit
    .append({ at: clock.now(), org: principal.org, ...recordedAs(principal), ...what, ...asked })
    .catch((cause: unknown) => {
      log.error({ err: cause, requestId: asked.requestId }, 'a refused change of a connected app could not be recorded');
    });
}
