import { eachOccurrence } from './characters.ts';
import type { Detector, Finding } from './detector.ts';

const begin = '-----BEGIN ';
const end = '-----END ';
/** Longest label between the dashes, `ENCRYPTED PRIVATE KEY` with room. */
const maxLabelChars = 40;

/** Private keys in PEM and PGP armour; one without its end hides everything up to the end of the text. */
export const pem: Detector = {
  name: 'pem',
  kind: 'secret',
  couldHold: ({ capitals }) => capitals >= 10,
  find(text) {
    const findings: Finding[] = [];
    let after = 0;
    eachOccurrence(text, begin, (at) => {
      if (at < after || !text.slice(at, at + begin.length + maxLabelChars).includes('PRIVATE KEY')) return;
      const close = text.indexOf(end, at);
      const dashes = close < 0 ? -1 : text.indexOf('-----', close + end.length);
      after = dashes < 0 ? text.length : dashes + 5;
      findings.push({ start: at, end: after, rule: 'private-key' });
    });
    return findings;
  },
};
