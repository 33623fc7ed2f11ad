/** Letters of a word that are looked up; the rest is compared. */
const prefixChars = 3;

interface Announcer {
  letters: string;
  /** Nothing but these letters; otherwise more may follow. */
  whole: boolean;
  bit: number;
}

/** By the first letters of a word, five bits each: the words that begin so. */
const announcers: (Announcer[] | undefined)[] = new Array(32 ** prefixChars).fill(undefined);
/** By the first two letters: whether there are any; read before `announcedBy`, which is a call for each word. */
export const announcingPairs = new Uint8Array(32 ** 2);
let lists = 0;

/** Bits of all lists: where letters beyond ASCII stand, a pattern may take them for others. */
export const announcedToAll = -1;

/**
 * Registers words without one of which a detector finds nothing, and gives the bit that `Traits.announced` has when a text has one at
 * the beginning of a word, in either case. Both are alternatives as they stand in a regular expression, of which the first letters
 * count: behind `words` it takes no further letter, behind `beginnings` it may.
 */
export function announcing(words: string, beginnings = ''): number {
  if (lists >= 31) throw new Error('There is no bit left for another list of words.');
  const bit = 1 << lists++;
  for (const word of words.split('|')) register(word, bit, true);
  for (const word of beginnings.split('|')) if (word !== '') register(word, bit, false);
  return bit;
}

function register(word: string, bit: number, isWord: boolean): void {
  const letters = /^[a-z]*/i.exec(word)?.[0].toLowerCase() ?? '';
  const next = word.slice(letters.length);
  const sure = /^[?*{]/.test(next) ? letters.slice(0, -1) : letters;
  if (sure === '') throw new Error(`${word} begins with no letter.`);
  const announcer = { letters: sure, bit, whole: isWord && /^(?:$|[ /-]|\\\.)/.test(next) };
  if (announcer.whole || sure.length >= prefixChars) add(announcer, sure.slice(0, prefixChars));
  else addLonger(announcer, sure);
}

/** Of fewer letters than are looked up: under all that they may go on with. */
function addLonger(announcer: Announcer, letters: string): void {
  add(announcer, letters);
  if (letters.length === prefixChars) return;
  for (let letter = 97; letter <= 122; letter++) addLonger(announcer, letters + String.fromCharCode(letter));
}

function add(announcer: Announcer, letters: string): void {
  const index = [...letters].reduce((sum, letter) => (sum << 5) | (letter.charCodeAt(0) & 31), 0);
  announcers[index] = [...(announcers[index] ?? []), announcer];
  announcingPairs[letters.length < prefixChars ? index : index >> 5] = 1;
}

/** Bits of the lists with a word that the run of letters from `from` up to `end` is, or begins with. */
export function announcedBy(text: string, from: number, end: number): number {
  const chars = end - from;
  let index = text.charCodeAt(from) & 31;
  if (chars > 1) index = (index << 5) | (text.charCodeAt(from + 1) & 31);
  if (chars > 2) index = (index << 5) | (text.charCodeAt(from + 2) & 31);
  const candidates = announcers[index];
  if (candidates === undefined) return 0;
  let bits = 0;
  for (const { letters, whole, bit } of candidates) {
    if (whole ? letters.length === chars : letters.length <= chars) bits |= isAt(text, from, letters) ? bit : 0;
  }
  return bits;
}

function isAt(text: string, from: number, letters: string): boolean {
  for (let at = prefixChars; at < letters.length; at++) {
    if ((text.charCodeAt(from + at) & 31) !== (letters.charCodeAt(at) & 31)) return false;
  }
  return true;
}
