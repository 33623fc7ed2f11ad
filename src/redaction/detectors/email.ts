import { eachOccurrence, isIn, sets } from './characters.ts';
import type { Detector, Finding } from './detector.ts';

/** RFC 5321: 64 characters before the @, 255 after it. */
const maxLocalChars = 64;
const maxDomainChars = 255;
/** What follows the last dot of `logo@2x.png` and is no top-level domain. */
const fileEndings = new Set(
  'png jpg jpeg gif svg webp ico js mjs cjs ts tsx jsx css scss json map html xml yaml yml md txt lock'.split(' '),
);

/** E-mail addresses, also with the @ percent-encoded; `git@host` is an address of code, not of a person. */
export const email: Detector = {
  name: 'email',
  kind: 'personal',
  couldHold: ({ at, percent }) => at || percent,
  find(text, { cut }) {
    const findings: Finding[] = [];
    const at = (sign: number, length: number): void => {
      let start = sign;
      while (start > 0 && sign - start < maxLocalChars && isLocal(text, start - 1)) start--;
      while (start < sign && (text[start] === '.' || text[start] === '-' || text[start] === "'" || text[start] === '`')) start++;
      if (start === sign) return;
      let end = sign + length;
      const limit = Math.min(text.length, end + maxDomainChars);
      while (end < limit && isDomain(text, end)) end++;
      if (cut && end === text.length && end > sign + length) {
        findings.push({ start, end, rule: 'email' });
        return;
      }
      while (end > sign && !isIn(text, end - 1, sets.alnum) && !isForeign(text, end - 1)) end--;
      const domain = text.slice(sign + length, end);
      const top = domain.slice(domain.lastIndexOf('.') + 1).toLowerCase();
      if (
        !domain.includes('.') ||
        domain.includes('..') ||
        !/^(?:\p{L}{2,24}|xn--[a-z0-9-]{2,59})$/u.test(top) ||
        fileEndings.has(top)
      )
        return;
      if (text.slice(start, sign) === 'git') return;
      findings.push({ start, end, rule: 'email' });
    };
    eachOccurrence(text, '@', (sign) => at(sign, 1));
    eachOccurrence(text, '%40', (sign) => at(sign, 3));
    return findings;
  },
};

function isLocal(text: string, at: number): boolean {
  return isIn(text, at, sets.alnum) || isForeign(text, at) || "._%+-'~!#$*^{|}`".includes(text[at] as string);
}

function isDomain(text: string, at: number): boolean {
  return isIn(text, at, sets.alnum) || isForeign(text, at) || text[at] === '.' || text[at] === '-';
}

/** A letter beyond ASCII; no-width signs, dashes and quotes of U+2000–206F and the byte order mark end an address. */
function isForeign(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xc0 && (code < 0x2000 || code > 0x206f) && code !== 0xfeff;
}
