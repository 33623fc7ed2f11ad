/** Longest row of values that is read, in characters. */
const maxTupleChars = 65_536;

/** What stands between the quotes of a text, or a number. */
export interface Literal {
  start: number;
  end: number;
}

/** The quoted text that begins here, with SQL's and JavaScript's escapes; one without its end goes on to the end of the text. */
export function literalAt(text: string, at: number): Literal | undefined {
  let start = /[ENen]/.test(text[at] ?? '') ? at + 1 : at;
  let escapes = 0;
  while (text[start] === '\\' && escapes < 4) {
    start++;
    escapes++;
  }
  const quote = text[start];
  if (quote !== "'" && quote !== '"') return undefined;
  const limit = Math.min(text.length, start + maxTupleChars);
  for (let end = start + 1; end < limit; end++) {
    if (text[end] === '\\' && escapes === 0) end++;
    else if (text[end] !== quote) continue;
    else if (text[end + 1] === quote) end++;
    else return { start: start + 1, end: end - escapes };
  }
  return { start: start + 1, end: limit };
}

/** Reads a row of values from its bracket on, tells its texts and numbers with the place of their value, and where it ends. */
export function endOfTuple(text: string, open: number, found: (literal: Literal, place: number) => void): number {
  const limit = Math.min(text.length, open + maxTupleChars);
  let depth = 0;
  let place = 0;
  for (let at = open; at < limit; at++) {
    const character = text[at] as string;
    if (character === '(') depth++;
    else if (character === ')') {
      if (--depth === 0) return at + 1;
    } else if (character === ',' && depth === 1) place++;
    else if (character === "'" || character === '"') {
      const literal = literalAt(text, at) as Literal;
      found(literal, place);
      at = literal.end;
    } else if (depth === 1 && isDigit(character) && !isWord(text[at - 1])) {
      const start = at;
      while (at + 1 < limit && /[\w.]/.test(text[at + 1] as string)) at++;
      found({ start, end: at + 1 }, place);
    }
  }
  return limit;
}

const isDigit = (character: string): boolean => character >= '0' && character <= '9';
const isWord = (character: string | undefined): boolean => character !== undefined && /[\w$:@]/.test(character);
