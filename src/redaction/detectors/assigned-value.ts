import { endOf, isIn, sets } from './characters.ts';

/** Longest value behind a name; the rest is judged by the other detectors. */
const maxValueChars = 65_536;

interface AssignedValue {
  start: number;
  end: number;
  quoted: boolean;
}

const quotes = '"\'`';
/** Headers whose value has several parts up to the end of the line. */
const wholeLine = new Set(['cookie', 'authorization']);
const codes = new Set(['pin', 'cvv', 'otp']);

/** Where the value behind a separator starts and ends. */
export function valueEnd(text: string, separatorEnd: number, rule: string): AssignedValue {
  let start = separatorEnd;
  const skipLimit = Math.min(text.length, separatorEnd + 8);
  while (start < skipLimit && ' \t=>:'.includes(text[start] as string)) start++;
  let escapes = 0;
  while (text[start + escapes] === '\\') escapes++;
  const quote = text[start + escapes];
  if (quote !== undefined && quotes.includes(quote)) return quotedEnd(text, start + escapes + 1, quote, escapes);
  if (text.startsWith('%22', start)) start += 3;
  const limit = Math.min(text.length, start + maxValueChars);
  let end = start;
  if (wholeLine.has(rule)) {
    while (end < limit && !'\r\n"\'`'.includes(text[end] as string)) end++;
  } else {
    while (end < limit && !' \t\r\n,;&|<>"\'`)}]'.includes(text[end] as string)) end++;
    while (end > start && '.:!?'.includes(text[end - 1] as string)) end--;
  }
  return { start, end, quoted: false };
}

/** Up to the closing quote with as many escapes before it as the opening one had; a missing one hides the rest. */
function quotedEnd(text: string, start: number, quote: string, escapes: number): AssignedValue {
  const limit = Math.min(text.length, start + maxValueChars);
  let slashes = 0;
  for (let at = start; at < limit; at++) {
    const character = text[at];
    if (character === '\\') {
      slashes++;
      continue;
    }
    if (character === quote && slashes <= escapes && (escapes > 0 || slashes % 2 === 0))
      return { start, end: at - slashes, quoted: true };
    slashes = 0;
  }
  return { start, end: limit, quoted: true };
}

/** What follows a name in prose, types and code without being its value. */
const plainWords = new Set(
  (
    'true false null undefined none nil empty string number boolean bigint symbol object any unknown void never optional required missing ' +
    'invalid valid expired incorrect wrong must may should cannot can not is was has have the a an and or for in of to too at by from with without ' +
    'changed reset updated ok okay yes no set unset here there your this that it be bearer basic hidden redacted encrypted str int bool varchar text ' +
    'mismatch rejected accepted failed disabled enabled unavailable unused weak strong already still also only await new async function return'
  ).split(' '),
);
/** Roots of paths that read a secret from somewhere instead of being one. */
const codeRoots = new Set(
  (
    'req request res response this self process config ctx context options opts env params props state body data settings args input user import os ' +
    'payload credentials event session auth headers values form fields account client app store secrets vault'
  ).split(' '),
);

/** Whether the text behind the name only talks about it: prose, a type, code that reads it. */
export function isHarmlessValue(
  text: string,
  separator: number,
  { start, end, quoted }: AssignedValue,
  rule: string,
  open: boolean,
): boolean {
  const value = text.slice(start, Math.min(end, start + 200));
  if (open) return false;
  if (codes.has(rule) && (value.length > 12 || !/\d/.test(value))) return true;
  if (quoted) return value.trim() === '';
  if (/^[*•xX#.…-]+$/.test(value) || plainWords.has(value.toLowerCase())) return true;
  // A comparison with a name is code; with a quoted text it shows the secret.
  if (text.startsWith('==', separator) && /^[\p{L}_$][\p{L}\p{N}_$.]*$/u.test(value)) return true;
  if (wholeLine.has(rule) && isProse(value)) return true;
  const spoken = text.startsWith(' is ', separator) || text.startsWith(' was ', separator);
  if (spoken) return !/\d/.test(value) && /^[a-z'-]*$|^[A-Z][a-z]*$/.test(value);
  if (/^[[{(]/.test(value) || value.startsWith('${') || value.startsWith('$(')) return true;
  if (rule === 'token' && (/^\d{1,5}$/.test(value) || /^.$/.test(value))) return true;
  const path = endOf(value, 0, sets.word, value.length);
  if (value[path] === '(') return isIn(value, 0, sets.letter | sets.word);
  return value[path] === '.' && path > 0 && codeRoots.has(value.slice(0, path));
}

function isProse(value: string): boolean {
  const [first = ''] = value.toLowerCase().split(' ', 1);
  return plainWords.has(first) && first !== 'bearer' && first !== 'basic';
}
