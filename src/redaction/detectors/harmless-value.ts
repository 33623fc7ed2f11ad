import { type AssignedValue, codeRoots, codes, plainWords, wholeLine } from './assigned-value.ts';
import { isPlaceholder } from './placeholder.ts';

/** Longer values are secrets without further look. */
const maxJudgedChars = 200;
/** Shortest value in `("NAME", "value")`. */
const minListedChars = 8;
/** Text before a separator in which a declaration begins. */
const maxDeclarationChars = 80;

/** Rules whose values have digits; without any the text is a label or a type. */
const withDigits = new Set(['pin', 'cvv', 'otp', 'card', 'iban', 'ssn', 'phone', 'bank-account', 'national-id']);
/** Longest one-time code or PIN. */
const maxCodeChars = 12;
/** Rules whose values have no blanks; what has several is a sentence about them. */
const withoutBlanks = new Set(['token', 'api-key', 'cookie']);

/** Where a value was found. */
export interface Assignment extends AssignedValue {
  text: string;
  /** Index of the separator between name and value. */
  separator: number;
  rule: string;
  nameRule(name: string): string | undefined;
}

/** Whether the text behind the name only talks about it: prose, a label, a placeholder, a type, code that reads it. */
export function isHarmlessValue(assignment: Assignment): boolean {
  const { text, separator, start, end, quoted, rule } = assignment;
  if (end - start > maxJudgedChars) return false;
  const value = text.slice(start, end);
  if (value.trim() === '') return true;
  if (isPlaceholder(wholeLine.has(rule) ? withoutScheme(value) : value)) return true;
  if (codes.has(rule) && value.length > maxCodeChars) return true;
  if (withDigits.has(rule) && !/\p{Nd}/u.test(value)) return true;
  if (rule === 'email' && !/@|%40/.test(value)) return true;
  if (withoutBlanks.has(rule) && /^[^\d]*\s[^\d]*\s[^\d]*$/.test(value)) return true;
  // Two texts in a row are a name and its value only when the second does not read like another name.
  if (text[separator] === ',') return !/\d/.test(value) || value.length < minListedChars;
  const isCompared = text[separator] === '=' && (text[separator + 1] === '=' || '=!'.includes(text[separator - 1] ?? ' '));
  const isSentence = text.startsWith(' is ', separator) || text.startsWith(' was ', separator);
  if (quoted) return (isCompared || isSentence) && plainWords.has(value);
  if (plainWords.has(value.toLowerCase())) return true;
  // A comparison with a name is code; with a quoted text it shows the secret.
  if (isCompared && /^[\p{L}_$][\p{L}\p{N}_$.]*$/u.test(value)) return true;
  if (wholeLine.has(rule) && isProse(value)) return true;
  if (isSentence) return !/\d/.test(value) && /^[a-z'-]*$|^[A-Z][a-z]*$/.test(value);
  if (/^[[{(]/.test(value) || value.startsWith('${') || value.startsWith('$(')) return true;
  if (rule === 'token' && (/^\d{1,5}$/.test(value) || /^.$/.test(value))) return true;
  return isCode(assignment, value) || isType(assignment, value);
}

/** A call, a path that starts where programs keep things, or whatever follows a declaration without quotes. */
function isCode({ text, separator, rule }: Assignment, value: string): boolean {
  const path = /^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)*/.exec(value)?.[0] ?? '';
  if (value[path.length] === '(') return true;
  const [root = ''] = path.split(/[?.]/, 1);
  if (path.length > root.length && codeRoots.has(root)) return true;
  if (rule !== 'password' && path === value && path !== root && !/\d/.test(path)) return true;
  if (wholeLine.has(rule) && /^[A-Za-z_$][\w$.]* [?&|]/.test(value)) return true;
  return text[separator] === '=' && !/^\d/.test(value) && isDeclared(text, separator);
}

/** Whether the name before the separator is declared there, or a field of its own object: `const token`, `let key: Key`, `this.#secret`. */
function isDeclared(text: string, separator: number): boolean {
  const before = text.slice(Math.max(0, separator - maxDeclarationChars), separator);
  return /(?:(?:^|[\s({;])(?:const|let|var)\s+|\bthis\.)[#\w$]{1,64}\??(?:: ?[\w$.[\]|]{1,64})? ?$/.test(before);
}

/** `secrets: Secrets;`, `tokens: Token[]`, `key: Pick<…>`, `_token: AccessToken)`. */
function isType({ text, separator, end, nameRule }: Assignment, value: string): boolean {
  if (text[separator] !== ':') return false;
  const isName = /^[A-Za-z_$][A-Za-z_$.]*$/.test(value);
  if (/^[A-Za-z_$][\w$.]*\[$/.test(value) && text[end] === ']') return true;
  if (!isName || !/^[A-Z]/.test(value)) return false;
  if (text[end] === '<') return text[end + 1] !== '/';
  if (isDeclared(text, separator)) return true;
  return nameRule(value) !== undefined && /^(?:[;)]| [|={]|, \w{1,40}\??:)/.test(text.slice(end, end + 48));
}

/** The credential of a header without its scheme. */
function withoutScheme(value: string): string {
  return value.replace(/^(?:bearer|basic|token|apikey|digest|negotiate) {1,4}/i, '');
}

function isProse(value: string): boolean {
  const first = /^[a-z]+(?!\w)/i.exec(value)?.[0].toLowerCase() ?? '';
  return plainWords.has(first) && first !== 'bearer' && first !== 'basic';
}
