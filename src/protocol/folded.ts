import { characterSet, isIn } from './characters.ts';
import { charCode, fromCharCode, slice, startsWith } from './kept.ts';

const KeptIndexes = Uint32Array;

const escapeCode = 0x1b;
const backslashCode = 0x5c;
const bracketCode = 0x5b;
/** Numbers of a terminal's control sequence are short: longer ones stay in the text that is searched. */
const maxNumberChars = 5;
const maxSequenceChars = 64;
const maxRuleChars = 40;

const markerStart = '[REDACTED:';
const setNames = characterSet('0-9A-Za-z<>=');
const ruleCharacters = characterSet('0-9A-Za-z_-');
/** Behind a marker: what follows is no longer part of the same word. */
const wordEnds = characterSet(' \t\r\n,;&|<>"\'`)}]\\');

/** A text as a reader sees it: nothing that cannot be seen, plain blanks, and ASCII for the full-width forms of it. */
export interface Folded {
  text: string;
  /** Where each of its characters stood. */
  starts: Uint32Array;
  /** The text as it was, with blanks for what cannot be seen, and as long: there words that only touch stay apart. */
  parted: string;
}

/**
 * The first `to` characters of a text without what hides words from a search and not from a reader: colours of a terminal, characters without
 * width, blanks that are not ASCII, full-width letters. Undefined when it has none of them.
 */
export function fold(text: string, to: number = text.length): Folded | undefined {
  let at = 0;
  while (at < to && !isFoldable(text, at, to)) at += 1;
  if (at >= to) return undefined;
  const starts = new KeptIndexes(to);
  let length = 0;
  for (; length < at; length += 1) starts[length] = length;
  let folded = slice(text, 0, at);
  let parted = folded;
  let from = at;
  while (at < to) {
    const chars = invisibleChars(text, at, to);
    const plain = chars > 0 ? 0 : plainOf(charCode(text, at));
    if (chars === 0 && plain === 0) {
      starts[length] = at;
      length += 1;
      at += 1;
      continue;
    }
    const before = slice(text, from, at);
    folded += before;
    parted += before;
    if (chars > 0) {
      parted += startsWith(text, markerStart, at) ? slice(text, at, at + chars) : blanks(chars);
      at += chars;
    } else {
      folded += fromCharCode(plain);
      parted += slice(text, at, at + 1);
      starts[length] = at;
      length += 1;
      at += 1;
    }
    from = at;
  }
  const rest = slice(text, from, to);
  return { text: folded + rest, starts, parted: parted + rest };
}

/** A stretch of the folded text, in the text as it was. */
export function unfold<Stretch extends { start: number; end: number }>({ starts }: Folded, stretch: Stretch): Stretch {
  const { start, end } = stretch;
  if (end <= start) return stretch;
  return { ...stretch, start: starts[start] as number, end: (starts[end - 1] as number) + 1 };
}

/** Whether folding changes anything at this index. */
export function isFoldable(text: string, at: number, to: number): boolean {
  const code = charCode(text, at);
  if (code < 0x80 && code !== escapeCode && code !== backslashCode && code !== bracketCode) return false;
  // Letters of most languages.
  if (code >= 0xc0 && code < 0x115f && code !== 0x34f && code !== 0x61c) return false;
  return plainOf(code) > 0 || invisibleChars(text, at, to) > 0;
}

/** How many characters from this index on cannot be seen, or 0. */
function invisibleChars(text: string, at: number, to: number): number {
  const code = charCode(text, at);
  if (code < 0x80) {
    if (code === escapeCode) return 1 + behindEscape(text, at + 1, to);
    if (code === backslashCode) return writtenChars(text, at, to);
    return code === bracketCode ? markerChars(text, at, to) : 0;
  }
  if (code === 0x9b) return sequenceChars(text, at, to);
  if (code === 0xdb40) return (charCode(text, at + 1) & 0xfe00) === 0xdc00 ? 2 : 0;
  return isInvisible(code) ? 1 : 0;
}

/** The rest of a control sequence, or of the choice of a character set: `(B`. */
function behindEscape(text: string, at: number, to: number): number {
  const code = charCode(text, at);
  if (code === bracketCode) return sequenceChars(text, at, to);
  return code >= 0x28 && code <= 0x2f && at + 1 < to && isIn(text, at + 1, setNames) ? 2 : 0;
}

/** From the bracket of a control sequence to its last byte (ECMA-48, section 5.4); 1 for one that is not closed, or has no usual numbers. */
function sequenceChars(text: string, opening: number, to: number): number {
  let digits = 0;
  const limit = to < opening + maxSequenceChars ? to : opening + maxSequenceChars;
  for (let at = opening + 1; at < limit; at += 1) {
    const code = charCode(text, at);
    if (code >= 0x40 && code <= 0x7e) return at + 1 - opening;
    digits = code >= 0x30 && code <= 0x39 ? digits + 1 : 0;
    if (code < 0x20 || code > 0x7e || digits > maxNumberChars) return 1;
  }
  return 1;
}

/** An invisible character that is written out in JSON or source, `\u001b` or `\x1b`, with its control sequence. */
function writtenChars(text: string, at: number, to: number): number {
  const kind = charCode(text, at + 1);
  if (kind !== 0x75 && kind !== 0x78) return 0;
  const end = at + (kind === 0x75 ? 6 : 4);
  if (end > to) return 0;
  let code = 0;
  for (let digit = at + 2; digit < end; digit += 1) {
    const value = hexOf(charCode(text, digit));
    if (value < 0) return 0;
    code = code * 16 + value;
  }
  if (code === escapeCode) return end - at + behindEscape(text, end, to);
  return code === 0x9b || isInvisible(code) || (code > 0x7f && plainOf(code) === 0x20) ? end - at : 0;
}

function hexOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** A marker that stands in the text of the program, when the word goes on behind it. */
function markerChars(text: string, at: number, to: number): number {
  if (charCode(text, at + 1) !== 0x52 || !startsWith(text, markerStart, at)) return 0;
  let end = at + markerStart.length;
  const limit = to < end + maxRuleChars ? to : end + maxRuleChars;
  while (end < limit && isIn(text, end, ruleCharacters)) end += 1;
  return charCode(text, end) === 0x5d && end + 1 < to && !isIn(text, end + 1, wordEnds) ? end + 1 - at : 0;
}

/** Soft hyphens, joiners and what has no width, marks of direction, fillers, variation selectors. */
function isInvisible(code: number): boolean {
  if (code < 0x34f) return code === 0xad;
  if (code < 0x200b) return code === 0x34f || code === 0x61c || code === 0x115f || code === 0x1160 || code === 0x180e;
  if (code <= 0x206f) return code <= 0x200f || (code >= 0x202a && code <= 0x202e) || code >= 0x2060;
  if (code < 0xfe00) return code === 0x3164;
  return code <= 0xfe0f || code === 0xfeff || code === 0xffa0;
}

/** The ASCII code of a character that looks like it: a blank, an end of line, a full-width or small form; 0 for others. */
function plainOf(code: number): number {
  if (code < 0x1680) return code === 0xa0 ? 0x20 : code === 0x85 ? 0x0a : 0;
  if (code < 0x2060) {
    if (code === 0x2028 || code === 0x2029) return 0x0a;
    return code === 0x1680 || (code >= 0x2000 && code <= 0x200a) || code === 0x202f || code === 0x205f ? 0x20 : 0;
  }
  if (code >= 0xff01 && code <= 0xff5e) return code - 0xfee0;
  return code === 0x3000 ? 0x20 : code === 0xfe55 ? 0x3a : code === 0xfe66 ? 0x3d : 0;
}

/** What `repeat` gives. */
function blanks(chars: number): string {
  let text = '';
  for (let count = 0; count < chars; count += 1) text += ' ';
  return text;
}
