import type { Detector, Finding } from './detector.ts';
import { Shape } from './traits.ts';

/** Length by country, from the IBAN registry (ISO 13616). */
const lengths: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 ' +
    'GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 ' +
    'PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);
const countries = new Uint8Array(32 * 32);
for (const country of Object.keys(lengths)) countries[indexOf(country.charCodeAt(0), country.charCodeAt(1))] = 1;
const candidate = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}/g;
const cutCandidate = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){6,30}[ -]?$/;
const maxIbanChars = 48;
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{4}/i;

/** IBANs: the country's length and the two check digits (mod 97) must fit. */
export const iban: Detector = {
  name: 'iban',
  kind: 'personal',
  couldHold: ({ shapes, length, cut }) => (shapes & Shape.iban) !== 0 && length >= (cut ? 10 : 15),
  find(text, { cut }) {
    const findings: Finding[] = [];
    for (const match of text.matchAll(candidate)) {
      const end = ibanEnd(match[0]);
      if (end > 0 && !uuid.test(match[0])) findings.push({ start: match.index, end: match.index + end, rule: 'iban' });
    }
    if (cut) {
      const from = Math.max(0, text.length - maxIbanChars);
      const tail = cutCandidate.exec(text.slice(from));
      if (tail && lengths[tail[0].slice(0, 2).toUpperCase()] !== undefined) {
        findings.push({ start: from + tail.index, end: text.length, rule: 'iban' });
      }
    }
    return findings;
  },
};

function indexOf(first: number, second: number): number {
  return ((first & 31) << 5) | (second & 31);
}

/** Whether these two letters are a country that has IBANs. */
export function isCountry(text: string, at: number): boolean {
  return countries[indexOf(text.charCodeAt(at), text.charCodeAt(at + 1))] === 1;
}

/** Characters of the text that form an IBAN; words that follow it after a blank are not part of it. */
function ibanEnd(text: string): number {
  const length = lengths[text.slice(0, 2).toUpperCase()];
  if (length === undefined) return 0;
  let compact = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === ' ' || character === '-') continue;
    compact += character.toUpperCase();
    if (compact.length === length) return /[A-Za-z0-9]/.test(text[at + 1] ?? '') || !hasCheckDigits(compact) ? 0 : at + 1;
  }
  return 0;
}

function hasCheckDigits(compact: string): boolean {
  let remainder = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = character >= 'A' ? character.charCodeAt(0) - 55 : Number(character);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}
