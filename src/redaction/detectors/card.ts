import type { Detector, Finding } from './detector.ts';
import { hasLuhnDigit } from './national-id-checks.ts';

/** 12–19 digits, single blanks, no-break blanks or dashes between them; not inside words, longer numbers or fractions. */
const candidate = /(?<![\w.]|\d[ \u00a0-])\d(?:[ \u00a0-]?\d){11,18}(?![ \u00a0-]?\d|\w|\.\d)/g;
/** Several unbroken or equally grouped numbers of 15 and 16 digits, one after the other. */
const inRow = /(?<![\w.-]|[A-Z]{2}\d{2} )(?:\d{4}([ \u00a0-])\d{4}\1\d{4}\1\d{4}|\d{15,16})(?![\w-]|\.\d| \d{1,3}\b)/g;
/** A word that makes any number with Luhn's digit a card: of issuers that are not in the table, or of twelve digits. */
const announced = /\b(?:cards?|cc|credit|debit|visa|mastercard|amex|maestro)\b[^\d\n]{0,20}$/i;
const maxWordChars = 36;
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
  couldHold: ({ linkedDigits, cut }) => linkedDigits >= (cut ? 8 : 12),
  find(text, { cut }) {
    const findings: Finding[] = [];
    for (const pattern of [candidate, inRow]) {
      for (const match of text.matchAll(pattern)) {
        const digits = match[0].replace(/\D/g, '');
        if (isCard(digits) || isAnnounced(text.slice(Math.max(0, match.index - maxWordChars), match.index), digits))
          findings.push({ start: match.index, end: match.index + match[0].length, rule: 'card' });
      }
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

function isAnnounced(before: string, digits: string): boolean {
  return announced.test(before) && hasLuhnDigit(digits) && !/^(\d)\1+$/.test(digits);
}
