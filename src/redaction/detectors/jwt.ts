import { eachOccurrence, endOf, isIn, sets } from './characters.ts';
import type { Detector, Finding } from './detector.ts';

/** Longest JWT looked at; longer ones are hidden up to here and the rest by entropy. */
const maxChars = 16_384;
const minCutChars = 8;
/** `{"alg"` in base64. */
const minHeaderChars = 8;
/** A header names its algorithm early; decoding more would let a long run of beginnings cost quadratic time. */
const maxHeaderChars = 256;

/** `{"`, `{ ` and `{` before the end of a line, in base64. */
const beginnings = ['ey', 'ewo'];

/** JSON Web Tokens and encrypted ones: the first part must decode to a JSON object with `alg` or `typ`. */
export const jwt: Detector = {
  name: 'jwt',
  kind: 'secret',
  couldHold: ({ capitals, dots, longestRun, cut }) => capitals > 0 && (cut || (dots > 0 && longestRun >= minHeaderChars)),
  find(text, { cut }) {
    return beginnings.flatMap((literal) => findBeginning(text, literal, cut));
  },
};

function findBeginning(text: string, literal: string, cut: boolean): Finding[] {
  const findings: Finding[] = [];
  let after = 0;
  let header = 0;
  eachOccurrence(text, literal, (at) => {
    if (at < after || isIn(text, at - 1, sets.word)) return;
    if (at >= header) header = endOf(text, at, sets.url64, maxChars);
    if (header === text.length && cut && header - at >= minCutChars && text.startsWith('eyJ', at)) {
      findings.push({ start: at, end: header, rule: 'jwt' });
      after = header;
      return;
    }
    if (text[header] !== '.' || !isHeader(text.slice(at, Math.min(header, at + maxHeaderChars)))) return;
    let end = header;
    for (let part = 0; part < 4 && text[end] === '.'; part++) end = endOf(text, end + 1, sets.url64, maxChars);
    findings.push({ start: at, end, rule: 'jwt' });
    after = end;
  });
  return findings;
}

function isHeader(part: string): boolean {
  const header = Buffer.from(part, 'base64url').toString('utf8');
  return header.startsWith('{') && (header.includes('"alg"') || header.includes('"typ"'));
}
