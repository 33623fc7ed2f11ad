import Router, { type RouterContext } from '@koa/router';
import type { Context, Middleware } from 'koa';
import { type Authenticator, bearer, noTokenInUrl } from '../http/bearer.ts';
import { bodyBytes, jsonOnly, readJson } from '../http/body.ts';
import type { OpenCalls } from '../http/open-calls.ts';
import type { CallerState, HttpMiddleware, TurnState } from '../http/state.ts';
import type { KeyDesk } from '../keys.ts';
import { Refusal, type RefusalCode, refusals } from '../lib/refusal.ts';
import { clientName } from '../mcp/correlation.ts';
import type { Spine } from '../mcp/spine.ts';
import type { Grants } from '../oauth/grants.ts';
import { writeTraceparent } from '../telemetry/trace-context.ts';
import { sentIn } from '../telemetry/tracing.ts';
import type { ListedTool } from '../tools/registry.ts';
import { appRoutes } from './app-routes.ts';
import { serveApps } from './apps.ts';
import { argumentsOf } from './arguments.ts';
import { keyRoutes } from './key-routes.ts';
import { serveKeys } from './keys.ts';
import { openApi } from './openapi.ts';
import { apiPrefix, isBelow, type Route, routes } from './routes.ts';

/** What the API needs of the bridge. */
export interface ApiSettings {
  spine: Pick<Spine, 'call'>;
  authenticator: Authenticator;
  /** Lets a request of many be worked on. */
  inTurn: HttpMiddleware<TurnState>;
  calls: OpenCalls;
  tools: readonly ListedTool[];
  version: string;
  maxBodyBytes: number;
  /** Where keys are made and ended, and what people connected; absent where there is nothing to administer. */
  desk?: KeyDesk | undefined;
  grants?: Grants | undefined;
}

/** `/api/v1`: the tools as plain HTTP, in two stages. Throws when a route stands on a tool that is not there. */
export function createApi(settings: ApiSettings): { routes: Middleware<CallerState>; unserved: Middleware } {
  // Limits and checks compare paths as they are written, so no other spelling leads anywhere.
  const router = new Router<CallerState>({ prefix: apiPrefix, sensitive: true, strict: true });
  // One for all answers, however many of them wait to be taken.
  const description = Buffer.from(JSON.stringify(openApi(settings.tools, settings.version)));
  router.get('/openapi.json', (ctx) => {
    ctx.type = 'json';
    ctx.body = description;
  });
  router.get('/problems/:code', (ctx) => {
    ctx.body = aboutProblem(ctx.params.code ?? '');
  });
  const { authenticator, inTurn, desk, grants } = settings;
  for (const route of keyRoutes) {
    if (desk === undefined) break;
    router.register(
      route.path.replace(/\{(\w+)\}/g, ':$1'),
      [route.method],
      [
        noTokenInUrl(),
        inTurn,
        bearer(authenticator),
        ...(route.method === 'POST' ? [jsonOnly()] : []),
        serveKeys({ ...settings, desk }, route),
      ],
    );
  }
  for (const route of appRoutes) {
    if (desk === undefined || grants === undefined) break;
    router.register(
      route.path.replace(/\{(\w+)\}/g, ':$1'),
      [route.method],
      [noTokenInUrl(), inTurn, bearer(authenticator), serveApps({ ...settings, desk, grants }, route)],
    );
  }
  for (const route of routes) {
    const hasBody = route.method === 'POST';
    router.register(
      route.path.replace(/\{(\w+)\}/g, ':$1'),
      [route.method],
      [noTokenInUrl(), inTurn, bearer(authenticator), ...(hasBody ? [jsonOnly()] : []), serve(settings, route)],
    );
  }
  return {
    routes: router.routes() as Middleware<CallerState>,
    unserved: (ctx, next) => (isBelow(ctx.path) ? unserved(ctx) : next()),
  };
}

/** One operation: the request as a call, the answer as JSON. When the client leaves, the call is cancelled. */
function serve({ spine, calls, maxBodyBytes }: ApiSettings, route: Route) {
  return async (ctx: RouterContext<CallerState>) => {
    calls.admit();
    const body = route.method === 'POST' ? await readJson(ctx, maxBodyBytes) : undefined;
    const args = argumentsOf(route, { path: ctx.params, query: ctx.query, body });
    const { principal, requestId, turn } = ctx.state;
    const client = clientName({ name: ctx.get('User-Agent') });
    const address = ctx.state.address;
    const left = new AbortController();
    ctx.res.once('close', () => left.abort());
    calls.enter(ctx.res, bodyBytes(ctx));
    const answer = await calls.run(left.signal, (signal) =>
      spine.call(principal, {
        ...{ tool: route.tool, arguments: args, requestId, signal },
        progress: async () => undefined,
        admitted: turn.admitted,
        waiting: turn.end,
        trace: { request: sentIn(ctx.headers) },
        ...(client !== undefined && { client }),
        ...(address !== undefined && { address }),
      }),
    );
    const { latencyMs, actionId } = answer.structured;
    if (answer.trace !== undefined) ctx.set('traceresponse', writeTraceparent(answer.trace));
    if (isNumbers(latencyMs)) ctx.set('Server-Timing', serverTiming(latencyMs));
    if (answer.refusal !== undefined) throw new Refusal(answer.refusal);
    ctx.body = answer.structured;
    if (route.creates && typeof actionId === 'string') {
      ctx.status = 201;
      ctx.set('Location', `${apiPrefix}/actions/${actionId}`);
    }
  };
}

/** What `type` of a problem points at. */
function aboutProblem(code: string): object {
  if (!Object.hasOwn(refusals, code))
    throw new Refusal({ code: 'not_found', message: 'There is no problem of this code.', field: 'code' });
  const { status, meaning } = refusals[code as RefusalCode];
  return { code, status, title: meaning };
}

/** A path nobody has, or not with this method. */
function unserved(ctx: Context): never {
  const matched: { methods: string[] }[] = ctx.matched ?? []; // the router leaves there what has the path
  const allowed = [...new Set(matched.flatMap(({ methods }) => methods))];
  const next = `${apiPrefix}/openapi.json describes every operation.`;
  if (allowed.length === 0) throw new Refusal({ code: 'not_found', message: `There is nothing at ${ctx.path}.`, next });
  ctx.set('Allow', allowed.join(', '));
  throw new Refusal({ code: 'method_not_allowed', message: `${ctx.method} is not taken at ${ctx.path}.`, next });
}

/** The parts of the call's duration, as browsers and tools show them (W3C Server Timing). */
function serverTiming(latencyMs: Record<string, number>): string {
  return Object.entries(latencyMs)
    .map(([part, ms]) => `${part};dur=${ms}`)
    .join(', ');
}

function isNumbers(value: unknown): value is Record<string, number> {
  return typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'number');
}
