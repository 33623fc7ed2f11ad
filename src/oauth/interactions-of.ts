import type { Context } from 'koa';
import type { InteractionResults } from 'oidc-provider';
import { accountId } from '../identity/people.ts';
import { type Scope, scopes } from '../identity/principal.ts';
import { Refusal } from '../lib/refusal.ts';
import { cleanClientName } from './client-names.ts';
import type { NoteEvent } from './events.ts';
import type { ClientKnown, Interaction, Interactions } from './interactions.ts';
import type { AuthorizationProvider, OidcModule } from './provider.ts';

/** What the interactions stand on. */
export interface InteractionSettings {
  oidc: OidcModule;
  provider: AuthorizationProvider;
  /** Ids of the clients the operator registered. */
  known: readonly string[];
  note: NoteEvent;
}

type Details = Awaited<ReturnType<AuthorizationProvider['interactionDetails']>>;

/** The waiting requests of an oidc-provider, as the pages see them. */
export function interactionsOf({ oidc, provider, known, note }: InteractionSettings): Interactions {
  async function details(ctx: Context, uid: string): Promise<Details> {
    const found = await provider.interactionDetails(ctx.req, ctx.res).catch((problem: unknown) => {
      throw problem instanceof oidc.errors.SessionNotFound ? gone() : problem;
    });
    if (found.uid !== uid) throw gone();
    return found;
  }

  async function goOn(ctx: Context, result: Parameters<AuthorizationProvider['interactionResult']>[2], merge: boolean) {
    const returnTo = await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: merge });
    ctx.redirect(returnTo);
    ctx.status = 303; // a POST goes on as a GET
  }

  const facts = (ctx: Context) => ({ requestId: ctx.state.requestId, address: ctx.state.address });

  return {
    read: async (ctx, uid) => interactionOf(await details(ctx, uid), provider, known),

    async signedIn(ctx, uid, person) {
      await details(ctx, uid);
      const { firstSeenAt } = person;
      await goOn(ctx, { login: { accountId: accountId(person), firstSeenAt, remember: false } }, false);
    },

    async consent(ctx, uid, consented) {
      const { prompt, params, session } = await details(ctx, uid);
      const account = session?.accountId;
      if (prompt.name !== 'consent' || account === undefined) throw gone();
      const asked = new Set(String(params.scope ?? '').split(' '));
      const given = scopes.filter((scope) => consented.includes(scope) && asked.has(scope));
      const refused = scopes.filter((scope) => asked.has(scope) && !given.includes(scope));
      const clientId = String(params.client_id);
      const grant = new provider.Grant({ accountId: account, clientId });
      const client = await clientOf(provider, clientId, known);
      Object.assign(grant, { clientName: client.name, clientKnown: client.known, redirectUri: params.redirect_uri });
      // Scopes count as those of the resource and as OpenID's own: each must be answered both ways, or consent is asked for ever.
      grant.addOIDCScope(['openid', 'offline_access', ...given]);
      if (refused.length > 0) grant.rejectOIDCScope(refused);
      for (const resource of [params.resource].flat().map(String)) {
        if (given.length > 0) grant.addResourceScope(resource, given);
        if (refused.length > 0) grant.rejectResourceScope(resource, refused);
      }
      const grantId = await grant.save();
      await note({ event: 'consent_given', account, clientId, grantId, scopes: given, ...facts(ctx) });
      await goOn(ctx, { consent: { grantId } }, true);
    },

    async deny(ctx, uid, error, description) {
      const { params, session, prompt } = await details(ctx, uid);
      if (prompt.name === 'consent') {
        const account = session?.accountId;
        await note({
          event: 'consent_denied',
          clientId: String(params.client_id),
          reason: error,
          ...facts(ctx),
          ...(account && { account }),
        });
      }
      await goOn(ctx, { error, error_description: description }, false);
    },
  };
}

async function interactionOf(
  { uid, prompt, params, session, lastSubmission }: Details,
  provider: AuthorizationProvider,
  known: readonly string[],
) {
  const id = String(params.client_id);
  const { name, known: how } = await clientOf(provider, id, known);
  const asked = String(params.scope ?? '').split(' ');
  const interaction: Interaction = {
    uid,
    step: prompt.name === 'login' ? 'sign_in' : 'consent',
    client: { id, name, known: how, redirectUri: String(params.redirect_uri) },
    scopes: scopes.filter((scope): scope is Scope => asked.includes(scope)),
    ...(prompt.name !== 'login' && session !== undefined && { accountId: session.accountId, ...firstSeen(lastSubmission) }),
  };
  return interaction;
}

/** When whoever signed in was first seen, as `signedIn` left it with their sign-in. */
export function firstSeen(result: InteractionResults | undefined): Pick<Interaction, 'firstSeenAt'> {
  const at = result?.login?.firstSeenAt;
  return typeof at === 'number' ? { firstSeenAt: at } : {};
}

/** A client without a name is called by its id, which for a document is where it lies. */
async function clientOf(
  provider: AuthorizationProvider,
  id: string,
  known: readonly string[],
): Promise<{ name: string; known: ClientKnown }> {
  const client = await provider.Client.find(id);
  const name = cleanClientName(client?.clientName) ?? cleanClientName(id) ?? 'a client without a name';
  const isDocument = client !== undefined && Reflect.get(client, 'clientIdMetadataDocument') === true;
  return { name, known: known.includes(id) ? 'operator' : isDocument ? 'document' : 'self_registered' };
}

function gone(): Refusal {
  return new Refusal({
    code: 'not_found',
    message: 'This sign-in has expired, is finished, or was begun in another browser.',
    next: 'Start again from your MCP client.',
  });
}
