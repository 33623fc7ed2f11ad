import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** A kind of key of 32 bytes (RFC 8410): the last byte of its object identifier, 1.3.101.x. */
const kinds = { X25519: '6e', Ed25519: '70' } as const;

/** The private key of these 32 bytes. */
export function privateKeyOf(kind: keyof typeof kinds, seed: Uint8Array): KeyObject {
  // PKCS #8 up to the bytes of the key (RFC 8410, section 7).
  const prefix = Buffer.from(`302e020100300506032b65${kinds[kind]}04220420`, 'hex');
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' });
}

/** Its public half, base64url. */
export function publicHalf(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'jwk' }).x as string;
}

/** The public key that was written so; throws for what is none. */
export function publicKeyOf(kind: keyof typeof kinds, x: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: kind, x }, format: 'jwk' });
}
