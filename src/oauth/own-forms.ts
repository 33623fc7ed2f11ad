import { timingSafeEqual } from 'node:crypto';
import { hashToken, makeToken, type TokenKind } from '../identity/token-form.ts';
import { newId } from '../lib/id.ts';
import type { AuthorizationProvider } from './provider.ts';

/** What is kept with a grant beside what OAuth needs: so that people recognise what they connected. */
const grantFacts = ['clientName', 'clientKnown', 'redirectUri'];

/**
 * Gives tokens and codes our prefixes, and checks secrets of clients by their hash. None of this has a setting, so methods of the
 * models are replaced; tests hold each of them.
 */
export function ownForms(provider: AuthorizationProvider): void {
  const { AccessToken, RefreshToken, AuthorizationCode, Grant, Client } = provider;
  const forms: [object, TokenKind][] = [
    [AccessToken.prototype, 'access'],
    [RefreshToken.prototype, 'refresh'],
    [AuthorizationCode.prototype, 'code'],
  ];
  for (const [prototype, kind] of forms) {
    const generate = Reflect.get(prototype, 'generateTokenId') as (this: unknown) => string;
    replace(prototype, 'generateTokenId', function (this: unknown) {
      generate.call(this); // it notes the token's format
      return makeToken(kind);
    });
  }
  replace(Grant.prototype, 'generateTokenId', () => newId('grant'));
  const payload = Reflect.get(Grant, 'IN_PAYLOAD') as string[];
  Object.defineProperty(Grant, 'IN_PAYLOAD', { value: [...payload, ...grantFacts] });
  replace(Client.prototype, 'compareClientSecret', function (this: { clientSecret?: string }, secret: string) {
    const stored = Buffer.from(this.clientSecret ?? '');
    const given = Buffer.from(hashToken(String(secret)));
    return stored.length === given.length && timingSafeEqual(stored, given);
  });
}

function replace(prototype: object, name: string, value: unknown): void {
  if (typeof Reflect.get(prototype, name) !== 'function') throw new Error(`oidc-provider has no ${name} any more.`);
  Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
}
