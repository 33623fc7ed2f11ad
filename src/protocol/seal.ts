import { Malformed, matching, type Reader, record } from './check.ts';

/** Public key, of Ed25519 or X25519: 32 bytes as base64url without padding. */
export const publicKey = matching(/^[\w-]{43}$/, 'the 43 characters of a public key');
/** Ed25519 signature: 64 bytes as base64url without padding. */
export const signature = matching(/^[\w-]{86}$/, 'the 86 characters of a signature');
/** Random text that is used once: at least 128 bits. */
export const nonce = matching(/^[\w-]{22,64}$/, '22 to 64 characters of A-Z, a-z, 0-9, _ and -');

/** Frames of the bridge that change what an agent does, or read the program's source: they count only with a seal. */
export const sealedKinds: ReadonlySet<unknown> = new Set(['welcome', 'arm', 'remove', 'policy', 'locate']);

/** What a signature is for comes before what is signed, so that none can be taken for one of another purpose. */
export const contexts = {
  /** `challenge` is the nonce of the bridge. */
  hello: (challenge: string) => `sidelight.v1 hello\n${challenge}\n`,
  /** `hello` is the nonce of the agent's hello: a frame counts on one connection of one agent. */
  frame: (agentId: string, hello: string) => `sidelight.v1 bridge\n${agentId}\n${hello}\n`,
  /** What the key that both sides agree on is for; `hello` as above. */
  code: (agentId: string, hello: string) => `sidelight.v1 code\n${agentId}\n${hello}\n`,
  /** Followed by the new key; signed by the old one. */
  handOver: 'sidelight.v1 hand-over\n',
} as const;

/** The seal at the end of a frame: a signature, or a code by the key that both sides agreed on. */
const tail = /,"(?:sig":"([\w-]{86})|mac":"([\w-]{43}))"\}$/;
const maxTailChars = 96;

/** The text of a frame up to its last brace: what is signed. */
export function bodyOf(frame: object): string {
  return JSON.stringify(frame).slice(0, -1);
}

/** The frame with its seal as the last field: a signature, or a code. */
export function seal(body: string, value: string, field: 'sig' | 'mac' = 'sig'): string {
  return `${body},"${field}":"${value}"}`;
}

/** What was sealed, as it came, and the signature or the code; undefined when the text ends with neither. */
export function openSeal(text: string): { body: string; sig: string | undefined; mac: string | undefined } | undefined {
  const found = tail.exec(text.slice(-maxTailChars));
  return found === null ? undefined : { body: text.slice(0, -found[0].length), sig: found[1], mac: found[2] };
}

/** A key the bridge had before says that the bridge's key of now is its successor. */
export interface HandOver {
  by: string;
  sig: string;
}

export const handOver = record<HandOver>({ by: publicKey, sig: signature });

/** Keys of before that a welcome may carry; a bridge leaves out the oldest. */
export const maxHandOvers = 20;

/** Undefined for what `read` cannot read. */
export function readOr<T>(read: Reader<T>, value: unknown): T | undefined {
  try {
    return read(value, '');
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
