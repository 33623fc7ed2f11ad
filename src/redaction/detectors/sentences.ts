import { announcing } from './announcing.ts';
import { isIn, sets, startOf } from './characters.ts';
import type { Detector, Finding, Scanning } from './detector.ts';
import { isPlaceholder } from './placeholder.ts';
import { isTold } from './told-value.ts';
import { Shape } from './traits.ts';

/** `pin '1'`, and `pin->12`. */
const minChars = 7;
/** Longest name and value in a sentence, in characters. */
const maxNameChars = 64;
const maxValueChars = 512;

/** How names of secrets end, in prose as in code; `nameRule` decides about the whole word. */
const name =
  /(?:pass(?:word|wd|phrase|code|wort)|pwd|contrase[nñ]a|mot de passe|token|secret|api[ _-]?key|access[ _-]?key|private[ _-]?key|\b(?:pin|otp|cvv|cvc)|\b(?:verification|security|login|access|recovery|backup|reset|mfa|sms) code)(?![\w-])/gi;
const quote = '["\'`]';
/** `password "…"`, `password (…)`, `password with value …`, `password = …`: a quoted text must follow. */
const toQuote = new RegExp(
  `${quote}?(?: {1,2}(?:\\(|\\[)?|(?: with| has| had)? value (?:of |is |was )?| (?:was |is )?(?:set|changed|reset|updated) to | (?:was )?(?:changed )?from |: rejected value \\[)(?=\\\\{0,4}${quote})`,
  'y',
);
/** `password -> …` and `password for ada: …`: a text with or without quotes follows. */
const toWord =
  /["'`]?(?: {0,2}(?:->|→|➜|⇒) {0,2}| (?:for|of) (?:the )?(?:(?:user|account|login|host|database|role|client|member) )?["'`]?[^\s:=,;(){}<>"'`]{1,80}["'`]?(?: ?[:=] ?| is | was )|: rejected value \[)/y;
const possessing = announcing('for|of');
/** From one text to the next one: `from "a" to "b"`. */
const toSecond = new RegExp(` (?:to|with) (?=\\\\{0,4}${quote})`, 'y');
/** What names a secret behind its value. */
const namedBehind =
  /["'`](?: \(type \w{1,20}\))? (?:at path ["'`]|is (?:not )?an? (?:in)?valid (?:value for )?["'`]?|as (?:the |a )?)(?=[\w.-]{1,64})/g;
/** What Pydantic says in the lines below a field. */
const inputValue = /(?:^|\n)([\w.]{1,64})\n[^\n]{1,200}\binput_value=(?=["'])/g;

/** Secrets that sentences tell, most of them messages of errors: `Wrong password "…"`, `Path "password" ("…") is too short`. */
export const sentences: Detector = {
  name: 'sentences',
  kind: 'secret',
  couldHold: ({ length, shapes, quote, dashes, container, announced }) =>
    length >= minChars && (shapes & Shape.named) !== 0 && (quote || dashes > 0 || container || (announced & possessing) !== 0),
  find(text, scanning) {
    const findings: Finding[] = [];
    for (const match of text.matchAll(name)) {
      const end = match.index + match[0].length;
      const start = startOf(text, match.index, sets.url64, maxNameChars);
      const rule = scanning.nameRule(text.slice(start, end)) ?? scanning.phraseRule(match[0]);
      if (rule !== undefined) addBehind(text, { start, end }, rule, scanning, findings);
    }
    if (findings.length === 0 && !/input_value=|["'`](?: \(type \w{1,20}\))? (?:at|is|as) /.test(text)) return findings;
    return [...findings, ...before(text, scanning), ...below(text, scanning)];
  },
};

function addBehind(
  text: string,
  said: { start: number; end: number },
  rule: string,
  scanning: Scanning,
  findings: Finding[],
): void {
  const from = end(toQuote, text, said.end);
  const value = from === undefined ? wordAt(text, end(toWord, text, said.end), scanning.cut) : quotedAt(text, from);
  if (value === undefined || !isTold(text, said, value, rule)) return;
  add(findings, text, value, rule, scanning);
  const second = end(toSecond, text, value.end + 1);
  const next = second === undefined ? undefined : quotedAt(text, second);
  if (next !== undefined) add(findings, text, next, rule, scanning);
}

function add(findings: Finding[], text: string, { start, end }: Value, rule: string, { nameRule }: Scanning): void {
  const value = text.slice(start, end);
  if (value !== '' && !isPlaceholder(value) && nameRule(value) === undefined) findings.push({ start, end, rule });
}

/** Where the sticky pattern ends that begins here. */
function end(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** What stands in a sentence for a value. */
export interface Value {
  start: number;
  end: number;
  quoted: boolean;
}

/** The text in quotes that begins here, with as many escapes before the closing one; without a closing one it is none. */
function quotedAt(text: string, at: number): Value | undefined {
  let start = at;
  while (text[start] === '\\') start++;
  const escapes = text.slice(at, start);
  const close = text.slice(start + 1, start + 1 + maxValueChars).indexOf(escapes + text[start]);
  return close < 0 ? undefined : { start: start + 1, end: start + 1 + close, quoted: true };
}

function wordAt(text: string, from: number | undefined, cut: boolean): Value | undefined {
  if (from === undefined) return undefined;
  if (/["'`\\]/.test(text[from] ?? '')) return quotedAt(text, from);
  let end = from;
  while (end < text.length && end - from < maxValueChars && !/[\s,;|<>"'`)\]}]/.test(text[end] as string)) end++;
  const isOpen = cut && end === text.length;
  while (!isOpen && end > from && '.:!?'.includes(text[end - 1] as string)) end--;
  return end === from ? undefined : { start: from, end, quoted: false };
}

/** `Cast to string failed for value "…" (type string) at path "token"`, `"…" is not a valid password`. */
function before(text: string, scanning: Scanning): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(namedBehind)) {
    const at = match.index + match[0].length;
    let last = at;
    while (last - at < maxNameChars && isIn(text, last, sets.url64 | sets.token)) last++;
    const rule = scanning.nameRule(text.slice(at, last).replace(/[.-]+$/, ''));
    const open = text.lastIndexOf(text[match.index] as string, match.index - 1);
    if (rule === undefined || open < 0 || match.index - open > maxValueChars) continue;
    const value = { start: open + 1, end: match.index, quoted: true };
    if (isTold(text, { start: at, end: last }, value, rule)) add(findings, text, value, rule, scanning);
  }
  return findings;
}

function below(text: string, scanning: Scanning): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(inputValue)) {
    const rule = scanning.nameRule(match[1] as string);
    const value = quotedAt(text, match.index + match[0].length);
    if (rule !== undefined && value !== undefined) add(findings, text, value, rule, scanning);
  }
  return findings;
}
