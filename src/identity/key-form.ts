import { createHash } from 'node:crypto';
import { randomBase62 } from '../lib/id.ts';
import type { KeyKind } from './keys.ts';

/** `slk_<id>_<secret><checksum>`; the id is public, the secret has 33 × 5.95 = 196 bits. */
const prefixes: Record<KeyKind, string> = { api: 'slk', enrolment: 'sle' };
const idChars = 8;
const secretChars = 33;
const checksumChars = 6;

/**
 * The shape of a key, for secret scanners as well (docs/storage.md). A double click selects all of it, and the checksum tells
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
  const secret = body + checksum(body);
  return { id, secret, hash: hashKey(secret) };
}

/** Reads a key; undefined when prefix, shape or checksum are wrong, so that junk never reaches the store. */
export function readKey(text: string): KeyForm | undefined {
  const match = keyPattern.exec(text);
  if (match === null || checksum(text.slice(0, -checksumChars)) !== match[4]) return undefined;
  return { kind: match[1] === prefixes.api ? 'api' : 'enrolment', id: match[2] ?? '', hash: hashKey(text) };
}

/** SHA-256 of the whole key, hex. */
export function hashKey(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** CRC-32 (ISO 3309, as in zip) of ASCII text, as six base62 digits, most significant first. */
function checksum(text: string): string {
  let crc = 0xffffffff;
  for (let at = 0; at < text.length; at += 1) {
    crc ^= text.charCodeAt(at);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let digits = '';
  for (let digit = 0; digit < checksumChars; digit += 1) {
    digits = alphabet[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}
