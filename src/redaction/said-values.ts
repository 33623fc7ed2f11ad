import type { Value } from '../protocol/value.ts';
import type { Session } from './session.ts';

/** What stands where a value would: that there is none, that there must be one, its type, an order. */
const says = new Set(
  (
    'none null nil undefined empty required optional missing invalid valid unset default true false yes no on off string text number boolean ' +
    'any unknown hidden masked redacted asc desc ascending descending'
  ).split(' '),
);
/** Rules whose values have digits. */
const withDigits = new Set(['pin', 'cvv', 'otp', 'card', 'iban', 'ssn', 'phone', 'bank-account', 'national-id']);
/** Shortest common beginning of a name and its translation, in letters: `password`, `Passwort`. */
const minCommonLetters = 4;
/** Longest word, and longest identifier of several, in characters. */
const maxWordChars = 16;
const maxWordsChars = 40;
/** Letters of a part of an identifier, on average: random letters change case more often. */
const minPartChars = 3;

const lettersOf = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}]/gu, '');

/** Whether a text beside a name only talks about it: its caption or translation, that it is required, something of another form. */
export function isAboutName(session: Session, name: string, value: Value): boolean {
  if (typeof value !== 'string') return false;
  const rule = session.nameRule(name) ?? '';
  if (rule === 'email' && isPlainWord(value)) return true;
  if (/\p{Nd}/u.test(value)) return false;
  return withDigits.has(rule) || says.has(value.trim().toLowerCase()) || isCaption(value, name);
}

function isCaption(value: string, name: string): boolean {
  if (!/^[\p{L}\p{M} .:?*()_-]+$/u.test(value)) return false;
  const said = lettersOf(value);
  const named = lettersOf(name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('/')) + 1));
  if (said === named) return true;
  let common = 0;
  while (common < said.length && said[common] === named[common]) common++;
  return common >= minCommonLetters && common * 2 > Math.min(said.length, named.length) && said.length <= named.length * 2;
}

/** Whether a text reads like another name: `name`, `refreshToken`, `user_id`. */
export function isPlainWord(text: string): boolean {
  if (text.length > maxWordsChars || !/^\p{L}+(?:[._-]\p{L}+)*$/u.test(text)) return false;
  return text.split(/[._-]/).every((word) => {
    const capitals = word.match(/\p{Lu}/gu)?.length ?? 0;
    if (capitals === word.length) return capitals <= maxWordChars;
    const parts = capitals + (/^\p{Lu}/u.test(word) ? 0 : 1);
    return word.length <= parts * maxWordChars && (parts === 1 || word.length >= parts * minPartChars);
  });
}
