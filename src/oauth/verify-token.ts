import type { TokenVerifier } from '../identity/authenticate.ts';
import { accountId } from '../identity/people.ts';
import { type Principal, type Scope, scopes } from '../identity/principal.ts';
import { hashToken, isToken, looksLikeAccessToken } from '../identity/token-form.ts';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Accounts } from './accounts.ts';
import type { OAuthRecord, OAuthRecordStore } from './records.ts';

const touchEveryMs = 60_000;

interface VerifierSettings {
  records: OAuthRecordStore;
  accounts: Accounts;
  clock: Clock;
  /** What tokens must be for; known once the bridge listens. */
  resource(): string;
}

/**
 * Checks our own access tokens where they are kept, at each request: no copy, so that revoking one, or disabling its person, ends it
 * with the next request. Role and groups are the person's of now, scopes those of the token.
 */
export function createTokenVerifier({ records, accounts, clock, resource }: VerifierSettings): TokenVerifier {
  return {
    recognises: looksLikeAccessToken,

    async verify(bearer) {
      if (!isToken('access', bearer)) throw invalid('The token is malformed: it is cut or mistyped.');
      const now = clock.now();
      const record = await records.find('AccessToken', hashToken(bearer), now);
      if (record === undefined || record.payload.aud !== resource()) throw invalid('The token is unknown, expired or revoked.');
      const person = record.account === undefined ? undefined : await accounts.current(record.account);
      if (person === undefined) throw invalid('The person this token was given to may not sign in any more.');
      await touch(record, now);
      const principal: Principal = {
        org: person.org,
        subject: person.subject,
        name: person.name,
        kind: 'person',
        role: person.role,
        scopes: scopesOf(record),
        permissions: [],
        groups: person.groups,
        ...(record.grantId !== undefined && { credentialId: record.grantId }),
        ...(record.expiresAt !== undefined && { expiresAt: record.expiresAt }),
        ...(typeof record.payload.clientId === 'string' && { clientId: record.payload.clientId }),
        tokenRef: record.idHash.slice(0, 12),
      };
      return principal;
    },

    async isGood(principal) {
      const { credentialId } = principal;
      if (credentialId === undefined) return false;
      const [grant, person] = await Promise.all([
        records.find('Grant', hashToken(credentialId), clock.now()),
        accounts.current(accountId(principal)),
      ]);
      return grant !== undefined && person !== undefined;
    },
  };

  async function touch({ idHash, grantId, lastUsedAt }: OAuthRecord, now: number): Promise<void> {
    if (lastUsedAt !== undefined && lastUsedAt > now - touchEveryMs) return;
    await records.touch('AccessToken', idHash, now);
    if (grantId !== undefined) await records.touch('Grant', hashToken(grantId), now);
  }
}

function scopesOf({ payload }: OAuthRecord): Scope[] {
  const granted = String(payload.scope ?? '').split(' ');
  return scopes.filter((scope) => granted.includes(scope));
}

function invalid(message: string): Refusal {
  return new Refusal({ code: 'invalid_token', message, next: 'Refresh the token, or sign in again.' });
}
