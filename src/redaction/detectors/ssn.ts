import type { Detector, Finding } from './detector.ts';
import { Shape } from './traits.ts';

/** Area not 000, 666 or 9xx, group not 00, serial not 0000: what the Social Security Administration never issues. */
const number = /(?<![\w.-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-]|\.\d)/g;
const cutNumber = /(?<![\w.-])(?!000|666|9)\d{3}-(?!00)\d{2}-\d{0,3}$/;
/** Numbers everybody uses as an example or that were withdrawn. */
const examples = new Set(['078051120', '219099999', '123456789']);

/** US social security numbers with their dashes or blanks. */
export const ssn: Detector = {
  name: 'ssn',
  kind: 'personal',
  couldHold: ({ numberDigits, shapes, cut }) => (cut ? numberDigits >= 5 : (shapes & Shape.twoAndFour) !== 0),
  find(text, { cut, strict }) {
    const findings: Finding[] = [];
    for (const match of text.matchAll(number)) {
      if (!strict && match[1] === ' ' && examples.has(match[0].replace(/\D/g, ''))) continue;
      findings.push({ start: match.index, end: match.index + match[0].length, rule: 'ssn' });
    }
    const tail = cut ? cutNumber.exec(text.slice(-16)) : null;
    if (tail) findings.push({ start: Math.max(0, text.length - 16) + tail.index, end: text.length, rule: 'ssn' });
    return findings;
  },
};
