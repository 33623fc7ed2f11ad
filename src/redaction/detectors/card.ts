import type { Detector, Finding } from './detector.ts';

/** 13–19 digits, single blanks or dashes between them; not inside words, longer numbers or fractions. */
const candidate = /(?<![\w.]|\d[ -])\d(?:[ -]?\d){12,18}(?![ -]?\d|\w|\.\d)/g;
const cutCandidate = /(?<![\w.]|\d[ -])\d(?:[ -]?\d){7,17}[ -]?$/;
const maxCardChars = 40;

/** Issuer ranges of ISO/IEC 7812 that are in use, with the lengths they issue. */
const issuers: readonly { digits: RegExp; lengths: readonly number[] }[] = [
  { digits: /^4/, lengths: [13, 16, 19] },
  { digits: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  { digits: /^3[47]/, lengths: [15] },
  { digits: /^(?:6011|65|64[4-9]|622)/, lengths: [16, 17, 18, 19] },
  { digits: /^3(?:0[0-59]|[689])/, lengths: [14, 15, 16, 17, 18, 19] },
  { digits: /^35(?:2[89]|[3-8])/, lengths: [16, 17, 18, 19] },
  { digits: /^(?:5018|5020|5038|5893|6304|6759|676[1-3])/, lengths: [13, 14, 15, 16, 17, 18, 19] },
];

/** Payment card numbers: issuer, length and Luhn digit must all fit. */
export const card: Detector = {
  name: 'card',
  kind: 'personal',
  couldHold: ({ digits }) => digits >= 8,
  find(text, { cut }) {
    const findings: Finding[] = [];
    for (const match of text.matchAll(candidate)) {
      if (isCard(match[0].replace(/[ -]/g, '')))
        findings.push({ start: match.index, end: match.index + match[0].length, rule: 'card' });
    }
    if (cut) {
      const from = Math.max(0, text.length - maxCardChars);
      const tail = cutCandidate.exec(text.slice(from));
      const digits = tail?.[0].replace(/[ -]/g, '') ?? '';
      if (tail && issuers.some((issuer) => issuer.digits.test(digits))) {
        findings.push({ start: from + tail.index, end: text.length, rule: 'card' });
      }
    }
    return findings;
  },
};

/** Whether these digits are a card number. */
export function isCard(digits: string): boolean {
  if (!/^\d{13,19}$/.test(digits)) return false;
  return (
    issuers.some((issuer) => issuer.lengths.includes(digits.length) && issuer.digits.test(digits)) &&
    hasLuhnDigit(digits) &&
    !/^(\d)\1+$/.test(digits)
  );
}

function hasLuhnDigit(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const value = digits.charCodeAt(digits.length - 1 - at) - 48;
    const weighted = at % 2 === 1 ? value * 2 : value;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}
