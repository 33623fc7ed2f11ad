import { announcing } from './announcing.ts';
import type { Detector, Finding } from './detector.ts';
import { forms } from './national-id-forms.ts';
import { Shape } from './traits.ts';

const candidate = new RegExp(`(?<![\\w.-]|\\d )(?:(${forms.map(({ shape }) => shape).join(')|(')}))(?![\\w-]|\\.\\d| \\d)`, 'g');
/** A number of any form behind words that can mean nothing else. */
const words =
  "passport|driver'?s? licen[cs]e|driving licence|voter id|tax id|tin|national id|identity card|medicare|personal (?:identity )?number|personal (?:identity )?code|ssn|social security";
const announcedHere = announcing('ssn', words);
const announced = new RegExp(
  `\\b(?:${words})(?: (?:number|no\\.?|id|code|card))?(?: is|:| #)? {0,2}((?=(?:[A-Z-]{0,5}\\d){5})[A-Z\\d][A-Z\\d-]{5,19})(?![\\w-]|\\.\\d)`,
  'gi',
);
/** How far before a number the word that announces it may stand. */
const maxWordChars = 40;

/** Numbers that states give to persons: form and check digits must fit; plain runs of digits need a word before them, too. */
export const nationalIds: Detector = {
  name: 'national-ids',
  kind: 'personal',
  couldHold: ({ digits, shapes, announced }) =>
    digits >= 2 && ((shapes & Shape.nationalId) !== 0 || (announced & announcedHere) !== 0),
  find(text) {
    const findings: Finding[] = [];
    for (const match of text.matchAll(candidate)) {
      const ids = forms[match.slice(1).findIndex((group) => group !== undefined)]?.ids ?? [];
      const compact = match[0].replace(/[ .:+-]/g, '');
      const before = text.slice(Math.max(0, match.index - maxWordChars), match.index);
      if (/^(\d)\1+$/.test(compact) || !ids.some(({ isValid, words }) => (words?.test(before) ?? true) && isValid(compact)))
        continue;
      findings.push({ start: match.index, end: match.index + match[0].length, rule: 'national-id' });
    }
    for (const match of text.matchAll(announced)) {
      const end = match.index + match[0].length;
      findings.push({ start: end - (match[1] as string).length, end, rule: 'national-id' });
    }
    return findings;
  },
};
