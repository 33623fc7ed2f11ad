import { eachOccurrence } from './characters.ts';
import { findDerKeys } from './der-keys.ts';
import type { Detector, Finding } from './detector.ts';

const begin = '-----BEGIN ';
const end = '-----END ';
/** Longest label between the dashes, `ENCRYPTED PRIVATE KEY` with room. */
const maxLabelChars = 40;

/** Of the head of a key without its frame, `MHcCAQEE`, and of what PuTTY writes. */
const minCapitals = 6;
/** Shortest run that may be a key without its frame, in characters: one that was cut. */
const minDerChars = 16;

/** Files of PuTTY: version 2 and 3. */
const putty = 'PuTTY-User-Key-File-';
const puttyStart = 'Private-Lines:';
const puttyEnd = 'Private-MAC:';

/** Private keys in PEM and PGP armour, without it and as PuTTY writes them; one without its end hides everything up to the end of the text. */
export const pem: Detector = {
  name: 'pem',
  kind: 'secret',
  couldHold: ({ capitals, dashes, longestBase64 }) => capitals >= minCapitals && (dashes >= 4 || longestBase64 >= minDerChars),
  find(text, { cut }) {
    const findings: Finding[] = [];
    let after = 0;
    eachOccurrence(text, begin, (at) => {
      if (at < after || !text.slice(at, at + begin.length + maxLabelChars).includes('PRIVATE KEY')) return;
      const close = text.indexOf(end, at);
      const dashes = close < 0 ? -1 : text.indexOf('-----', close + end.length);
      after = dashes < 0 ? text.length : dashes + 5;
      findings.push({ start: at, end: after, rule: 'private-key' });
    });
    findings.push(...findDerKeys(text, cut));
    return text.includes(putty) ? [...findings, ...findPutty(text)] : findings;
  },
};

function findPutty(text: string): Finding[] {
  const start = text.indexOf(puttyStart, text.indexOf(putty));
  if (start < 0) return [];
  const last = text.lastIndexOf(puttyEnd);
  const newline = last < start ? -1 : text.indexOf('\n', last);
  return [{ start, end: newline < 0 ? text.length : newline, rule: 'private-key' }];
}
