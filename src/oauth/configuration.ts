import type { AccessToken, ClientMetadata, Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { IdentityPolicy } from '../identity/identity-policy.ts';
import { scopes } from '../identity/principal.ts';
import type { Secrets } from '../identity/secrets.ts';
import { newId } from '../lib/id.ts';
import type { ClaimedMetadata } from './client-metadata.ts';
import { shapeClient } from './client-metadata.ts';
import { isOurResource } from './discovery.ts';
import { mayFetchDocument } from './document-guard.ts';
import type { OidcModule } from './provider.ts';
import { cookieKeys, signingKeys } from './signing-keys.ts';

/** Where the authorization server answers, below its issuer. */
export const paths = {
  authorize: '/oauth/authorize',
  token: '/oauth/token',
  register: '/oauth/register',
  revoke: '/oauth/revoke',
  jwks: '/oauth/jwks',
  interaction: '/oauth/interaction',
} as const;

/** Every path below /oauth there is, as it is written: where others match more loosely, limits and checks would be gone round. */
const served = /^\/oauth\/(?:(?:authorize|interaction)\/[\w-]+|authorize|token|register|revoke|jwks|callback|local)$/;

/** Whether a path lies below /oauth in any spelling, and is none of those that are served. */
export function isMisspelt(path: string): boolean {
  return /^\/+oauth(?:\/|$)/i.test(path) && !served.test(path);
}

const hour = 3_600;
const day = 24 * hour;

/** How long things live, in seconds. A grant is the absolute end of a sign-in, however often its tokens are refreshed. */
export const lifeSeconds = {
  AccessToken: hour,
  AuthorizationCode: 60,
  RefreshToken: 30 * day,
  Grant: 90 * day,
  IdToken: hour,
  Interaction: 600,
  Session: 600,
} as const;

/** Bytes of what is fetched about clients. */
const maxFetchedBytes = 64 * 1024;

/** What the settings of oidc-provider depend on. */
export interface ProviderSettings {
  policy: IdentityPolicy;
  secrets: Secrets;
  origin: string;
  /** URL of /mcp: what every token is for. */
  resource: string;
  /** Clients the operator registered. */
  known: ClientMetadata[];
  adapter: NonNullable<Configuration['adapter']>;
  findAccount: NonNullable<Configuration['findAccount']>;
  renderError: NonNullable<Configuration['renderError']>;
  fetch: NonNullable<Configuration['fetch']>;
}

/** The settings of oidc-provider; everything it can do and MCP does not need is off. */
export function configurationOf({ errors, interactionPolicy }: OidcModule, settings: ProviderSettings): Configuration {
  const { policy, secrets, origin, resource } = settings;
  const cookie = { signed: true, httpOnly: true, sameSite: 'lax', secure: origin.startsWith('https:'), overwrite: true } as const;
  const { base, Check } = interactionPolicy;
  const prompts = base();
  // The company's provider remembers people, we do not: otherwise the next person at this browser would be signed in as the last.
  prompts
    .get('login')
    ?.checks.add(
      new Check('fresh_sign_in', 'a sign-in of its own', (ctx: KoaContextWithOIDC) => ctx.oidc.result?.login === undefined),
    );
  prompts
    .get('consent')
    ?.checks.add(
      new Check('each_time', 'consent of its own', (ctx: KoaContextWithOIDC) => ctx.oidc.result?.consent === undefined),
    );
  return {
    adapter: settings.adapter,
    clients: settings.known,
    jwks: { keys: signingKeys(secrets) },
    cookies: {
      keys: cookieKeys(secrets),
      names: { session: 'sidelight_session', interaction: 'sidelight_interaction', resume: 'sidelight_resume' },
      short: cookie,
      long: { ...cookie, path: '/oauth' },
    },
    routes: {
      ...{ authorization: paths.authorize, token: paths.token, registration: paths.register, revocation: paths.revoke },
      ...{ jwks: paths.jwks, end_session: '/oauth/session/end' },
    },
    scopes: ['openid', 'offline_access', ...scopes],
    responseTypes: ['code'],
    pkce: { required: () => true },
    // `none` is what claude.ai and every program on a laptop has; ChatGPT's document says private_key_jwt.
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    clientDefaults: {
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: 'EdDSA',
    },
    enabledJWA: { idTokenSigningAlgValues: ['EdDSA'] },
    allowOmittingSingleRegisteredRedirectUri: false,
    clockTolerance: 15, // of assertions that clients sign; our own records end by our own clock
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    revokeGrantPolicy: () => true,
    ttl: { ...lifeSeconds, AccessToken: accessTokenSeconds },
    loadExistingGrant: async (ctx) => {
      const grantId = ctx.oidc.result?.consent?.grantId;
      return grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId);
    },
    interactions: { policy: prompts, url: (_ctx, { uid }) => `${paths.interaction}/${uid}` },
    extraClientMetadata: {
      properties: ['sidelight_shape'], // names nothing; the validator runs once for each name, and there must be one
      validator(_ctx, name, _value, metadata) {
        metadata[name] = undefined;
        const problem = shapeClient(metadata as ClaimedMetadata, { ...policy.clients });
        if (problem?.startsWith('redirect_uris')) {
          throw Object.assign(new errors.InvalidRedirectUri(), { error_description: problem });
        }
        if (problem !== undefined) throw new errors.InvalidClientMetadata(problem);
      },
    },
    findAccount: settings.findAccount,
    renderError: settings.renderError,
    clientBasedCORS: () => false, // answered before it is asked
    fetch: settings.fetch,
    fetchResponseBodyLimits: { 'client_id metadata document': maxFetchedBytes, jwks_uri: maxFetchedBytes },
    features: {
      ...{ devInteractions: { enabled: false }, userinfo: { enabled: false }, dPoP: { enabled: false } },
      ...{ pushedAuthorizationRequests: { enabled: false }, rpInitiatedLogout: { enabled: false } },
      registration: {
        enabled: policy.clients.registration,
        issueRegistrationAccessToken: false,
        idFactory: () => newId('client'),
      },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      clientIdMetadataDocument: {
        enabled: policy.clients.metadata_documents,
        ack: 'draft-02',
        allowFetch: (_ctx, clientId) => mayFetchDocument(clientId, policy.clients.metadata_hosts),
        cacheDuration: { min: 60, max: day },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo(_ctx, indicator) {
          if (!isOurResource(indicator, origin)) throw new errors.InvalidTarget();
          return { scope: scopes.join(' '), audience: resource, accessTokenFormat: 'opaque' };
        },
      },
    },
  };
}

/** An access token never outlives its grant. */
function accessTokenSeconds(ctx: KoaContextWithOIDC, _token: AccessToken): number {
  const leftSeconds = ctx.oidc.entities.Grant?.remainingTTL ?? lifeSeconds.AccessToken;
  return Math.max(1, Math.min(lifeSeconds.AccessToken, leftSeconds));
}
