import { charCode } from './kept.ts';

/** Which ASCII characters belong to a set: 1 at their codes. Reading behind its end asks no prototype. */
export type CharacterSet = Uint8Array;

/** Reads `0-9A-Za-z_-`: single characters and ranges of ASCII; a `-` at an end stands for itself. */
export function characterSet(characters: string): CharacterSet {
  const set = new Uint8Array(128);
  for (let at = 0; at < characters.length; at += 1) {
    const from = charCode(characters, at);
    const isRange = at + 2 < characters.length && characters[at + 1] === '-';
    const to = isRange ? charCode(characters, at + 2) : from;
    for (let code = from; code <= to && code < 128; code += 1) set[code] = 1;
    if (isRange) at += 2;
  }
  return set;
}

export const alnum = characterSet('0-9A-Za-z');
export const word = characterSet('0-9A-Za-z_');
export const url64 = characterSet('0-9A-Za-z_-');
export const digits = characterSet('0-9');

/** Whether the character at this index is in the set; false outside the text and beyond ASCII. */
export const isIn = (text: string, at: number, set: CharacterSet): boolean => set[charCode(text, at)] === 1;

/** First index from `at` on, and before `to`, whose character is not in the set; `to` when all are. */
export function endOf(text: string, at: number, set: CharacterSet, to: number): number {
  let end = at;
  while (end < to && isIn(text, end, set)) end += 1;
  return end;
}
