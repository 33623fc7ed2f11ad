import { endOf, isIn, sets } from './characters.ts';
import type { Finding } from './detector.ts';
import type { Traits } from './traits.ts';

const minBase64Chars = 20;
/** Longer runs are decoded up to here; hidden as a whole. */
const maxBase64Chars = 65_536;
/** Share of printable characters that makes decoded bytes text. */
const minPrintable = 0.9;

/**
 * Secrets in base64 or percent-encoding: decoded once, searched by `search`, hidden with their encoding. A stretch is
 * hidden whole, because where a secret ends in base64 cannot be said.
 */
export function findEncoded(text: string, traits: Traits, search: (decoded: string) => Finding | undefined): Finding[] {
  const inBase64 = traits.length >= minBase64Chars && traits.capitals > 0 ? findBase64(text, search) : [];
  return traits.percent ? [...inBase64, ...findPercent(text, search)] : inBase64;
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
    // All lower case, all upper case or only digits: words and numbers, not base64 of text.
    if (!/[a-z]/.test(run) || !/[A-Z]/.test(run)) continue;
    const decoded = Buffer.from(run, 'base64').toString('latin1');
    if (!isText(decoded)) continue;
    const found = search(decoded);
    if (found !== undefined)
      findings.push({ start, end: end + (text.startsWith('==', end) ? 2 : text[end] === '=' ? 1 : 0), rule: found.rule });
  }
  return findings;
}

function findPercent(text: string, search: (decoded: string) => Finding | undefined): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(/[^\s&=?#;,"'<>]+/g)) {
    const part = match[0];
    if (!/%[0-9A-Fa-f]{2}/.test(part)) continue;
    const found = search(decodePercent(part));
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

function isText(decoded: string): boolean {
  let printable = 0;
  for (let at = 0; at < decoded.length; at++) {
    const code = decoded.charCodeAt(at);
    if ((code >= 32 && code < 127) || code === 10 || code === 13 || code === 9) printable++;
  }
  return decoded.length > 0 && printable / decoded.length >= minPrintable;
}
