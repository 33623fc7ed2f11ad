import { randomBytes, sign, verify } from 'node:crypto';
import { privateKeyOf, publicHalf, publicKeyOf } from './key-formats.ts';

/** A key that signs; `publicKey` is what others know it by, base64url. */
export interface SigningKey {
  readonly publicKey: string;
  sign(text: string): string;
}

/** The Ed25519 key (RFC 8032) of these 32 bytes. */
export function signingKey(seed: Uint8Array): SigningKey {
  const key = privateKeyOf('Ed25519', seed);
  return {
    publicKey: publicHalf(key),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64url'),
  };
}

/** Tells what the owner of a public key has signed. */
export type Verifier = (text: string, sig: string | undefined) => boolean;

/** Knows the signatures of one key; of what is no key there are none. */
export function verifierOf(publicKey: string): Verifier {
  try {
    const key = publicKeyOf('Ed25519', publicKey);
    return (text, sig = '') => verify(null, Buffer.from(text), key, Buffer.from(sig, 'base64url'));
  } catch {
    return () => false;
  }
}

/** A text that nobody can foresee: 144 bits. */
export function newNonce(): string {
  return randomBytes(18).toString('base64url');
}
