import { createHash } from 'node:crypto';
import { randomBase62 } from '../lib/id.ts';
import { checkDigitCount, checkDigits } from './check-digits.ts';
import type { KeyKind } from './keys.ts';

/** `slk_<id>_<secret><checksum>`; the id is public, the secret has 33 × 5.95 = 196 bits. */
const prefixes: Record<KeyKind, string> = { api: 'slk', enrolment: 'sle' };
const idChars = 8;
const secretChars = 33;

/**
 * The shape of a key, for secret scanners as well (docs/keys.md). A double click selects all of it, and the checksum tells
 * a key from a look-alike without asking anybody.
 */
export const keyPattern = /^(slk|sle)_([0-9A-Za-z]{8})_([0-9A-Za-z]{33})([0-9A-Za-z]{6})$/;

/** A well-formed key; whether it is a known one is for the store to say. */
export interface KeyForm {
  kind: KeyKind;
  id: string;
  /** SHA-256 of the whole key, hex: enough for 196 random bits, and all that is ever stored. */
  hash: string;
}

/** A new key. `secret` is the whole key: shown once, never stored or logged. */
export function makeKey(kind: KeyKind): { id: string; secret: string; hash: string } {
  const id = randomBase62(idChars);
  const body = `${prefixes[kind]}_${id}_${randomBase62(secretChars)}`;
  const secret = body + checkDigits(body);
  return { id, secret, hash: hashKey(secret) };
}

/** Reads a key; undefined when prefix, shape or checksum are wrong, so that junk never reaches the store. */
export function readKey(text: string): KeyForm | undefined {
  const match = keyPattern.exec(text);
  if (match === null || checkDigits(text.slice(0, -checkDigitCount)) !== match[4]) return undefined;
  return { kind: match[1] === prefixes.api ? 'api' : 'enrolment', id: match[2] ?? '', hash: hashKey(text) };
}

/** SHA-256 of the whole key, hex. */
export function hashKey(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
