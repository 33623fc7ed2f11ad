import { announcing } from './announcing.ts';
import type { Detector, Finding } from './detector.ts';
import { Shape } from './traits.ts';

/** Of a national number, `08 872`, and of one that was cut. */
const minDigits = 5;
/** `+` and 8–15 digits (E.164), grouped by single blanks, dots, dashes or brackets. */
const international = /(?<![\w.+])\+[1-9](?:[ .()/-]{0,2}\d){7,14}(?!\d|\.\d)/g;
/** The North American form with separators: area and exchange start with 2–9. */
const american =
  /(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}(?: ?(?:x|ext\.?) ?\d{1,6})?(?![\w-]|\.\d)/g;
/** A number behind words that announce one. */
const words = 'phone|tel|telephone|mobile|cell|desk|fax|call|whatsapp|sms|text|dial|ring|reach|answering|messages?|registered';
const announced = new RegExp(
  `\\b(?:${words})(?: (?:number|no|back|me|him|her|them|us|at|on|to|is)){0,3}(?:[.:]\\s{0,3}|\\s{1,3})(\\(?0?\\d(?:[ .()/-]{0,2}\\d){5,13})(?!\\d|\\w|\\.\\d)`,
  'gi',
);
/** A number before the word that says which of several it is. */
const labels = 'office|fax|mobile|cell|home|work|desk';
const labelled = new RegExp(`(?<![\\w.+:/-])\\(?\\d(?:[ .()-]{0,2}\\d){6,13}(?=[ -](?:${labels})\\b)`, 'gi');
const said = announcing(`${words}|${labels}`);
/** Three groups or more of which the first starts with the trunk prefix. */
const grouped =
  /(?<![\w.+:/-]|[A-Z\d] )(?=(?:\d[ -]?){10,11}(?![ -]?\d))0[1-9]\d{1,3}([ -])\d{2,4}(?:\1\d{2,4}){1,3}(?![\w-]|\.\d|:\d)/g;
const national = /(?<![\w.+-])0\d{1,4}[ /-]\d{3,8}(?:[ -]\d{2,6}){0,3}(?![\w-]|\.\d)|(?<![\w.+-])0[1-9]\d{8,9}(?![\w-]|\.\d)/g;
const written = [international, american, labelled, grouped];
const cutNumber =
  /(?<![\w.+])\+[1-9](?:[ .()/-]{0,2}\d){4,14}$|(?<![\w.+-])(?:\([2-9]\d{2}\) ?|[2-9]\d{2}-)[2-9]\d{2}(?:-\d{0,3})?$/;

/** Telephone numbers in forms that few other numbers have; national forms only under `strict` or behind "phone". */
export const phone: Detector = {
  name: 'phone',
  kind: 'personal',
  couldHold: ({ numberDigits, plus, shapes, announced, cut }) =>
    numberDigits >= minDigits && (cut || plus || (shapes & (Shape.threeAndFour | Shape.trunk)) !== 0 || (announced & said) !== 0),
  find(text, { cut, strict }) {
    const findings: Finding[] = [];
    for (const pattern of strict ? [...written, national] : written) {
      for (const match of text.matchAll(pattern))
        findings.push({ start: match.index, end: match.index + match[0].length, rule: 'phone' });
    }
    for (const match of text.matchAll(announced)) {
      const end = match.index + match[0].length;
      findings.push({ start: end - (match[1] as string).length, end, rule: 'phone' });
    }
    const from = Math.max(0, text.length - 40);
    const tail = cut ? cutNumber.exec(text.slice(from)) : null;
    if (tail) findings.push({ start: from + tail.index, end: text.length, rule: 'phone' });
    return findings;
  },
};
