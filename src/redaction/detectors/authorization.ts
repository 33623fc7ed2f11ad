import { endOf, isIn, sets } from './characters.ts';
import type { Detector, Finding } from './detector.ts';

/** Schemes of the Authorization header whose credential is one word. */
const scheme = /\b(?:bearer|basic|negotiate|apikey|aws4-hmac-sha256)[ +]{1,4}|\bbearer%20/gi;
const minChars = 8;
const maxChars = 16_384;

/** `Bearer …` and `Basic …` wherever they stand; "bearer token" and other plain words are not credentials. */
export const authorization: Detector = {
  name: 'authorization',
  kind: 'secret',
  couldHold: ({ spaces, percent, length }) => length > 6 && (spaces > 0 || percent || length > 9),
  find(text, { cut }) {
    const findings: Finding[] = [];
    for (const match of text.matchAll(scheme)) {
      const start = match.index + match[0].length;
      let end = endOf(text, start, sets.token, maxChars);
      if (isIn(text, end - 1, sets.word) === false && text[end - 1] === '.') end--;
      while (text[end] === '=' || text[end] === '~') end++;
      const credential = text.slice(start, end);
      const open = cut && end === text.length && credential.length > 0;
      if (open || (credential.length >= minChars && !isPlainWord(credential)))
        findings.push({ start, end, rule: 'authorization' });
    }
    return findings;
  },
};

function isPlainWord(text: string): boolean {
  return text.length < 20 && /^[A-Za-z]?[a-z-]*$/.test(text);
}
