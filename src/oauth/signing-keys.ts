import { createHash, createPrivateKey } from 'node:crypto';
import type { JWK } from 'oidc-provider';
import type { Secrets } from '../identity/secrets.ts';

/** PKCS #8 around the 32 bytes of an Ed25519 key (RFC 8410 section 7). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The keys that sign ID tokens, the newest first: derived, so that none is in the database and a restart has the same. Older ones stay
 * published as long as their master secret is known.
 */
export function signingKeys(secrets: Secrets): JWK[] {
  return secrets.all('oauth-signing').map((seed) => {
    const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' });
    const { crv, x, d } = key.export({ format: 'jwk' });
    const kid = createHash('sha256').update(`${x}`).digest('base64url').slice(0, 16);
    return { kty: 'OKP', crv, x, d, kid, alg: 'EdDSA', use: 'sig' } as JWK;
  });
}

/** The keys that sign the cookies of a sign-in, the newest first. */
export function cookieKeys(secrets: Secrets): string[] {
  return secrets.all('cookies').map((key) => key.toString('base64url'));
}
