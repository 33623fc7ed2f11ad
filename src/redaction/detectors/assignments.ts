import { couldContain } from '../name-filter.ts';
import { valueEnd } from './assigned-value.ts';
import { isIn, sets, startOf } from './characters.ts';
import type { Detector, Finding, Scanning } from './detector.ts';
import { isHarmlessValue } from './harmless-value.ts';
import { isVerb } from './run-forms.ts';
import { Shape } from './traits.ts';

/** Longest name before a separator, in characters; what is longer is judged by its end. */
const maxNameChars = 64;
/** A name of three characters, a separator and a value. */
const minChars = 5;

/** Words that stand between a name and its `=` in declarations: `password string = "…"`, `password: string = "…"`. */
const types = new Set(['string', 'str', 'char', 'byte', 'var', 'text', 'const', 'any', 'auto']);
/** Longest of them. */
const maxTypeChars = 6;

/**
 * Secrets and personal data behind their name in text: `password=…`, `"apiKey": "…"`, `Authorization: …`,
 * `--token …`, `password is …`, `<password>…`, `("TOKEN", "…")`, query strings, headers, .env lines, JSON that was cut.
 */
export const assignments: Detector = {
  name: 'assignments',
  kind: 'secret',
  couldHold: ({ length, shapes }) => (shapes & Shape.assigned) !== 0 && length >= minChars,
  find(text, scanning) {
    const findings: Finding[] = [];
    // Met on the way: V8 would move a search that is done before the loop into it.
    let hasFlag = false;
    let after = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 45 && text.charCodeAt(at + 1) === 45) hasFlag = true;
      if (code > 127 || separates[code] === 0 || at < after) continue;
      const separator = separatorAt(text, at, code, hasFlag);
      if (separator === 0) continue;
      const rule = ruleBefore(text, at, scanning);
      if (rule === undefined) continue;
      const value = valueEnd(text, at + separator, rule);
      const open = scanning.cut && value.end === text.length;
      if (value.end === value.start) continue;
      // What only talks about a secret may have another assignment in it.
      if (!open && isHarmlessValue({ ...value, text, separator: at, rule, nameRule: scanning.nameRule })) continue;
      findings.push({ start: value.start, end: value.end, rule });
      after = value.end;
    }
    return findings;
  },
};

/** What separators begin with. */
const separates = new Uint8Array(128);
for (const sign of ':>,= %') separates[sign.charCodeAt(0)] = 1;

/** Length of the separator between a name and its value here, or 0. `hasFlag`: whether `--` stands somewhere before. */
function separatorAt(text: string, at: number, code: number, hasFlag: boolean): number {
  switch (code) {
    case 58: // ':'
      return text.startsWith('://', at) ? 0 : 1;
    case 62: // '<name>'
      return isElement(text, at) ? 1 : 0;
    case 44: // '"name", "value"'
      return '"\'`'.includes(text[at - 1] ?? ' ') && /^, {0,2}["'`]/.test(text.slice(at, at + 4)) ? 1 : 0;
    case 61: // '='
      return text[at + 1] === '>' ? 2 : 1;
    case 32: // ' '
      if (isVerb(text, at)) return text.charCodeAt(at + 1) === 105 ? 4 : 5;
      return hasFlag && isFlag(text, at) && text[at + 1] !== '-' ? 1 : 0;
    case 37: // '%3D' and '%3A'
      return text.startsWith('%3D', at) || text.startsWith('%3A', at) || text.startsWith('%3d', at) ? 3 : 0;
    default:
      return 0;
  }
}

/** Whether the opening tag `<name>` ends here; `user:<password>` is a placeholder. */
function isElement(text: string, at: number): boolean {
  const start = startOf(text, at, sets.url64, maxNameChars);
  return start < at && text[start - 1] === '<' && text[start - 2] !== ':';
}

/** Whether a command line flag `--name` ends here. */
function isFlag(text: string, at: number): boolean {
  const start = startOf(text, at, sets.url64, maxNameChars);
  return text.startsWith('--', start) && at - start > 2 && (start === 0 || text[start - 1] === ' ');
}

function ruleBefore(text: string, separator: number, { nameRule, phraseRule, nameGrams }: Scanning): string | undefined {
  let end = skipBack(text, separator);
  // Only the last part of a path or file name: `password.ts:45:12` is a place, not a password.
  let start = startOf(text, end, sets.url64, maxNameChars);
  if (start === end) return undefined;
  if (text[separator] === '=' && end - start <= maxTypeChars && types.has(text.slice(start, end).toLowerCase())) {
    end = skipBack(text, start);
    start = startOf(text, end, sets.url64, maxNameChars);
  }
  const attribute = end - start === 5 && text.startsWith('value', start) ? attributeBefore(text, start) : undefined;
  const rule =
    attribute === undefined
      ? couldContain(nameGrams, text, start, end)
        ? nameRule(text.slice(start, end))
        : undefined
      : nameRule(attribute);
  if (rule !== undefined) return rule;
  // "API key: …" is two words; a third one ("card security code") only joins when the first two say nothing.
  if (text[start - 1] !== ' ') return undefined;
  const second = startOf(text, start - 1, sets.word, maxNameChars);
  if (second === start - 1) return undefined;
  const two = couldContain(nameGrams, text, second, end) ? phraseRule(text.slice(second, end)) : undefined;
  if (two !== undefined || text[second - 1] !== ' ') return two;
  const third = startOf(text, second - 1, sets.word, maxNameChars);
  if (third === second - 1 || !couldContain(nameGrams, text, third, end)) return undefined;
  return phraseRule(text.slice(third, start - 1)) === undefined ? phraseRule(text.slice(third, end)) : undefined;
}

/** The name in `key="name" value="…"`, when `value` begins here. */
function attributeBefore(text: string, value: number): string | undefined {
  return /(?:key|name)=["']([^"'<>]{1,64})["']\s{1,4}$/i.exec(text.slice(Math.max(0, value - 80), value))?.[1];
}

/** Back over what may stand between a name and its separator: blanks, quotes, escapes, a bracket of `["name"]`. */
function skipBack(text: string, separator: number): number {
  let end = separator;
  const limit = Math.max(0, separator - 8);
  // `.=`, `+=`, `||=`
  if (text[separator] === '=') while (end > limit && '.+|'.includes(text[end - 1] as string)) end--;
  while (end > limit && !isIn(text, end - 1, sets.word)) {
    if (!' "\'`\\]?!:=\t'.includes(text[end - 1] as string)) break;
    end--;
  }
  return text.startsWith('%22', end - 3) || text.startsWith('%5D', end - 3) ? end - 3 : end;
}
