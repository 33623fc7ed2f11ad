import { createHmac, createSecretKey, diffieHellman, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { privateKeyOf, publicHalf, publicKeyOf } from './key-formats.ts';

/** The code of a text by the key that both sides of a connection have: HMAC-SHA256 (RFC 2104), base64url. */
export type Coder = (text: string) => string;

/** One half of a key agreement by X25519 (RFC 7748). */
export interface KeyShare {
  /** The half that the other side is told, base64url. */
  readonly publicKey: string;
  /** What both sides come to for this purpose (HKDF-SHA256, RFC 5869); undefined when the other half is none. */
  coderWith(other: string, purpose: string): Coder | undefined;
}

/** A new half. */
export function newKeyShare(): KeyShare {
  return keyShareOf(privateKeyOf('X25519', randomBytes(32)));
}

/** The half that goes with this private key of X25519. */
export function keyShareOf(privateKey: KeyObject): KeyShare {
  return {
    publicKey: publicHalf(privateKey),
    coderWith(other, purpose) {
      try {
        const secret = diffieHellman({ privateKey, publicKey: publicKeyOf('X25519', other) });
        const bytes = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32)).toString('base64');
        let key: KeyObject | undefined;
        return (text) => {
          // As bytes it would be looked at anew for each code, which costs more than the code; kept so it takes a kilobyte.
          key ??= createSecretKey(bytes, 'base64');
          return createHmac('sha256', key).update(text).digest('base64url');
        };
      } catch {
        return undefined;
      }
    },
  };
}
