import type { Detector, Finding } from './detector.ts';

/** `+` and 8–15 digits (E.164), grouped by single blanks, dots, dashes or brackets. */
const international = /(?<![\w.+])\+[1-9](?:[ .()/-]{0,2}\d){7,14}(?!\d|\.\d)/g;
/** The North American form with separators: area and exchange start with 2–9. */
const american = /(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}(?![\w-]|\.\d)/g;
/** A number behind a word that announces one. */
const announced =
  /\b(?:phone|tel|telephone|mobile|cell|fax|call|whatsapp|sms)(?: (?:number|no|me|us|at|on|to))?[.:]? {0,3}(\(?0?\d(?:[ .()/-]{0,2}\d){6,13})(?!\d|\w)/gi;
const national = /(?<![\w.+-])0\d{1,4}[ /-]\d{3,8}(?:[ -]\d{2,6}){0,3}(?![\w-]|\.\d)/g;
const cutNumber = /(?<![\w.+])\+[1-9](?:[ .()/-]{0,2}\d){4,14}$/;

/** Telephone numbers in forms that few other numbers have; national forms only under `strict` or behind "phone". */
export const phone: Detector = {
  name: 'phone',
  kind: 'personal',
  couldHold: ({ digits }) => digits >= 5,
  find(text, { cut, strict }) {
    const findings: Finding[] = [];
    for (const pattern of strict ? [international, american, national] : [international, american]) {
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
