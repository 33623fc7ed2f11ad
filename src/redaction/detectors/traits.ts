/** What one look at a text tells, so that most detectors need not look at most texts. */
export interface Traits {
  length: number;
  /** The text was cut at its end: short beginnings count. */
  cut: boolean;
  digits: number;
  /** ASCII capitals, and every character beyond ASCII: it may be one. */
  capitals: number;
  spaces: number;
  dots: number;
  colons: number;
  dashes: number;
  /** `@`, or `%` that may encode one. */
  at: boolean;
  colon: boolean;
  equals: boolean;
  plus: boolean;
  /** `:`, `=`, `%`, `>`, `,` or a blank: without any of them nothing stands between a name and its value. */
  separator: boolean;
  percent: boolean;
  backslash: boolean;
  /** Longest run of letters, digits, `_` and `-`. */
  longestRun: number;
  /** Longest run of those and `+` and `/`. */
  longestBase64: number;
  /** Most digits between which there is nothing but blanks, dots, dashes, slashes, brackets and `+`. */
  numberDigits: number;
}

const other = 0;
const digit = 1;
const upper = 2;
const wordSign = 3;
const dash = 4;
const base64Sign = 5;
const dot = 6;
const blank = 7;
const bracket = 8;
const colon = 9;
const equals = 10;
const at = 11;
const percent = 12;
const backslash = 13;
const plus = 14;
const mark = 15;

const kinds = new Uint8Array(128);
for (let code = 48; code <= 57; code++) kinds[code] = digit;
for (let code = 65; code <= 90; code++) kinds[code] = upper;
for (let code = 97; code <= 122; code++) kinds[code] = wordSign;
for (const [sign, kind] of [
  ['_', wordSign],
  ['-', dash],
  ['+', plus],
  ['/', base64Sign],
  ['.', dot],
  [' ', blank],
  ['(', bracket],
  [')', bracket],
  [':', colon],
  ['=', equals],
  ['@', at],
  ['%', percent],
  ['\\', backslash],
  ['>', mark],
  [',', mark],
] as const)
  kinds[sign.charCodeAt(0)] = kind;

const separators = (1 << colon) | (1 << equals) | (1 << percent) | (1 << mark);

/** Looks once at every character. */
export function traitsOf(text: string, cut: boolean): Traits {
  let digits = 0;
  let capitals = 0;
  let spaces = 0;
  let dots = 0;
  let colons = 0;
  let dashes = 0;
  /** A bit for each kind met. */
  let met = 0;
  let runFrom = 0;
  let base64From = 0;
  let longestRun = 0;
  let longestBase64 = 0;
  let inNumber = 0;
  let numberDigits = 0;
  const { length } = text;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    const kind = code < 128 ? (kinds[code] as number) : other;
    if (kind === wordSign) {
      inNumber = 0;
      continue;
    }
    if (kind === digit) {
      digits++;
      if (++inNumber > numberDigits) numberDigits = inNumber;
      continue;
    }
    if (kind === dash) {
      dashes++;
      continue;
    }
    if (kind === upper) {
      capitals++;
      inNumber = 0;
      continue;
    }
    if (index - runFrom > longestRun) longestRun = index - runFrom;
    runFrom = index + 1;
    if (kind === base64Sign || kind === plus) {
      met |= 1 << kind;
      continue;
    }
    if (index - base64From > longestBase64) longestBase64 = index - base64From;
    base64From = index + 1;
    if (kind === blank) spaces++;
    else if (kind === dot) dots++;
    else if (kind !== bracket) {
      inNumber = 0;
      met |= 1 << kind;
      if (kind === colon) colons++;
      else if (code > 127) capitals++;
    }
  }
  return {
    length,
    cut,
    digits,
    capitals,
    spaces,
    dots,
    colons,
    dashes,
    at: (met & (1 << at)) !== 0,
    colon: colons > 0,
    equals: (met & (1 << equals)) !== 0,
    percent: (met & (1 << percent)) !== 0,
    plus: (met & (1 << plus)) !== 0,
    separator: spaces > 0 || (met & separators) !== 0,
    backslash: (met & (1 << backslash)) !== 0,
    longestRun: Math.max(longestRun, length - runFrom),
    longestBase64: Math.max(longestBase64, length - base64From),
    numberDigits,
  };
}
