import Router from '@koa/router';
import Koa, { type Context } from 'koa';
import { createApi } from './api/api.ts';
import { problems } from './api/problem.ts';
import type { Config } from './config.ts';
import { type Authenticator, bearer, noTokenInUrl } from './http/bearer.ts';
import { jsonOnly, postOnly } from './http/body.ts';
import { clientAddress } from './http/client-address.ts';
import { cors } from './http/cors.ts';
import { countRequests } from './http/count-requests.ts';
import { failures, notFound } from './http/failures.ts';
import { guardBearers } from './http/guarded-bearer.ts';
import { health, type Readiness } from './http/health.ts';
import { knownHost } from './http/known-host.ts';
import { knownOrigin } from './http/known-origin.ts';
import { lastOfConnection } from './http/last-of-connection.ts';
import { oauthRoutes } from './http/oauth.ts';
import { OpenCalls } from './http/open-calls.ts';
import { requestId } from './http/request-id.ts';
import { requestTarget } from './http/request-target.ts';
import { securityHeaders } from './http/security-headers.ts';
import type { CallerState, RequestState } from './http/state.ts';
import { turns } from './http/turns.ts';
import { type AddressOf, addressBehind } from './identity/caller-address.ts';
import type { KeyDesk } from './keys.ts';
import type { Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import { seldom } from './lib/seldom.ts';
import { createEndpoint } from './mcp/endpoint.ts';
import { rpcError } from './mcp/message.ts';
import type { Spine } from './mcp/spine.ts';
import { originAsAsked, resourceMetadataPath } from './oauth/discovery.ts';
import type { Grants } from './oauth/grants.ts';
import type { OAuth } from './oauth/open.ts';
import { Cancellations } from './replicas/cancellations.ts';
import { noTelemetry, type Telemetry } from './telemetry/telemetry.ts';
import type { Registry } from './tools/registry.ts';

/** The HTTP side, and how to take it down. */
export interface App {
  koa: Koa<RequestState>;
  /** Calls whose answer is not out yet. */
  openCalls(): number;
  /** From now on `/readyz` says no; calls are taken as before. */
  leave(): void;
  /** Answers open calls, refuses new ones with 503, and resolves when all have answered or after `maxDrainMs`. */
  close(maxDrainMs: number): Promise<void>;
}

/** What the HTTP side needs of the bridge. */
export interface AppSettings extends Pick<Authenticator, 'authenticate'> {
  config: Pick<Config, 'publicUrl' | 'allowedOrigins' | 'maxBodyBytes'>;
  /** Where a request comes from; the default believes no header. */
  addressOf?: AddressOf;
  log: Log;
  services: Readiness & { clock: Clock; version: string };
  registry: Pick<Registry, 'listed'>;
  /** Where requests are counted. */
  telemetry?: Telemetry;
  /** How people get in; absent where only keys are taken. */
  oauth?: OAuth | undefined;
  /** Where keys are made and ended; absent where there are none to administer. */
  desk?: KeyDesk;
  /** What people connected; absent where nobody can. */
  grants?: Grants;
  /** Requests that run on this replica or others and may be given up. */
  cancellations?: Cancellations;
  /** How often a silent stream gets a comment; the default suits real proxies. */
  keepAliveMs?: number;
}

/** Every request to the bridge passes these stages in this order. `url` is where people reach it. */
export function createApp(bridge: AppSettings, spine: Spine, url?: URL): App {
  const { services, log, config, registry, oauth } = bridge;
  const ownUrls = config.publicUrl === undefined ? [] : [config.publicUrl];
  const { clock, version } = services;
  const { maxBodyBytes } = config;
  const failed = seldom(log, clock);
  const calls = new OpenCalls();
  let isLeaving = false;
  const face = url && oauth?.faceAt(url.origin);
  const resourceMetadata = (ctx: Context) => face && `${originAsAsked(face.origin, ctx)}${resourceMetadataPath}`;
  const authenticator: Authenticator = {
    authenticate: guardBearers(bridge.authenticate, clock),
    resourceMetadata,
    async challenged({ credentialId }) {
      if (credentialId !== undefined) await oauth?.challenged?.(credentialId);
    },
  };
  const endpoint = createEndpoint({
    ...{ spine, version, calls, cancellations: bridge.cancellations ?? new Cancellations(), log, maxBodyBytes },
    ...{ keepAliveMs: bridge.keepAliveMs, resourceMetadata },
  });
  const { desk, grants } = bridge;
  const inTurn = turns(clock);
  const api = createApi({ spine, authenticator, inTurn, calls, tools: registry.listed, version, maxBodyBytes, desk, grants });
  const mcp = new Router<CallerState>().all(
    '/mcp',
    failures(failed, rpcError),
    noTokenInUrl(),
    inTurn,
    bearer(authenticator),
    postOnly(),
    jsonOnly(),
    endpoint.serve,
  );

  const koa = new Koa<RequestState>();
  if (oauth?.cookieKeys !== undefined) koa.keys = oauth.cookieKeys;
  koa.proxy = false; // X-Forwarded-* is whatever the client writes there
  // `failures` catches what middleware throws; what is left are connections that break while an answer is written.
  koa.on('error', (error: unknown) => log.debug({ err: error }, 'connection lost'));
  koa.use(countRequests(bridge.telemetry ?? noTelemetry));
  koa.use(lastOfConnection(() => isLeaving || calls.isDraining));
  koa.use(requestId());
  koa.use(clientAddress(bridge.addressOf ?? addressBehind([])));
  koa.use(failures(failed));
  koa.use(securityHeaders());
  koa.use(requestTarget());
  koa.use(health(services, () => isLeaving || calls.isDraining).routes());
  koa.use(problems(failed, clock));
  koa.use(knownHost(ownUrls.map((url) => url.hostname)));
  if (face !== undefined) for (const stage of oauthRoutes(face, clock)) koa.use(stage);
  koa.use(knownOrigin([...ownUrls.map((url) => url.origin), ...config.allowedOrigins]));
  koa.use(cors());
  koa.use(mcp.routes());
  koa.use(api.routes);
  koa.use(api.unserved);
  koa.use(notFound());
  return {
    koa,
    openCalls: () => calls.open,
    leave() {
      isLeaving = true;
    },
    async close(maxDrainMs) {
      await calls.drain(clock, maxDrainMs);
      await endpoint.close();
    },
  };
}
