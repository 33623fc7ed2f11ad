import type { Context, Middleware } from 'koa';
import type { ClientMetadata } from 'oidc-provider';
import type { IdentityPolicy } from '../identity/identity-policy.ts';
import type { Secrets } from '../identity/secrets.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Refusal, refusals } from '../lib/refusal.ts';
import type { Accounts } from './accounts.ts';
import { createAdapter } from './adapter.ts';
import { configurationOf, paths } from './configuration.ts';
import { mayFetch } from './document-guard.ts';
import type { NoteEvent } from './events.ts';
import { explainError } from './explain-error.ts';
import { keepApart } from './fresh-session.ts';
import type { Interactions } from './interactions.ts';
import { firstSeen, interactionsOf } from './interactions-of.ts';
import { ownForms } from './own-forms.ts';
import type { OidcModule } from './provider.ts';
import type { OAuthRecordStore } from './records.ts';
import { takeStepUp } from './step-up.ts';
import { tellEvents } from './tell-events.ts';

/** What the authorization server stands on. */
export interface AuthorizationServerSettings {
  oidc: OidcModule;
  /** Origin of the public URL, or of the address the bridge listens on. */
  origin: string;
  policy: IdentityPolicy;
  secrets: Secrets;
  /** Clients the operator registered. */
  known: ClientMetadata[];
  records: OAuthRecordStore;
  accounts: Accounts;
  clock: Clock;
  log: Log;
  note: NoteEvent;
  /** Told when a grant was taken back, so that calls under way end. */
  ended(grantId: string): void;
  /** Shows a person an error that cannot be sent to the client. */
  showError(ctx: Context, error: { error: string; description: string | undefined }): void | Promise<void>;
  fetch: FetchAbout;
}

/** How documents and keys of clients are fetched, after their address was found harmless. */
export type FetchAbout = (url: string, init: RequestInit) => Promise<Response>;

/** The embedded authorization server. */
export interface AuthorizationServer {
  issuer: string;
  /** URL of /mcp: what every token is for. */
  resource: string;
  /** Serves its own paths and passes on the rest. */
  serve: Middleware;
  interactions: Interactions;
}

const wellKnown = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];
/** What a client may do that asks for nothing in particular. */
const usualScopes = 'runtime:read runtime:capture';

/** Puts oidc-provider together: MCP clients register, people sign in, tokens are issued for /mcp and nothing else. */
export function createAuthorizationServer(settings: AuthorizationServerSettings): AuthorizationServer {
  const { oidc, origin, policy, secrets, known, records, accounts, clock, note } = settings;
  const resource = `${origin}/mcp`;
  const events = tellEvents({ ...settings, current: () => oidc.Provider.ctx });
  const provider = new oidc.Provider(
    origin,
    configurationOf(oidc, {
      ...{ policy, secrets, origin, resource, known },
      adapter: (model) =>
        createAdapter(model, {
          ...{ records, clock, refreshOverlapMs: policy.sign_in.refresh_overlap_seconds * 1000 },
          ...{ foundUsed: events.foundUsed, reusedInWindow: events.reusedInWindow, reused: events.reused },
          invalidGrant: (reason) => new oidc.errors.InvalidGrant(reason),
        }),
      async findAccount(ctx, id, token) {
        const isRefresh = token?.kind === 'RefreshToken';
        if (isRefresh && (await takeStepUp(records, token.grantId, clock))) return undefined;
        const person = await (isRefresh ? accounts.recheck(id) : accounts.current(id));
        const { firstSeenAt } = firstSeen(ctx.oidc.result);
        if (firstSeenAt !== undefined && person?.firstSeenAt !== firstSeenAt) return undefined; // another one has the name by now
        return person && { accountId: id, claims: () => ({ sub: id }) };
      },
      renderError: (ctx, { error }, problem) => settings.showError(ctx, explainError(ctx, error, problem)),
      fetch: (input, init = {}) => {
        const url = String(input instanceof Request ? input.url : input);
        if (!mayFetch(url)) throw new Error('This address is not fetched.');
        events.fetching(url);
        return settings.fetch(url, init);
      },
    }),
  );
  ownForms(provider);
  events.listen(provider);
  const [run] = provider.middleware;
  if (run === undefined) throw new Error('oidc-provider has no middleware.');
  /** The well-known documents as text, by their path: the same for everybody, and anybody may ask for them as often as they like. */
  const documents = new Map<string, string>();

  return {
    issuer: origin,
    resource,
    interactions: interactionsOf({ oidc, provider, known: known.map(({ client_id: id }) => id), note }),
    async serve(ctx, next) {
      const path = ctx.path.replace(/^(\/\.well-known\/[a-z-]+)\/mcp$/, '$1'); // as clients spell it that know of no PRM
      if (!ctx.path.startsWith('/oauth/') && !wellKnown.includes(path)) return next();
      ctx.path = path;
      const document = ctx.method === 'GET' ? documents.get(path) : undefined;
      if (document !== undefined) {
        ctx.type = 'application/json; charset=utf-8';
        ctx.body = document;
        return;
      }
      beKnownAs(ctx, origin);
      await keepApart(ctx, provider);
      if (path === paths.authorize) ctx.query = queryOf(ctx);
      await run(ctx, next);
      if (wellKnown.includes(path) && ctx.status === 200) {
        ctx.body = JSON.stringify(Object.assign(Object(ctx.body), { response_modes_supported: ['query'] }));
        ctx.type = 'application/json; charset=utf-8';
        documents.set(path, ctx.body as string);
      }
      await events.finish(ctx).catch((problem: unknown) => {
        ctx.remove('Location'); // it may lead to the client, with a code
        if (!(problem instanceof Refusal) || !path.startsWith(paths.authorize)) throw problem;
        ctx.status = refusals[problem.code].status; // a person reads this
        return settings.showError(ctx, { error: 'temporarily_unavailable', description: problem.message });
      });
    },
  };
}

/** What is asked for where nothing in particular is. A page that posts itself to the client (form_post) is a mode oidc-provider cannot leave out. */
function queryOf({ query }: Context): Context['query'] {
  const mode = query.response_mode;
  return { scope: usualScopes, ...query, ...(mode !== undefined && mode !== 'query' && { response_mode: 'none but query' }) };
}

/** URLs in answers and the security of cookies come from the request; behind a proxy that would be the inner address. */
function beKnownAs(ctx: Context, origin: string): void {
  const { protocol, host } = new URL(origin);
  Object.defineProperty(ctx.request, 'protocol', { value: protocol.slice(0, -1), configurable: true });
  Object.defineProperty(ctx.request, 'host', { value: host, configurable: true });
  ctx.cookies.secure = protocol === 'https:';
}
