import { beyondHex, digit, letter } from './character-kinds.ts';
import { Shape } from './traits.ts';

/*
 * What single runs of a text could be, decided by a few characters: each answer is never false for what a detector would find.
 */

/** Shortest runs that may be random, at the end of a cut text and elsewhere, and that may be encoded text. */
export const minRunChars = 12;
const minRandom = 20;
const minOneCaseRandom = 32;
const minEncoded = 20;
/** Longer runs are judged by their beginning alone, which may be of fewer kinds. */
const maxMeasuredChars = 512;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Whether a number of a state could begin with these capitals and digits; forms.shape in national-id-forms.ts says how they go on. */
export function couldBeNationalId(text: string, from: number, to: number): boolean {
  const before = from === 0 ? 0 : text.charCodeAt(from - 1);
  if (before === 95 || before === 46 || before === 45) return false;
  const chars = to - from;
  if (chars > 8) return chars < 20;
  const next = text.charCodeAt(to);
  let leading = 0;
  while (leading < chars && isDigit(text.charCodeAt(from + leading))) leading++;
  // Firms of Brazil: two, three and three capitals or digits.
  if (chars === 2 && next === 46 && text.charCodeAt(to + 4) === 46) return true;
  // With capitals: numbers of Medicare, of Spain, of the United Kingdom.
  if (leading < chars) {
    if (leading > 0) return chars === 4 && next === 45;
    return next === 45 ? text.charCodeAt(from) > 87 : next === 32 && (chars === 8 || isDigit(text.charCodeAt(to + 1)));
  }
  if (chars === 8) return next === 45 || next === 43 || next === 58;
  if (chars === 6) return next === 45 || next === 43;
  if (!isDigit(text.charCodeAt(to + 1))) return false;
  if (chars === 4)
    return (next === 32 || next === 45 || next === 58) && isDigit(text.charCodeAt(to + 3)) && isDigit(text.charCodeAt(to + 4));
  if (chars === 3) return next === 32 || next === 45 || next === 46;
  if (chars === 2) return next === 46 && text.charCodeAt(to + 3) === 46;
  return next === 32 || (chars === 1 && next === 45);
}

/** Whether a separator between a name and its value is here, as in assignments.ts. */
export function isSeparator(text: string, at: number, code: number): boolean {
  switch (code) {
    case 58:
      return !(text.charCodeAt(at + 1) === 47 && text.charCodeAt(at + 2) === 47);
    case 44:
      return isQuote(text.charCodeAt(at - 1));
    case 37:
      return text.charCodeAt(at + 1) === 51;
    default:
      return true;
  }
}

/**
 * Where the name before a separator begins at the earliest, given the last run of letters, digits, `_` and `-`: three words may be the
 * name, which begin at `words`; 0 when more than a sign stands between, or what assignments.ts looks behind.
 */
export function earliestName(
  text: string,
  at: number,
  nameFrom: number,
  nameTo: number,
  wordFrom: number,
  words: number,
): number {
  if (at - nameTo > 1 || text.charCodeAt(at - 1) === 32) return 0;
  const chars = nameTo - nameFrom;
  // Types before `=`, and `value` of an attribute.
  if (chars < 7 && (text.charCodeAt(at) === 61 || chars === 5)) return 0;
  return nameFrom === wordFrom ? words : nameFrom;
}

/** Whether ` is ` or ` was ` is here. */
export function isVerb(text: string, at: number): boolean {
  const next = text.charCodeAt(at + 1);
  return (next === 105 && text.startsWith(' is ', at)) || (next === 119 && text.startsWith(' was ', at));
}

const isQuote = (code: number): boolean => code === 34 || code === 39 || code === 96;

/** Whether an option of a command may stand behind this. */
export const isBeforeOption = (code: number): boolean => code <= 32 || code > 127 || isQuote(code);

/** What a run of `chars` letters, digits and signs between them could be. */
export function shapesOfRun(text: string, from: number, chars: number, kinds: number, isCut: boolean): number {
  const isMixed = (kinds & letter) === letter;
  let shapes = 0;
  if ((kinds & digit) !== 0 && (kinds & letter) !== 0) {
    const isLong = chars > maxMeasuredChars || (chars >= minOneCaseRandom && (kinds & ~letter) === (digit | beyondHex));
    if (isLong || (isMixed && chars >= (isCut ? minRunChars : minRandom))) shapes |= Shape.random;
  }
  if (chars < minEncoded) return shapes;
  const first = text.charCodeAt(from);
  if (isMixed || chars > maxMeasuredChars || ((kinds & ~(letter | digit)) === 0 && chars % 2 === 0 && first > 49 && first < 56))
    shapes |= Shape.encoded;
  return shapes;
}
