import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410, section 7). */
const keyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A key that signs; `publicKey` is what others know it by, base64url. */
export interface SigningKey {
  readonly publicKey: string;
  sign(text: string): string;
}

/** The Ed25519 key (RFC 8032) of these 32 bytes. */
export function signingKey(seed: Uint8Array): SigningKey {
  const key = createPrivateKey({ key: Buffer.concat([keyPrefix, seed]), format: 'der', type: 'pkcs8' });
  return {
    publicKey: createPublicKey(key).export({ format: 'jwk' }).x as string,
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64url'),
  };
}

/** Tells what the owner of a public key has signed. */
export type Verifier = (text: string, sig: string) => boolean;

/** Knows the signatures of one key; of what is no key there are none. */
export function verifierOf(publicKey: string): Verifier {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    return (text, sig) => verify(null, Buffer.from(text), key, Buffer.from(sig, 'base64url'));
  } catch {
    return () => false;
  }
}

/** A text that nobody can foresee: 144 bits. */
export function newNonce(): string {
  return randomBytes(18).toString('base64url');
}
