import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { admitKey } from './admit-key.ts';
import { readKey } from './key-form.ts';
import type { KeyKind, KeyRecord, KeyStore } from './keys.ts';
import { noOwners, type Owners } from './owner.ts';
import type { Principal } from './principal.ts';

/** Turns bearer tokens into callers. Nothing is remembered between calls, so that a revoked key ends with its next request. */
export interface Authenticator {
  /** Who is asking. Throws `missing_token` or `invalid_token`; `from` is the caller's address, noted as last use. */
  authenticate(bearer: string | undefined, from?: string): Promise<Principal>;
  /** The enrolment key an agent connects with. Throws the same. */
  authenticateAgent(bearer: string | undefined, from?: string): Promise<KeyRecord>;
}

/** Checks tokens of people: our own, or those of the company's provider. */
export interface TokenVerifier {
  /** Whether it is for this one to say what the token is worth; from its form alone. */
  recognises(bearer: string): boolean;
  /** Whom the token stands for. Throws `invalid_token`. */
  verify(bearer: string, address: string | undefined): Promise<Principal>;
  /** Whether what the principal came with still stands: asked while a call runs. Ends by time are seen elsewhere. */
  isGood(principal: Principal): Promise<boolean>;
}

const words: Record<KeyKind, { missing: string; other: string; next: string }> = {
  api: {
    missing: 'The request carries no bearer token.',
    other: 'This is an enrolment key (sle_…): it lets agents connect and can call nothing.',
    next: 'Send an API key (slk_…) as Authorization: Bearer; `sidelight keys create` makes one.',
  },
  enrolment: {
    missing: 'The agent sent no enrolment key.',
    other: 'This is an API key (slk_…): it lets callers in, not agents.',
    next: 'Set SIDELIGHT_KEY to an enrolment key (sle_…); `sidelight keys create --kind enrolment` makes one.',
  },
};

/** Compared with when there is no key of that id, so that an unknown id takes the same way as a wrong secret. */
const noHash = '0'.repeat(64);
const touchEveryMs = 60_000;

interface AuthenticatorSettings {
  keys: KeyStore;
  clock: Clock;
  owners?: Owners;
  /** Where people sign in: who checks their tokens. */
  tokens?: TokenVerifier | undefined;
}

/** The authenticator for API keys, enrolment keys and the tokens of people. */
export function createAuthenticator({ keys, clock, owners = noOwners, tokens }: AuthenticatorSettings): Authenticator {
  async function check(kind: KeyKind, bearer: string | undefined, from: string | undefined): Promise<KeyRecord> {
    const { missing, other, next } = words[kind];
    if (bearer === undefined || bearer === '') {
      const orSignIn = kind === 'api' && tokens !== undefined ? ' A client that can sign in needs the URL alone.' : '';
      throw new Refusal({ code: 'missing_token', message: missing, next: `${next}${orSignIn}` });
    }
    const form = readKey(bearer);
    if (form === undefined) throw invalid('The token is malformed: it is cut, mistyped or not a Sidelight key.', next);
    if (form.kind !== kind) throw invalid(other, next);
    const found = await keys.find(form.id);
    // The hash covers the prefix as well, so that a match also means the right kind.
    const same = timingSafeEqual(Buffer.from(form.hash, 'hex'), Buffer.from(found?.hash ?? noHash, 'hex'));
    const now = clock.now();
    if (found === undefined || !same || found.revokedAt !== undefined || found.expiresAt <= now) {
      throw invalid('The token is unknown, expired or revoked.', next);
    }
    const admitted = await admitKey(owners, found, from);
    if (found.lastUsedAt === undefined || found.lastUsedAt <= now - touchEveryMs) await keys.touch(found.id, now, from);
    return admitted;
  }

  return {
    async authenticate(bearer, from) {
      if (bearer !== undefined && tokens?.recognises(bearer)) return tokens.verify(bearer, from);
      const key = await check('api', bearer, from);
      return {
        org: key.org,
        subject: `key:${key.firstId ?? key.id}`,
        name: key.name,
        kind: 'api_key',
        role: key.role ?? 'viewer',
        scopes: key.scopes ?? [],
        permissions: key.permissions ?? [],
        groups: key.groups ?? [],
        owner: key.owner,
        credentialId: key.id,
        ...(key.addresses === undefined ? {} : { addresses: key.addresses }),
        expiresAt: key.expiresAt,
      };
    },
    authenticateAgent: (bearer, from) => check('enrolment', bearer, from),
  };
}

function invalid(message: string, next: string): Refusal {
  return new Refusal({ code: 'invalid_token', message, next });
}
