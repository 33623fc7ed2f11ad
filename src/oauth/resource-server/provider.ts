import * as jose from 'jose';
import * as openid from 'openid-client';
import type { Claims } from '../../identity/claim-values.ts';
import type { IdentityPolicy } from '../../identity/identity-policy.ts';
import { readSecret } from '../../identity/read-secret.ts';
import type { Clock } from '../../lib/clock.ts';
import { type Fetch, guardedFetch } from '../guarded-fetch.ts';
import { CheckProblem, problemOf } from './check-problem.ts';

/** The part of identity.yaml for this mode. */
export type ResourceServerPolicy = NonNullable<IdentityPolicy['resource_server']>;

/** Says what a token is worth: its claims, or a CheckProblem. */
export type CheckToken = (token: string) => Promise<Claims>;

/** What a provider is asked with. */
export interface Asking {
  policy: ResourceServerPolicy;
  /** What tokens must be meant for. */
  audience(): string;
  clock: Clock;
  fetch?: Fetch | undefined;
}

/** Time for one answer of the provider. */
const maxAnswerSeconds = 10;
/** Clocks of two machines differ. */
const clockToleranceSeconds = 5;
/** A discovery document changes with a release of the provider, its keys have a rhythm of their own. */
const freshMs = 3_600_000;

/** Checks tokens as the policy says: by the provider's published keys (RFC 9068, RFC 7519), or by asking it (RFC 7662). */
export async function openCheck(asking: Asking): Promise<CheckToken> {
  const { policy } = asking;
  const secret = policy.client_secret && (await readSecret(policy.client_secret));
  const configuration = discovered(asking, secret);
  const check = policy.verify === 'jwt' ? byKeys(asking, configuration) : byAsking(asking, configuration);
  return (token) =>
    check(token).catch((thrown: unknown) => {
      throw problemOf(thrown);
    });
}

/** The provider's discovery document, read when it is first needed, so that a bridge starts while the provider is down. */
function discovered({ policy, clock, fetch }: Asking, secret: string | undefined): () => Promise<openid.Configuration> {
  const { issuer, client_id: clientId = 'sidelight' } = policy;
  const isPlain = issuer.startsWith('http:'); // which the policy allows on loopback only
  let known: { reading: Promise<openid.Configuration>; readAt: number } | undefined;
  return () => {
    if (known !== undefined && clock.monotonic() - known.readAt < freshMs) return known.reading;
    const reading = openid.discovery(
      new URL(issuer),
      clientId,
      {},
      secret === undefined ? openid.None() : openid.ClientSecretBasic(secret),
      {
        timeout: maxAnswerSeconds,
        [openid.customFetch]: guardedFetch(issuer, fetch) as openid.CustomFetch,
        execute: isPlain ? [openid.allowInsecureRequests] : [],
      },
    );
    const fresh = { reading, readAt: clock.monotonic() };
    known = fresh;
    reading.catch(() => {
      if (known === fresh) known = undefined;
    });
    return reading;
  };
}

function byKeys({ policy, audience, clock, fetch }: Asking, configuration: () => Promise<openid.Configuration>): CheckToken {
  const { issuer, algorithms } = policy;
  let keys: { uri: string; set: ReturnType<typeof jose.createRemoteJWKSet> } | undefined;
  return async (token) => {
    const uri = (await configuration()).serverMetadata().jwks_uri;
    if (uri === undefined) throw new CheckProblem('provider', 'The provider publishes no keys (jwks_uri).');
    if (keys?.uri !== uri) {
      const options = { timeoutDuration: maxAnswerSeconds * 1000, [jose.customFetch]: guardedFetch(issuer, fetch) };
      keys = { uri, set: jose.createRemoteJWKSet(new URL(uri), options) };
    }
    const { payload, protectedHeader } = await jose.jwtVerify(token, keys.set, {
      ...{ issuer, algorithms, audience: audience(), clockTolerance: clockToleranceSeconds },
      ...{ requiredClaims: ['exp', 'iat', 'sub'], currentDate: new Date(clock.now()) },
    });
    const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, '');
    // RFC 9068 names access tokens so; many providers still say just JWT. A logout token or the like says what it is.
    if (type !== undefined && type !== 'at+jwt' && type !== 'jwt')
      throw new CheckProblem('token', `It is a ${type}, no access token.`);
    return payload;
  };
}

function byAsking({ policy, audience, clock }: Asking, configuration: () => Promise<openid.Configuration>): CheckToken {
  return async (token) => {
    const told = await openid.tokenIntrospection(await configuration(), token, { token_type_hint: 'access_token' });
    if (!told.active) throw new CheckProblem('token', 'The provider says that the token is not active.');
    if (![told.aud ?? []].flat().includes(audience()))
      throw new CheckProblem('token', 'The token is for another resource (aud).');
    if (told.iss !== undefined && told.iss !== policy.issuer) throw new CheckProblem('token', 'The token is of another issuer.');
    if (typeof told.sub !== 'string') throw new CheckProblem('token', 'The token is of nobody (sub).');
    if (typeof told.exp === 'number' && told.exp * 1000 <= clock.now()) throw new CheckProblem('token', 'The token has expired.');
    return told;
  };
}
