import { endOf, isIn, sets } from './characters.ts';
import type { Finding } from './detector.ts';

/** Shortest base64 of a private key: an Ed25519 seed with its frame has 64 characters; a cut one is known by its head alone. */
const minChars = 40;
const minCutChars = 16;
/** Base64 in which the head of any key stands; 24 bytes. */
const headChars = 32;

const sequence = 0x30;
const integer = 0x02;
const octets = 0x04;
/** The beginnings of the algorithms that keys are encrypted with, PKCS #5 and PKCS #12, in DER. */
const encryptions = ['06092a864886f70d0105', '060a2a864886f70d010c'];

/**
 * Private keys in DER as base64 without the frame of PEM: PKCS #8, PKCS #1, SEC 1, encrypted PKCS #8 (RFC 5958, 8017, 5915). Lines that follow
 * are theirs.
 */
export function findDerKeys(text: string, cut: boolean): Finding[] {
  const findings: Finding[] = [];
  for (let at = text.indexOf('M'); at >= 0; at = text.indexOf('M', at + 1)) {
    if (at > 0 && isIn(text, at - 1, sets.base64)) continue;
    const end = endOf(text, at, sets.base64, text.length);
    const isOpen = cut && end === text.length;
    if (end - at >= (isOpen ? minCutChars : minChars) && isKey(Buffer.from(text.slice(at, at + headChars), 'base64')))
      findings.push({ start: at, end: linesEnd(text, end), rule: 'private-key' });
    at = Math.max(at, (findings.at(-1)?.end ?? 0) - 1, end - 1);
  }
  return findings;
}

function isKey(bytes: Uint8Array): boolean {
  const inside = contentOf(bytes, 0, sequence);
  if (inside === undefined) return false;
  if (bytes[inside] === sequence) {
    const algorithm = contentOf(bytes, inside, sequence) ?? bytes.length;
    const written = Buffer.from(bytes.subarray(algorithm)).toString('hex');
    return encryptions.some((encryption) => written.startsWith(encryption));
  }
  // A version of one byte, then what tells the forms apart: an algorithm, a modulus, the key itself.
  if (bytes[inside] !== integer || bytes[inside + 1] !== 1) return false;
  const version = bytes[inside + 2] ?? 255;
  const next = inside + 3;
  if (bytes[next] === sequence) return version <= 1 && bytes[contentOf(bytes, next, sequence) ?? -1] === 0x06;
  if (bytes[next] === octets) return version === 1 && (bytes[next + 1] ?? 0) >= 0x14 && (bytes[next + 1] ?? 0) <= 0x42;
  return version <= 1 && bytes[next] === integer && ((bytes[next + 1] ?? 0) & 0x80) !== 0;
}

/** Where the content of an element of this type begins. */
function contentOf(bytes: Uint8Array, at: number, type: number): number | undefined {
  const length = bytes[at + 1];
  if (bytes[at] !== type || length === undefined || length === 0x80 || length > 0x83) return undefined;
  return at + 2 + (length > 0x80 ? length - 0x80 : 0);
}

/** The end of the lines of base64 that follow without a gap. */
function linesEnd(text: string, from: number): number {
  let end = from;
  for (;;) {
    const gap = /^(?:={0,2}(?:\\r)?\\n|={0,2}\r?\n[ \t]{0,16})/.exec(text.slice(end, end + 24))?.[0].length ?? 0;
    const next = gap === 0 ? end : endOf(text, end + gap, sets.base64, text.length);
    if (gap === 0 || (next - end - gap < 4 && text[next] !== '=')) break;
    end = next;
  }
  return end + (/^={1,2}/.exec(text.slice(end, end + 2))?.[0].length ?? 0);
}
