const digit = 1;
const upper = 2;
const lower = 4;
const underscore = 8;
const dash = 16;
const base64Sign = 32;
const space = 64;
const dot = 128;

const kinds = new Uint8Array(128);
for (let code = 48; code <= 57; code++) kinds[code] = digit;
for (let code = 65; code <= 90; code++) kinds[code] = upper;
for (let code = 97; code <= 122; code++) kinds[code] = lower;
kinds[95] = underscore;
kinds[45] = dash;
kinds[43] = base64Sign;
kinds[47] = base64Sign;
kinds[46] = dot;
for (const code of [9, 10, 11, 12, 13, 32]) kinds[code] = space;

/** Sets of ASCII characters, tested by table: a detector looks at every character of every captured string. */
export const sets = {
  digit,
  upper,
  lower,
  space,
  letter: upper | lower,
  alnum: digit | upper | lower,
  word: digit | upper | lower | underscore,
  /** base64url: JWTs and most vendor tokens. */
  url64: digit | upper | lower | underscore | dash,
  base64: digit | upper | lower | underscore | dash | base64Sign,
  token: digit | upper | lower | underscore | dash | base64Sign | dot,
} as const;

/** Whether the character at this index is in the set; false outside the text and beyond ASCII. */
export function isIn(text: string, at: number, set: number): boolean {
  const code = text.charCodeAt(at);
  return code < 128 && ((kinds[code] ?? 0) & set) !== 0;
}

/** First index from `at` on whose character is not in the set, at most `max` further. */
export function endOf(text: string, at: number, set: number, max: number): number {
  const limit = Math.min(text.length, at + max);
  let end = at;
  while (end < limit && isIn(text, end, set)) end++;
  return end;
}

/** First index of the run of such characters that ends before `at`, at most `max` back. */
export function startOf(text: string, at: number, set: number, max: number): number {
  const limit = Math.max(0, at - max);
  let start = at;
  while (start > limit && isIn(text, start - 1, set)) start--;
  return start;
}

/** Calls `found` at each occurrence of the literal. */
export function eachOccurrence(text: string, literal: string, found: (at: number) => void): void {
  for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + literal.length)) found(at);
}
