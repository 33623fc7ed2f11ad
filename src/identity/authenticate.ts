import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { readKey } from './key-form.ts';
import type { KeyKind, KeyRecord, KeyStore } from './keys.ts';
import type { Principal } from './principal.ts';

/** Turns bearer tokens into callers. Nothing is remembered between calls, so that a revoked key ends with its next request. */
export interface Authenticator {
  /** Who is asking. Throws `missing_token` or `invalid_token`; `from` is the caller's address, noted as last use. */
  authenticate(bearer: string | undefined, from?: string): Promise<Principal>;
  /** The enrolment key an agent connects with. Throws the same. */
  authenticateAgent(bearer: string | undefined, from?: string): Promise<KeyRecord>;
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

/** The authenticator for API keys and enrolment keys. */
export function createAuthenticator({ keys, clock }: { keys: KeyStore; clock: Clock }): Authenticator {
  async function check(kind: KeyKind, bearer: string | undefined, from: string | undefined): Promise<KeyRecord> {
    const { missing, other, next } = words[kind];
    if (bearer === undefined || bearer === '') throw new Refusal({ code: 'missing_token', message: missing, next });
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
    if (found.lastUsedAt === undefined || found.lastUsedAt <= now - touchEveryMs) await keys.touch(found.id, now, from);
    return found;
  }

  return {
    async authenticate(bearer, from) {
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
        credentialId: key.id,
        expiresAt: key.expiresAt,
      };
    },
    authenticateAgent: (bearer, from) => check('enrolment', bearer, from),
  };
}

function invalid(message: string, next: string): Refusal {
  return new Refusal({ code: 'invalid_token', message, next });
}
