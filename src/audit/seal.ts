import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { Secrets } from '../identity/secrets.ts';
import { canonical } from './canonical.ts';
import type { AuditRecord } from './record.ts';

/** What the first record of a chain follows. */
export const beforeAll = '0'.repeat(64);

/** What binds the records of one node to each other, and what signs how far they had come. */
export interface AuditSeal {
  /** The writer; each has a chain of its own. */
  node: string;
  /** Code of a record's text that follows the record with the code `previous`: HMAC-SHA256, hex. */
  code(previous: string, text: string): string;
  /** Whether it is the code, under any secret that is still known. */
  isCode(code: string, previous: string, text: string): boolean;
  /** Ed25519 over the canonical JSON, base64. */
  sign(statement: object): string;
  isSigned(statement: object, signature: string): boolean;
  /** Checks signatures; nothing can be made with it. PEM (SPKI). */
  publicKey: string;
  /** Of the public key: the first 16 hex characters of the SHA-256 of its DER. */
  keyId: string;
  /** Whether the key of this id is one of its own, under any secret that is still known. */
  knows(keyId: string): boolean;
}

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410). */
const privateKeyHead = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The seal of one node under the secrets of the installation. */
export function createSeal({ node, secrets }: { node: string; secrets: Pick<Secrets, 'derive' | 'all'> }): AuditSeal {
  const newest = secrets.derive('audit-chain');
  const known = secrets.all('audit-chain');
  const privateKey = signingKey(secrets.derive('audit-checkpoints'));
  const publicKeys = secrets.all('audit-checkpoints').map((seed) => createPublicKey(signingKey(seed)));
  const publicKey = createPublicKey(privateKey);
  const keyIds = new Set(publicKeys.map(idOf));
  return {
    node,
    code: (previous, text) => codeUnder(newest, previous, text).toString('hex'),
    isCode(code, previous, text) {
      const told = Buffer.from(code, 'hex');
      return known.some((key) => {
        const right = codeUnder(key, previous, text);
        return told.length === right.length && timingSafeEqual(told, right);
      });
    },
    sign: (statement) => sign(null, Buffer.from(canonical(statement)), privateKey).toString('base64'),
    isSigned: (statement, signature) => publicKeys.some((key) => isSignedBy(key, statement, signature)),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    keyId: idOf(publicKey),
    knows: (keyId) => keyIds.has(keyId),
  };
}

function idOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

/** Whether the holder of the key said so. */
export function isSignedBy(key: KeyObject, statement: object, signature: string): boolean {
  return verify(null, Buffer.from(canonical(statement)), key, Buffer.from(signature, 'base64'));
}

/** Keys and tokens of ours, wherever they stand in a text; the id of a key is public. */
const ownSecrets = /(sl[a-z]_(?:[0-9A-Za-z]{8}_)?)[0-9A-Za-z]{39}/g;

/**
 * A record as it is stored: with its place, so that no other record can stand there, in one spelling. Callers write conditions and
 * names of clients; a key that they put there does not stay.
 */
export function textOf(record: AuditRecord, node: string, seq: number): string {
  return canonical({ ...record, node, seq }).replace(ownSecrets, '$1…');
}

/** `previous` has a fixed length, so that no text can be moved over to it. */
function codeUnder(key: Buffer, previous: string, text: string): Buffer {
  return createHmac('sha256', key).update(previous).update(text).digest();
}

function signingKey(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([privateKeyHead, seed]), format: 'der', type: 'pkcs8' });
}
