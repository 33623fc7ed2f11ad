import { announcing } from './announcing.ts';
import { endOf, isIn, sets } from './characters.ts';
import type { Detector, Finding } from './detector.ts';
import { isPlaceholder } from './placeholder.ts';
import { listSchemes, wordSchemes } from './schemes.ts';

const scheme = new RegExp(`\\b(?:${wordSchemes.join('|')})[ +]{1,4}|\\bbearer%20`, 'gi');
/** `Token` is also a word: only its own parameter makes it a scheme. */
const listScheme = new RegExp(
  `\\b(?:${listSchemes.join('|')}|aws4-[a-z0-9-]{4,24}|googlelogin) {1,4}(?=[a-z_-]{2,32}=)|\\btoken {1,4}(?=token=)|\\bmac {1,4}(?=id=)`,
  'gi',
);
const parameter = /,? {0,2}[\w-]{1,64}=(?:\\{0,4}"[^"\n]{0,1024}(?:"|$)|[^\s,"]{1,2048})/y;
const schemes = announcing([...wordSchemes, ...listSchemes, 'aws4-', 'googlelogin', 'token', 'mac'].join('|'));
const maxParameters = 24;
const minChars = 8;
/** `NTLM a`, where a text was cut. */
const minTextChars = 6;
const maxChars = 16_384;

/** `Bearer …`, `Digest …` and their like wherever they stand; "bearer token" and other plain words are not credentials. */
export const authorization: Detector = {
  name: 'authorization',
  kind: 'secret',
  couldHold: ({ spaces, percent, plus, length, announced }) =>
    length >= minTextChars && (spaces > 0 || percent || plus) && (announced & schemes) !== 0,
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
    for (const match of text.matchAll(listScheme)) {
      const start = match.index + match[0].length;
      const end = endOfParameters(text, start);
      if (!isExample(text.slice(start, end))) findings.push({ start, end, rule: 'authorization' });
    }
    return findings;
  },
};

function endOfParameters(text: string, start: number): number {
  let end = start;
  for (let count = 0; count < maxParameters; count++) {
    parameter.lastIndex = end;
    const match = parameter.exec(text);
    if (match === null) break;
    end += match[0].length;
  }
  return end;
}

function isPlainWord(text: string): boolean {
  return text.length < 20 && /^[A-Za-z]?[a-z-]*$/.test(text);
}

/** `token="…"`: the only parameter, and what documentation writes in its place. */
function isExample(parameters: string): boolean {
  const value = /^[\w-]{1,64}=["']?([^"',=\s]{1,64})["']?$/.exec(parameters)?.[1];
  return value !== undefined && isPlaceholder(value);
}
