import { endsValue } from './expression-refusals.ts';
import { refusal } from './expression-rules.ts';

/** One word, sign or literal. `text` is as written; `position` counts characters from 1. */
export type Token = { text: string; position: number } & (
  | { kind: 'word' | 'private' | 'punctuator' | 'end' }
  | { kind: 'number'; value: number }
  | { kind: 'string'; value: string }
);

/** Longest first, so that the first that fits is the right one. `?.` is not one before a digit (`a ?.5 : b`). */
const punctuator =
  /\?\.(?!\d)|>>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\+\+|--|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|<<|>>|\*\*|[-+*/%<>=!&|^~?:.,;()[\]{}@]/uy;
const space = /\s+/uy;
/** `#name`. */
const privateName = /#[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
const word = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
const number = /0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/uy;
const legacyOctal = /^0\d/u;

/** Splits the text; the last token is of kind `end`. Throws `ExpressionError`. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const position = at + 1;
    const skipped = match(space);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const token =
      readString(text, at) ??
      readNumber(match(number), position) ??
      readWord(match(word), 'word', position) ??
      readWord(match(privateName), 'private', position);
    if (token === undefined) refuseStart(text, at, tokens.at(-1));
    const sign = token === undefined ? match(punctuator) : undefined;
    if (token === undefined && sign === undefined)
      throw refusal('a sign without a meaning', position, String.fromCodePoint(text.codePointAt(at) ?? 0));
    const next: Token = token ?? { kind: 'punctuator', text: sign ?? '', position };
    tokens.push(next);
    at += next.text.length;
    if (next.kind === 'number') refuseGlued(match(word), next, at);
  }
  tokens.push({ kind: 'end', text: '', position: text.length + 1 });
  return tokens;
}

function readWord(text: string | undefined, kind: 'word' | 'private', position: number): Token | undefined {
  return text === undefined ? undefined : { kind, text, position };
}

function readNumber(text: string | undefined, position: number): Token | undefined {
  if (text === undefined) return undefined;
  if (legacyOctal.test(text)) throw refusal('an octal number', position, text);
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isFinite(value)) throw refusal('a number too large', position, text);
  return { kind: 'number', text, position, value };
}

function refuseGlued(suffix: string | undefined, number: Token, at: number): void {
  if (suffix === undefined) return;
  if (suffix === 'n') throw refusal('a bigint', number.position, `${number.text}n`);
  throw refusal('a word glued to a number', at + 1, suffix.slice(0, 40));
}

/** What cannot start a token, and a slash where a value is expected: the beginning of a regular expression. */
function refuseStart(text: string, at: number, previous: Token | undefined): void {
  const two = text.slice(at, at + 2);
  if (two === '//' || two === '/*') throw refusal('a comment', at + 1, two);
  if (two[0] === '/' && (previous === undefined || !endsValue(previous))) throw refusal('a regular expression', at + 1, '/');
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v' };
const hexEscape = /x([\da-fA-F]{2})|u([\da-fA-F]{4})|u\{([\da-fA-F]{1,6})\}/uy;

function readString(text: string, start: number): Token | undefined {
  const quote = text[start];
  if (quote !== '"' && quote !== "'" && quote !== '`') return undefined;
  let value = '';
  let at = start + 1;
  for (;;) {
    const character = text[at];
    if (character === undefined || (quote !== '`' && (character === '\n' || character === '\r'))) {
      throw refusal('an open text', start + 1, quote, quote);
    }
    if (character === quote) break;
    if (quote === '`' && character === '$' && text[at + 1] === '{') {
      throw refusal('a hole in a template', at + 1, '${');
    }
    if (character !== '\\') {
      value += character;
      at += 1;
      continue;
    }
    const [meaning, length] = readEscape(text, at);
    value += meaning;
    at += length;
  }
  return { kind: 'string', text: text.slice(start, at + 1), position: start + 1, value };
}

/** Returns what a backslash sequence means, and its length. */
function readEscape(text: string, backslash: number): [string, number] {
  const next = text[backslash + 1] ?? '';
  const bad = (): Error => refusal('a wrong escape', backslash + 1, '\\');
  if (next === 'x' || next === 'u') {
    hexEscape.lastIndex = backslash + 1;
    const found = hexEscape.exec(text);
    const code = Number.parseInt(found?.[1] ?? found?.[2] ?? found?.[3] ?? '', 16);
    if (found === null || code > 0x10ffff) throw bad();
    return [String.fromCodePoint(code), found[0].length + 1];
  }
  if (next === '' || next === '\n' || next === '\r' || /[1-9\u2028\u2029]/u.test(next)) throw bad();
  if (next === '0') {
    if (/\d/u.test(text[backslash + 2] ?? '')) throw bad();
    return ['\0', 2];
  }
  return [escapes[next] ?? next, 2];
}
