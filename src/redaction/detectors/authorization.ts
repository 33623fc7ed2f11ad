import { endOf, isIn, sets } from './characters.ts';
import type { Detector, Finding } from './detector.ts';

/** Schemes of the Authorization header whose credential is one word. */
const scheme =
  /\b(?:bearer|basic|negotiate|ntlm|dpop|apikey|api-?token|ssws|geniekey|splunk|sharedaccesssignature)[ +]{1,4}|\bbearer%20/gi;
/** Schemes whose credential is a list of parameters: HTTP Digest, signatures of AWS and of HTTP messages, OAuth 1.0, Hawk. */
const listScheme = /\b(?:digest|aws4-[a-z0-9-]{4,24}|signature|oauth|hawk) {1,4}(?=[a-z_-]{2,32}=)/gi;
const parameter = /,? {0,2}[\w-]{1,64}=(?:\\?"[^"\n]{0,1024}"|[^\s,"]{1,2048})/y;
const maxParameters = 24;
const minChars = 8;
const maxChars = 16_384;

/** `Bearer …`, `Digest …` and their like wherever they stand; "bearer token" and other plain words are not credentials. */
export const authorization: Detector = {
  name: 'authorization',
  kind: 'secret',
  couldHold: ({ spaces, percent, plus, length }) => length > 6 && (spaces > 0 || percent || plus),
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
      findings.push({ start, end: endOfParameters(text, start), rule: 'authorization' });
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
