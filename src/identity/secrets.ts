import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/**
 * What the bridge signs, seals and tags with, all of it derived from one master secret that is kept outside the database: whoever
 * gets a dump of the database has none of it.
 */
export interface Secrets {
  /** 32 bytes that are the same for a purpose as long as the master secret is; HKDF-SHA256 (RFC 5869). */
  derive(purpose: string): Buffer;
  /** Encrypts a text for storage: AES-256-GCM, bound to the purpose. */
  seal(purpose: string, text: string): string;
  /** The sealed text; undefined when it was altered, or sealed for another purpose or under a secret that is gone. */
  open(purpose: string, sealed: string): string | undefined;
  /** The keys of a purpose under every known secret, newest first: the first signs, all of them check. */
  all(purpose: string): Buffer[];
}

const nonceBytes = 12;
const tagBytes = 16;

/** Secrets under the newest of the masters; what older ones sealed can still be opened. Each has at least 32 bytes. */
export function createSecrets(newest: Buffer, ...older: Buffer[]): Secrets {
  const derived = (master: Buffer, purpose: string) =>
    Buffer.from(hkdfSync('sha256', master, 'sidelight', `sidelight ${purpose}`, 32));
  const all = (purpose: string) => [newest, ...older].map((master) => derived(master, purpose));
  return {
    derive: (purpose) => derived(newest, purpose),
    all,
    seal(purpose, text) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', derived(newest, `seal ${purpose}`), nonce);
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url');
    },
    open(purpose, sealed) {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < nonceBytes + tagBytes) return undefined;
      for (const key of all(`seal ${purpose}`)) {
        const text = openWith(key, bytes);
        if (text !== undefined) return text;
      }
      return undefined;
    },
  };
}

function openWith(key: Buffer, bytes: Buffer): string | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString('utf8');
  } catch {
    return undefined; // another key, or altered
  }
}
