import type { Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { hashToken, tokenRef } from '../identity/token-form.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { seldom } from '../lib/seldom.ts';
import { lifeSeconds, paths } from './configuration.ts';
import type { NoteEvent, OAuthEvent } from './events.ts';
import type { AuthorizationProvider } from './provider.ts';
import type { OAuthRecord, OAuthRecordStore } from './records.ts';

/** What events are told with. */
interface Telling {
  records: OAuthRecordStore;
  clock: Clock;
  log: Log;
  note: NoteEvent;
  ended(grantId: string): void;
  /** The request that is served now. */
  current(): Context | undefined;
}

/** Listens to one provider. What happens in a request is recorded before its answer goes out. */
export interface Events {
  listen(provider: AuthorizationProvider): void;
  /** Something about a client is fetched. */
  fetching(url: string): void;
  /** A code or a refresh token was asked for that is used up: should its grant be revoked now, this is whose it was. */
  foundUsed(record: OAuthRecord): void;
  reusedInWindow(record: OAuthRecord, isServed: boolean): void;
  /** Takes back all that came of it. */
  reused(record: OAuthRecord): Promise<void>;
  /** Records what happened in a request, and throws what went wrong in it that is no fault of the client's. */
  finish(ctx: Context): Promise<void>;
}

/** A client that somebody signed in through stays as long as its grant can last, and a day. */
const usedClientMs = (lifeSeconds.Grant + 86_400) * 1000;

/** Tells the audit trail and the log what an authorization server does. */
export function tellEvents({ records, clock, log, note, ended, current }: Telling): Events {
  const told = new WeakMap<object, OAuthEvent[]>();
  const failed = new WeakMap<object, unknown>();
  const used = new WeakMap<object, string>();
  const shown = new WeakMap<object, OAuthRecord>();
  const refusals = seldom(log, clock, { level: 'info', left: 'more OAuth requests were refused in a minute than the log takes' });

  function tell(ctx: Context | undefined, event: OAuthEvent): void {
    if (ctx === undefined) return;
    const facts = { requestId: ctx.state.requestId, address: ctx.state.address };
    told.set(ctx, [...(told.get(ctx) ?? []), { ...event, ...facts }]);
  }

  function success(ctx: KoaContextWithOIDC): void {
    const { AccessToken: token, Client: client } = ctx.oidc.entities;
    const isFirst = ctx.oidc.params?.grant_type === 'authorization_code';
    if (client !== undefined && isFirst) used.set(ctx, client.clientId);
    tell(ctx, {
      event: isFirst ? 'token_issued' : 'token_refreshed',
      ...factsOf(token),
      scopes: (token?.scope ?? '').split(' ').filter((scope) => scope !== ''),
      tokenRef: tokenRef(String(Reflect.get(Object(ctx.body), 'access_token'))),
    });
  }

  function revoked(ctx: KoaContextWithOIDC, grantId: string): void {
    ended(grantId);
    const { entities, route } = ctx.oidc;
    const about = { ...factsOf(shown.get(ctx)?.payload ?? entities.RefreshToken ?? entities.AccessToken), grantId };
    if (route === 'revocation') tell(ctx, { event: 'token_revoked', ...about });
    else tell(ctx, { event: 'token_reuse_detected', reason: String(ctx.oidc.params?.grant_type ?? route), ...about });
  }

  const refused = (ctx: KoaContextWithOIDC, { message, error_description, error_detail }: OAuthError) =>
    refusals.info(
      { requestId: ctx.state.requestId, path: ctx.path, error: message, reason: error_detail ?? error_description },
      'an OAuth request was refused',
    );

  return {
    listen(provider) {
      provider.on('grant.success', success);
      provider.on('grant.revoked', revoked);
      provider.on('registration_create.success', (ctx, client) =>
        tell(ctx, { event: 'client_registered', clientId: client.clientId }),
      );
      provider.on('server_error', (ctx, problem) => failed.set(ctx, problem));
      for (const name of ['authorization.error', 'grant.error', 'registration_create.error', 'revocation.error'] as const) {
        provider.on(name as 'grant.error', refused);
      }
    },
    fetching(url) {
      const ctx = current() as KoaContextWithOIDC | undefined;
      const asked = ctx?.oidc.params?.client_id ?? (ctx?.path === paths.authorize ? ctx.query.client_id : undefined);
      if (asked === url) tell(ctx, { event: 'client_document_fetched', clientId: url });
    },
    foundUsed(record) {
      const ctx = current();
      if (ctx !== undefined) shown.set(ctx, record);
    },
    reusedInWindow({ payload, idHash }, isServed) {
      const refused = isServed ? {} : { isRefused: true, reason: 'too_often' };
      tell(current(), { event: 'token_reused_in_window', ...refused, ...factsOf(payload), tokenRef: idHash.slice(0, 12) });
    },
    async reused({ model, grantId, payload }) {
      if (grantId === undefined) return;
      await records.removeGrant(grantId);
      ended(grantId);
      tell(current(), { event: 'token_reuse_detected', reason: model, ...factsOf(payload), grantId });
    },
    async finish(ctx) {
      for (const event of told.get(ctx) ?? []) await note(event);
      const clientId = used.get(ctx);
      if (clientId !== undefined) await keepClient(clientId);
      if (failed.has(ctx)) throw failed.get(ctx);
    },
  };

  async function keepClient(clientId: string): Promise<void> {
    const now = clock.now();
    const client = await records.find('Client', hashToken(clientId), now);
    if (client !== undefined) await records.put({ ...client, expiresAt: now + usedClientMs });
  }
}

interface OAuthError extends Error {
  error_description?: string | undefined;
  error_detail?: string | undefined;
}

function factsOf(token: { accountId?: unknown; clientId?: unknown; grantId?: unknown } | undefined): Partial<OAuthEvent> {
  const { accountId, clientId, grantId } = token ?? {};
  return {
    ...(typeof accountId === 'string' && { account: accountId }),
    ...(typeof clientId === 'string' && { clientId }),
    ...(typeof grantId === 'string' && { grantId }),
  };
}
