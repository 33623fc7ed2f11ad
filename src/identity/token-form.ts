import { createHash } from 'node:crypto';
import { randomBase62 } from '../lib/id.ts';
import { checkDigitCount, checkDigits } from './check-digits.ts';

/** What the authorization server hands out. */
export type TokenKind = 'access' | 'refresh' | 'code';

const prefixes: Record<TokenKind, string> = { access: 'sla', refresh: 'slr', code: 'slc' };
/** 33 × 5.95 = 196 bits. */
const secretChars = 33;

/** The shape of a token, for secret scanners as well; without an id, because the whole is found by its hash. */
export const tokenPattern = /^(sla|slr|slc)_[0-9A-Za-z]{39}$/;

/** A new token: prefix, secret and check digits, as in a key. */
export function makeToken(kind: TokenKind): string {
  const body = `${prefixes[kind]}_${randomBase62(secretChars)}`;
  return body + checkDigits(body);
}

/** Whether this has the shape and the check digits of a token of this kind, so that junk never reaches the store. */
export function isToken(kind: TokenKind, text: string): boolean {
  const [, prefix] = tokenPattern.exec(text) ?? [];
  return prefix === prefixes[kind] && checkDigits(text.slice(0, -checkDigitCount)) === text.slice(-checkDigitCount);
}

/** Whether it claims to be an access token, well-formed or not. */
export function looksLikeAccessToken(text: string): boolean {
  return text.startsWith(`${prefixes.access}_`);
}

/** SHA-256, hex: all that is ever stored of a token. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Twelve digits of its hash: names a token in the audit trail, and opens nothing. */
export function tokenRef(token: string): string {
  return hashToken(token).slice(0, 12);
}
