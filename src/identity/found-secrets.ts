import { hashKey, readKey } from './key-form.ts';
import { isToken, type TokenKind } from './token-form.ts';

/** Something in a text that has the form of what Sidelight hands out. */
export interface FoundSecret {
  /** Prefix, id where there is one, and an ellipsis: what may be shown. */
  shown: string;
  /** What it is and what it opens, in a sentence. */
  what: string;
  /** Whether its checksum is right: otherwise it is mistyped, or somebody's look-alike. */
  checksum: boolean;
  /** Of a key. */
  id?: string;
  /** SHA-256 of the whole, hex. */
  hash: string;
}

/**
 * The form of every secret we hand out, wherever it stands: keys of callers and agents, which have an id; access and refresh tokens and
 * codes of OAuth, which have none. The rules in docs/secret-scanning are made of the same parts.
 */
export const secretForm = /(?<![0-9A-Za-z])sl(?:[ke]_[0-9A-Za-z]{8}|[arc])_[0-9A-Za-z]{39}(?![0-9A-Za-z])/g;

const keyWords = {
  slk: 'An API key: it lets a caller in.',
  sle: 'An enrolment key: it lets agents connect, and can call nothing.',
} as const;
const tokenWords: Record<string, { kind: TokenKind; what: string }> = {
  sla: { kind: 'access', what: 'An access token of OAuth: it lets a client in for somebody who signed in, for at most an hour.' },
  slr: { kind: 'refresh', what: 'A refresh token of OAuth: its client gets access tokens for it, for at most 30 days.' },
  slc: { kind: 'code', what: 'A code of OAuth: good once, for a minute, and only for the client that asked for it.' },
};

/** Every different key and token in a text. */
export function findSecrets(text: string): FoundSecret[] {
  return [...new Set(text.match(secretForm) ?? [])].map(recognise);
}

function recognise(secret: string): FoundSecret {
  const [prefix = '', id = ''] = secret.split('_');
  const hash = hashKey(secret);
  const token = tokenWords[prefix];
  if (token !== undefined) return { shown: `${prefix}_…`, what: token.what, checksum: isToken(token.kind, secret), hash };
  const what = keyWords[prefix === 'sle' ? 'sle' : 'slk'];
  return { shown: `${prefix}_${id}_…`, what, checksum: readKey(secret) !== undefined, id, hash };
}
