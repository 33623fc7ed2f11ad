import * as openid from 'openid-client';
import type { Claims } from '../../identity/claim-values.ts';
import type { IdentityPolicy } from '../../identity/identity-policy.ts';
import { readSecret } from '../../identity/read-secret.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { type Fetch, guardedFetch } from '../guarded-fetch.ts';
import { ProviderProblem, providerProblem } from './provider-problem.ts';

/** What a sign-in at the provider is tied to; only its answer to exactly this one is taken. */
export interface Ties {
  state: string;
  nonce: string;
  verifier: string;
}

/** What the provider said about a person. */
export interface Told {
  claims: Claims;
  refreshToken?: string;
}

/** The company's provider. What goes wrong there is thrown as a ProviderProblem. */
export interface Company {
  issuer: string;
  /** Where the browser goes to sign in; `afresh` makes the provider ask who it is even where it remembers. */
  signInUrl(ties: Ties, redirectUri: string, afresh: boolean): Promise<URL>;
  /** Exchanges what the browser came back with. */
  finish(answer: URL, ties: Ties): Promise<Told>;
  /**
   * Asks again about somebody. A refresh token that takes the place of the one sent is handed over before anything else can fail:
   * the old one is worth nothing then. No claims: the provider said only that the sign-in still stands.
   */
  recheck(
    refreshToken: string,
    upstreamSubject: string,
    rotated: (refreshToken: string) => Promise<void>,
  ): Promise<Claims | undefined>;
}

type Policy = NonNullable<IdentityPolicy['company']>;

interface Surroundings {
  clock: Clock;
  log: Log;
  fetch?: Fetch | undefined;
  /** Time for one answer of the provider; the default suits people who wait for a page. */
  maxAnswerSeconds?: number;
}

/** How long a discovery document is taken for true; where a newer one cannot be had, longer. */
const freshMs = 3_600_000;

/** The provider of the policy. Nothing is asked of it yet, so that a bridge starts while it is down. */
export async function openCompany(policy: Policy, { clock, log, fetch, maxAnswerSeconds = 10 }: Surroundings): Promise<Company> {
  const { issuer, client_id: clientId, client_secret: source, scopes, userinfo } = policy;
  const secret = source && (await readSecret(source));
  let known: { configuration: openid.Configuration; readAt: number } | undefined;
  let discovering: Promise<openid.Configuration> | undefined;

  async function discover(): Promise<openid.Configuration> {
    const isPlain = issuer.startsWith('http:'); // which the policy allows on loopback only, and so does `guardedFetch`
    return openid.discovery(new URL(issuer), clientId, {}, clientAuthentication(secret), {
      timeout: maxAnswerSeconds,
      [openid.customFetch]: guardedFetch(issuer, fetch) as openid.CustomFetch,
      // Beside TLS: signatures of ID tokens are checked although they come from the provider directly.
      execute: [openid.enableNonRepudiationChecks, ...(isPlain ? [openid.allowInsecureRequests] : [])],
    });
  }

  async function configuration(): Promise<openid.Configuration> {
    if (known !== undefined && clock.monotonic() - known.readAt < freshMs) return known.configuration;
    discovering ??= discover().finally(() => {
      discovering = undefined;
    });
    try {
      known = { configuration: await discovering, readAt: clock.monotonic() };
      return known.configuration;
    } catch (thrown) {
      if (known === undefined) throw thrown;
      log.warn({ issuer, ...factsOf(thrown) }, 'the discovery document of the provider could not be read again');
      known = { ...known, readAt: clock.monotonic() };
      return known.configuration;
    }
  }

  /** Claims of the ID token, which is signed, before those of the UserInfo endpoint. */
  async function claimsOf(
    using: openid.Configuration,
    tokens: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers,
    subject: string,
  ): Promise<Claims | undefined> {
    const signed = tokens.claims();
    if (!userinfo) return signed;
    return { ...(await openid.fetchUserInfo(using, tokens.access_token, subject)), ...signed };
  }

  const asked = async <T>(run: (using: openid.Configuration) => Promise<T>): Promise<T> => {
    try {
      return await run(await configuration());
    } catch (thrown) {
      throw providerProblem(thrown);
    }
  };

  return {
    issuer,

    signInUrl: ({ state, nonce, verifier }, redirectUri, afresh) =>
      asked(async (using) =>
        openid.buildAuthorizationUrl(using, {
          ...{ redirect_uri: redirectUri, scope: scopes.join(' '), state, nonce },
          ...{ code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
          ...(afresh ? { prompt: 'login' } : {}),
          // Google hands out refresh tokens for this parameter and not for the scope offline_access, which it does not know.
          ...(issuer === 'https://accounts.google.com' ? { access_type: 'offline' } : {}),
        }),
      ),

    finish: (answer, { state, nonce, verifier }) =>
      asked(async (using) => {
        const tokens = await openid.authorizationCodeGrant(using, answer, {
          ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
        });
        const claims = await claimsOf(using, tokens, tokens.claims()?.sub ?? '');
        return { claims: claims ?? {}, ...(tokens.refresh_token && { refreshToken: tokens.refresh_token }) };
      }),

    recheck: (refreshToken, upstreamSubject, rotated) =>
      asked(async (using) => {
        const tokens = await openid.refreshTokenGrant(using, refreshToken);
        if (tokens.refresh_token !== undefined && tokens.refresh_token !== refreshToken) await rotated(tokens.refresh_token);
        // The library cannot know whose token it was; a token of somebody else must not speak for this person.
        const told = tokens.claims()?.sub;
        if (told !== undefined && told !== upstreamSubject) {
          throw new ProviderProblem('ended', 'other_subject', 'The provider answered for another person.');
        }
        return claimsOf(using, tokens, upstreamSubject);
      }),
  };
}

/** As the provider says it can be done, in the body where it can: that is what applications are registered with most often. */
function clientAuthentication(secret: string | undefined): openid.ClientAuth {
  if (secret === undefined) return openid.None();
  const inBody = openid.ClientSecretPost(secret);
  const inHeader = openid.ClientSecretBasic(secret);
  return (server, ...rest) => {
    // Left out means `client_secret_basic` (OpenID Connect Discovery section 3).
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return (methods.includes('client_secret_post') ? inBody : inHeader)(server, ...rest);
  };
}

function factsOf(thrown: unknown): object {
  const { kind, code, message } = providerProblem(thrown);
  return { kind, code, reason: message };
}
