import { endOf, isIn, sets } from './characters.ts';
import type { Finding } from './detector.ts';
import { Shape, type Traits } from './traits.ts';

const minBase64Chars = 20;
/** Longer runs are decoded up to here; hidden as a whole. */
const maxBase64Chars = 65_536;
/** Share of printable characters that makes decoded bytes text. */
const minPrintable = 0.9;

/** Whether a text with these traits could hold any encoded secret; never false for one that does. */
export const couldBeEncoded = ({ shapes, percent, backslash }: Traits): boolean =>
  (shapes & Shape.encoded) !== 0 || percent || backslash;

/**
 * Secrets in base64, hexadecimal, percent-encoding or escapes of languages: decoded once, searched by `search`, hidden with their encoding. A stretch is
 * hidden whole, because where a secret ends in base64 cannot be said.
 */
export function findEncoded(text: string, traits: Traits, search: (decoded: string) => Finding | undefined): Finding[] {
  const findings = (traits.shapes & Shape.encoded) !== 0 ? findBase64(text, search) : [];
  if (traits.percent) findings.push(...findParts(text, /%[0-9A-Fa-f]{2}/, decodePercent, search));
  if (text.includes('\\x') || text.includes('\\u00'))
    findings.push(...findParts(text, /\\(?:x|u00)[0-9A-Fa-f]{2}/, decodeEscapes, search));
  return findings;
}

function findBase64(text: string, search: (decoded: string) => Finding | undefined): Finding[] {
  const findings: Finding[] = [];
  for (let at = 0; at < text.length; at++) {
    if (!isIn(text, at, sets.base64)) continue;
    const end = endOf(text, at, sets.base64, text.length);
    const start = at;
    at = end;
    if (end - start < minBase64Chars) continue;
    const run = text.slice(start, Math.min(end, start + maxBase64Chars));
    const decoded = decodeRun(run);
    if (!isText(decoded)) continue;
    const found = search(decoded);
    if (found !== undefined)
      findings.push({ start, end: end + (text.startsWith('==', end) ? 2 : text[end] === '=' ? 1 : 0), rule: found.rule });
  }
  return findings;
}

/** Hexadecimal or base64; all lower case, all upper case or only digits are words and numbers, not base64 of text. */
function decodeRun(run: string): string {
  if (run.length % 2 === 0 && /^[2-7][0-9a-f]+$/i.test(run)) return Buffer.from(run, 'hex').toString('latin1');
  return /[a-z]/.test(run) && /[A-Z]/.test(run) ? Buffer.from(run, 'base64').toString('latin1') : '';
}

/** Searches what stands between blanks and separators and has such escapes. */
function findParts(
  text: string,
  escaped: RegExp,
  decode: (part: string) => string,
  search: (decoded: string) => Finding | undefined,
): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(/[^\s&=?#;,"'<>]+/g)) {
    const part = match[0];
    if (!escaped.test(part)) continue;
    const found = search(decode(part));
    if (found !== undefined) findings.push({ start: match.index, end: match.index + part.length, rule: found.rule });
  }
  return findings;
}

/** Decodes what can be decoded; a broken escape stays as it is. */
function decodePercent(part: string): string {
  return part.replace(/(?:%[0-9A-Fa-f]{2}){1,256}/g, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** `\\x41` and `\\u0041`, as languages write characters. */
function decodeEscapes(part: string): string {
  return part.replace(/\\(?:x|u00)([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function isText(decoded: string): boolean {
  let printable = 0;
  for (let at = 0; at < decoded.length; at++) {
    const code = decoded.charCodeAt(at);
    if ((code >= 32 && code < 127) || code === 10 || code === 13 || code === 9) printable++;
  }
  return decoded.length > 0 && printable / decoded.length >= minPrintable;
}
