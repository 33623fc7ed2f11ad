import { wordsOf } from '../protocol/names.ts';

/** Letters that are compared: enough to rule out most names, few enough for a table. */
const prefixChars = 3;

/** Phrases are told apart in so many classes, by their first letters. */
const classes = 16;
/** Stands for all of them. */
const everyClass = 0xffffffff;

/**
 * By the last three letters, five bits each: in the lower half the classes of phrases that begin with them, in the upper half of those
 * that end in them. What is in a name as words stands among its letters in a row. At 0: whether nothing can be said by letters.
 */
export function gramsOf(phrases: readonly string[]): Uint32Array {
  const grams = new Uint32Array(32 ** prefixChars);
  const add = (index: number, bits: number): void => {
    grams[index] = (grams[index] as number) | bits;
  };
  for (const phrase of phrases.map((each) => wordsOf(each).join(''))) {
    if (phrase === '') continue;
    // Phrases of one letter or with letters beyond ASCII are rare, and judged without this.
    if (!/^[a-z]{2,}$/.test(phrase)) return grams.fill(everyClass);
    const first = gramAt(phrase, 0);
    const bit = 1 << (first % classes);
    if (phrase.length >= prefixChars) {
      add(first, bit);
      add(gramAt(phrase, phrase.length - prefixChars), bit << classes);
    } else {
      for (let before = 0; before < 32; before++) add((before << 10) | gramAt(phrase, 0), bit | (bit << classes));
    }
  }
  return grams;
}

/** Up to three letters from there, five bits each. */
function gramAt(phrase: string, from: number): number {
  let gram = 0;
  for (let at = from; at < phrase.length && at < from + prefixChars; at++) gram = (gram << 5) | letterOf(phrase, at);
  return gram;
}

/** A quick look before names are split into words: false only when none of the phrases can be in that part of the text. */
export function couldContain(grams: Uint32Array, text: string, from = 0, end = text.length): boolean {
  if (grams[0] !== 0) return true;
  let last = 0;
  let begun = 0;
  for (let at = from; at < end; at++) {
    const letter = letterOf(text, at);
    if (letter === 0) continue;
    last = letter === beyondAscii ? 0 : ((last << 5) | letter) & 0x7fff;
    const gram = grams[last] as number;
    if (gram === 0) continue;
    begun |= gram;
    if ((begun & (gram >>> classes) & 0xffff) !== 0) return true;
  }
  return false;
}

const beyondAscii = 31;

/** 1 to 26 for letters of either case, 0 for what is none and only separates words. */
function letterOf(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 97 && code <= 122) return code - 96;
  if (code >= 65 && code <= 90) return code - 64;
  return code >= 0xc0 ? beyondAscii : 0;
}
