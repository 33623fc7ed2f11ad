import type { Detector, Finding } from './detector.ts';

const address =
  /(?<![\w:.-])(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})(?![\w:-]|\.\w)/gi;

/** MAC addresses of network cards; all zeros and all ones are nobody's. */
export const mac: Detector = {
  name: 'mac',
  kind: 'personal',
  couldHold: ({ length }) => length >= 14,
  find(text) {
    const findings: Finding[] = [];
    for (const match of text.matchAll(address)) {
      if (/^[0:.-]+$/.test(match[0]) || /^[f:.-]+$/i.test(match[0])) continue;
      findings.push({ start: match.index, end: match.index + match[0].length, rule: 'mac' });
    }
    return findings;
  },
};
