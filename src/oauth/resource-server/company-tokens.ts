import type { TokenVerifier } from '../../identity/authenticate.ts';
import { type Claims, claimAt, valuesOf } from '../../identity/claim-values.ts';
import { type Claimed, readClaims } from '../../identity/claims.ts';
import type { IdentityPolicy } from '../../identity/identity-policy.ts';
import type { PeopleStore, Person } from '../../identity/people.ts';
import { type Principal, type Scope, scopes } from '../../identity/principal.ts';
import { isAccountOf, otherAccount } from '../../identity/same-account.ts';
import { savePerson } from '../../identity/save-person.ts';
import { hashToken, tokenRef } from '../../identity/token-form.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { Fetch } from '../guarded-fetch.ts';
import { CheckProblem } from './check-problem.ts';
import { type CheckToken, openCheck, type ResourceServerPolicy } from './provider.ts';

interface CompanyTokensSettings {
  policy: IdentityPolicy;
  people: PeopleStore;
  /** URL of /mcp, known once the bridge listens; what tokens must be for unless the policy names something else. */
  resource(): string;
  clock: Clock;
  log: Log;
  fetch?: Fetch;
}

/** How often a person is stored anew whose rights did not change. */
const storeEveryMs = 3_600_000;
/** Answers of the provider that are remembered, where the policy allows that at all. */
const maxRemembered = 10_000;

/**
 * Checks tokens that the company's own provider gave out for this bridge. With `verify: jwt` a token that was revoked there lives until its
 * end; only with `introspection` it ends at once, or after `cache_seconds`. A person disabled here is out at once with both.
 */
export async function openCompanyTokens(settings: CompanyTokensSettings): Promise<TokenVerifier> {
  const { policy, people, resource, clock, log, fetch } = settings;
  const own = policy.resource_server;
  if (own === undefined) throw new Error('identity.yaml has no part resource_server.');
  const asked = await openCheck({ policy: own, audience: () => own.audience ?? resource(), clock, fetch });
  const check = remembering(asked, own.cache_seconds * 1000, clock);
  /** What a principal came with, for as long as somebody holds the principal; the name may pass to another person meanwhile. */
  const came = new WeakMap<Principal, { bearer: string } & Pick<Person, 'firstSeenAt'>>();

  async function claimsOf(token: string): Promise<Claims> {
    try {
      return await check(token);
    } catch (thrown) {
      if (!(thrown instanceof CheckProblem)) throw thrown;
      if (thrown.kind === 'provider')
        log.warn({ issuer: own?.issuer, err: thrown }, "the company's provider could not be asked about a token");
      throw thrown.refusal;
    }
  }

  function current(known: Person | undefined, claimed: Claimed): Person {
    const now = clock.now();
    if (known?.disabledAt !== undefined) throw ended();
    const issuer = own?.issuer ?? '';
    if (known !== undefined && !isAccountOf(known, { issuer, upstreamSubject: claimed.upstreamSubject })) {
      log.warn({ issuer, subject: claimed.subject }, 'a token is of another account than the one this name is known for');
      throw otherAccount(known);
    }
    if (known !== undefined && isSame(known, claimed) && known.checkedAt > now - storeEveryMs) return known;
    return { ...claimed, issuer, firstSeenAt: known?.firstSeenAt ?? now, signedInAt: now, checkedAt: now };
  }

  return {
    // What has the form of our own keys and tokens is none of the provider's, and never sent to it.
    recognises: (bearer) => !/^sl[a-z]_/.test(bearer) && (own.verify === 'introspection' || bearer.split('.').length === 3),

    async verify(bearer) {
      const claims = await claimsOf(bearer);
      const claimed = readClaims(claims, { rules: policy.claims, roles: policy.sign_in.roles });
      const person = await savePerson(people, claimed, (known) => current(known, claimed));
      const principal: Principal = {
        org: person.org,
        subject: person.subject,
        name: person.name,
        kind: 'person',
        role: person.role,
        scopes: scopesOf(claims, own),
        permissions: [],
        groups: person.groups,
        ...(typeof claims.exp === 'number' && { expiresAt: claims.exp * 1000 }),
        ...(typeof claims.client_id === 'string' && { clientId: claims.client_id }),
        tokenRef: tokenRef(bearer),
      };
      came.set(principal, { bearer, firstSeenAt: person.firstSeenAt });
      return principal;
    },

    async isGood(principal) {
      const token = came.get(principal);
      const person = await people.find(principal.org, principal.subject);
      if (token === undefined || person?.firstSeenAt !== token.firstSeenAt || person.disabledAt !== undefined) return false;
      return claimsOf(token.bearer).then(
        () => true,
        (problem: unknown) => {
          if (problem instanceof Refusal) return false;
          throw problem;
        },
      );
    },
  };
}

/** As the provider names them: `scope` (RFC 9068) or `scp` (Entra ID, Okta), as a text or a list. */
function scopesOf(claims: Claims, { scopes: names }: ResourceServerPolicy): Scope[] {
  const told = ['scope', 'scp'].flatMap((name) => valuesOf(claimAt(claims, name))).flatMap((value) => value.split(' '));
  return scopes.filter((scope) => told.includes(scope) || names[scope]?.some((name) => told.includes(name)));
}

function isSame(person: Claimed, claimed: Claimed): boolean {
  const parts = (each: Claimed) => [each.org, each.subject, each.upstreamSubject, each.name, each.email, each.role, each.groups];
  return JSON.stringify(parts(person)) === JSON.stringify(parts(claimed));
}

/** Remembers good answers for a while, by the hash of the token. */
function remembering(check: CheckToken, forMs: number, clock: Clock): CheckToken {
  if (forMs === 0) return check;
  const answers = new Map<string, { claims: Claims; until: number }>();
  return async (token) => {
    const key = hashToken(token);
    const known = answers.get(key);
    if (known !== undefined && known.until > clock.monotonic()) return known.claims;
    answers.delete(key);
    const claims = await check(token);
    const [oldest] = answers.keys();
    if (answers.size >= maxRemembered && oldest !== undefined) answers.delete(oldest);
    answers.set(key, { claims, until: clock.monotonic() + forMs });
    return claims;
  };
}

function ended(): Refusal {
  return new Refusal({
    code: 'invalid_token',
    message: 'This person was disabled here.',
    next: 'Ask the operator; `sidelight people enable` lets them in again.',
  });
}
