import { wordsOf } from '../protocol/names.ts';

/** Letters that are compared: enough to rule out most names, few enough for a table. */
const prefixChars = 3;

/**
 * A quick look before names are split into words: false only when none of the phrases can be in the name. What is in a name as words
 * stands among its letters in a row.
 */
export function couldContain(phrases: readonly string[]): (name: string) => boolean {
  const joined = phrases.map((phrase) => wordsOf(phrase).join('')).filter((phrase) => phrase !== '');
  const starts = new Uint8Array(32 ** prefixChars);
  for (const phrase of joined) {
    if (!new RegExp(`^[a-z]{${prefixChars}}`).test(phrase)) continue;
    starts[(letterOf(phrase, 0) << 10) | (letterOf(phrase, 1) << 5) | letterOf(phrase, 2)] = 1;
  }
  const rest = joined.filter((phrase) => !new RegExp(`^[a-z]{${prefixChars}}`).test(phrase));
  const short = new Uint8Array(32 ** 2);
  for (const phrase of rest) if (/^[a-z]{2}$/.test(phrase)) short[(letterOf(phrase, 0) << 5) | letterOf(phrase, 1)] = 1;
  // Phrases of one letter or with letters beyond ASCII are rare, and judged without this.
  if (rest.some((phrase) => !/^[a-z]{2}$/.test(phrase))) return () => true;
  return (name) => {
    let last = 0;
    let letters = 0;
    for (let at = 0; at < name.length; at++) {
      const letter = letterOf(name, at);
      if (letter === 0) continue;
      if (letter === beyondAscii) {
        last = 0;
        letters = 0;
        continue;
      }
      letters++;
      last = ((last << 5) | letter) & 0x7fff;
      if (letters >= 2 && short[last & 0x3ff] === 1) return true;
      if (letters >= prefixChars && starts[last] === 1) return true;
    }
    return false;
  };
}

const beyondAscii = 31;

/** 1 to 26 for letters of either case, 0 for what is none and only separates words. */
function letterOf(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 97 && code <= 122) return code - 96;
  if (code >= 65 && code <= 90) return code - 64;
  return code >= 0xc0 ? beyondAscii : 0;
}
