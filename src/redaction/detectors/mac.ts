import type { Detector, Finding } from './detector.ts';

const address =
  /(?<![\w:.-])(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})(?![\w:-]|\.\w)/gi;

/** Where the text was cut: three pairs and more. */
const cutAddress = /(?<![\w:.-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){1,4}[0-9a-f]{0,2}$/i;
const maxAddressChars = 20;

/** MAC addresses of network cards; all zeros and all ones are nobody's. */
export const mac: Detector = {
  name: 'mac',
  kind: 'personal',
  couldHold: ({ length, pairs, fours, cut }) => length >= (cut ? 8 : 14) && (pairs >= (cut ? 2 : 5) || fours >= 2),
  find(text, { cut }) {
    const findings: Finding[] = [];
    for (const match of text.matchAll(address)) {
      if (/^[0:.-]+$/.test(match[0]) || /^[f:.-]+$/i.test(match[0])) continue;
      findings.push({ start: match.index, end: match.index + match[0].length, rule: 'mac' });
    }
    const from = Math.max(0, text.length - maxAddressChars);
    const tail = cut ? cutAddress.exec(text.slice(from)) : null;
    if (tail && tail[0].length >= 8 && /[a-f]/i.test(tail[0]))
      findings.push({ start: from + tail.index, end: text.length, rule: 'mac' });
    return findings;
  },
};
