import { characterSet, digits, endOf, isIn } from './characters.ts';
import { charCode, lowerCase, mapHas, slice } from './kept.ts';

/** Longest text that is judged, and the shortest one whose filling is counted. */
const maxChars = 256;
const minFilledChars = 10;
const fillingShare = 0.6;

const letters = characterSet('A-Za-z');
const capitals = characterSet('A-Z_');
const fillings = characterSet('xX*#');
const blanks = characterSet('xX*#. \t\r\n_-');
const joints = characterSet(' ._-');
/** What begins a reference behind a `$`: `$TOKEN`, `${token}`, `$(pass show x)`. */
const references = characterSet('A-Z_{(');

/**
 * Whether the text stands for a secret and is none: `xxxx`, `<token>`, `${TOKEN}`, `{{ token }}`, `%TOKEN%`, `ACCESS_TOKEN`, `your-token-here`.
 * `instructions` are words such as `your`. Rather too often than too seldom: the bridge looks again.
 */
export function isPlaceholder(text: string, instructions: Map<string, true>): boolean {
  const { length } = text;
  if (length > maxChars) return false;
  const first = charCode(text, 0);
  const last = charCode(text, length - 1);
  if ((first === 60 && last === 62) || (first === 37 && last === 37) || (first === 123 && charCode(text, 1) === 123)) return true;
  if (first === 36 && (length <= 2 || isIn(text, 1, references))) return true;
  if (endOf(text, 0, capitals, length) === length) return true;
  const word = endOf(text, 0, letters, length);
  if (isIn(text, word, joints) && mapHas(instructions, lowerCase(slice(text, 0, word))) && !hasDigit(text, 0, length))
    return true;
  let filling = 0;
  let blank = 0;
  for (let at = 0; at < length; at += 1) {
    const isSign = charCode(text, at) === 0x2022 || charCode(text, at) === 0x2026;
    if (isSign || isIn(text, at, fillings)) filling += 1;
    if (isSign || isIn(text, at, blanks)) blank += 1;
  }
  return blank === length || (length >= minFilledChars && filling >= length * fillingShare);
}

export function hasDigit(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (isIn(text, at, digits)) return true;
  return false;
}
