import { characterSet, digits, endOf, isIn, url64, word } from './characters.ts';
import type { Found } from './found.ts';
import { charCode, indexOf, KeptMap, lowerCase, mapHas, mapSet, slice, startsWith, stringIncludes } from './kept.ts';
import type { NameRule } from './names.ts';
import { hasDigit, isPlaceholder } from './placeholder.ts';
import type { SecretRules } from './secret-rules.ts';
import type { SecretText } from './secret-text.ts';

/** Longest name before a separator; what is longer is judged by its end. */
const maxNameChars = 64;
/** Blanks, quotes and brackets between a name and its separator, and between that and the value. */
const maxBetween = 8;
/** Longer values are secrets without further look. */
const maxJudged = 200;
/** Longest value of the rules whose values are short, and longest number that is a count of tokens rather than one. */
const maxCodeChars = 12;
const maxCountChars = 5;
const minUrlSecretChars = 16;

const valueStops = characterSet(' \t\r\n,;&|<>"\'`)}]');
const lineEnds = characterSet('\r\n');
const trailing = characterSet('.:!?');
const lead = characterSet(' \t=>:');
const quotes = characterSet('"\'`');
/** What begins code: of a template, a list, a call. */
const brackets = characterSet('[{(');
const words = characterSet('A-Za-z_');
const queryMarks = characterSet('?&#;');
const queryStops = characterSet('&#"\'<> \t\r\n');
/** Of parameters of a header, and what stands before them. */
const parameterName = characterSet('a-z_-');
const capitals = characterSet('A-Z');
const beforeName = characterSet(' \t,;');

/** How the credential behind a scheme is written: `Bearer …`, or `Digest username="ada", …`. */
export interface Scheme {
  isList: boolean;
  /** What the first parameter has to be called; empty for any name. */
  first: string;
}

/** What tells a value from what only talks about one. */
export interface Assignments {
  nameRule: NameRule;
  schemes: Map<string, Scheme>;
  instructions: Map<string, true>;
  harmless: Map<string, true>;
  roots: Map<string, true>;
  wholeLines: Map<string, true>;
  codes: Map<string, true>;
  urlNames: Map<string, true>;
}

export function compileAssignments(rules: SecretRules, nameRule: NameRule): Assignments {
  return {
    nameRule,
    schemes: schemesOf(rules.schemes),
    instructions: setOf(rules.instructions),
    harmless: setOf(rules.harmlessValues),
    roots: setOf(rules.codeRoots),
    wholeLines: setOf(rules.wholeLines),
    codes: setOf(rules.codes),
    urlNames: setOf(rules.urlNames ?? []),
  };
}

function schemesOf(list: readonly string[]): Map<string, Scheme> {
  const schemes = new KeptMap<string, Scheme>();
  for (const one of list) {
    const at = indexOf(one, '=');
    if (at < 0) mapSet(schemes, one, { isList: false, first: '' });
    else mapSet(schemes, slice(one, 0, at), { isList: true, first: slice(one, at + 1) });
  }
  return schemes;
}

export function setOf(list: readonly string[]): Map<string, true> {
  const set = new KeptMap<string, true>();
  for (const one of list) mapSet(set, one, true);
  return set;
}

/**
 * The secret behind its name: `password=…`, `"apiKey": "…"`, `Authorization: …`, `?token=…`, `--token …`. The separator stands at `at`, and the
 * name, with nothing but blanks, quotes and brackets behind it, before it.
 */
export function assignedAt(searched: SecretText, at: number, separatorChars: number, how: Assignments): Found | undefined {
  const { text, nameEnd } = searched;
  if (at < searched.valueTo || at - nameEnd > maxBetween) return undefined;
  const rule = ruleOf(searched, how.nameRule);
  if (rule === undefined) return urlSecretAt(searched, at, separatorChars, how);
  const value = valueAt(searched, at + separatorChars, mapHas(how.wholeLines, rule));
  const { start, end, isQuoted } = value;
  searched.valueTo = end;
  if (end <= start) return undefined;
  if (!searched.mayGoOn(end)) {
    if (mapHas(how.codes, rule) && (end - start > maxCodeChars || !hasDigit(text, start, end))) return undefined;
    if (end - start < maxJudged && isHarmless(searched, at, value, rule, how)) return undefined;
  }
  const isBare = !isQuoted && charCode(text, at) === 58 && charCode(text, nameEnd) === 34;
  return { start, end, rule, rank: 4, isBare };
}

/** A signature or code in the query of a URL: its name says little elsewhere. */
function urlSecretAt(searched: SecretText, at: number, separatorChars: number, { urlNames }: Assignments): Found | undefined {
  const { text, to, nameStart, nameEnd } = searched;
  const isEscaped = separatorChars === 3;
  if (at !== nameEnd || (!isEscaped && charCode(text, at) !== 61)) return undefined;
  if (!isIn(text, nameStart - 1, queryMarks) && !(isEscaped && charCode(text, nameStart - 3) === 37)) return undefined;
  if (!mapHas(urlNames, lowerCase(slice(text, nameStart, nameEnd)))) return undefined;
  const start = at + separatorChars;
  let end = start;
  while (end < to && !isIn(text, end, queryStops) && !startsWith(text, '%26', end)) end += 1;
  if (!searched.mayGoOn(end) && (end - start < minUrlSecretChars || endOf(text, start, parameterName, end) === end))
    return undefined;
  searched.valueTo = end;
  return { start, end, rule: 'url-secret', rank: 6 };
}

/** Also of two words, `API key: …`, when neither of them says it alone. */
function ruleOf({ text, nameStart, nameEnd, firstStart }: SecretText, nameRule: NameRule): string | undefined {
  const from = nameEnd - nameStart > maxNameChars ? nameEnd - maxNameChars : nameStart;
  const rule = nameRule(slice(text, from, nameEnd), true);
  if (rule !== undefined || firstStart < 0 || nameEnd - firstStart > maxNameChars) return rule;
  return nameRule(slice(text, firstStart, nameStart - 1), true) === undefined
    ? nameRule(slice(text, firstStart, nameEnd), true)
    : undefined;
}

interface Value {
  start: number;
  end: number;
  isQuoted: boolean;
}

function valueAt(searched: SecretText, from: number, isLine: boolean): Value {
  const { text, to } = searched;
  let start = endOf(text, from, lead, to < from + maxBetween ? to : from + maxBetween);
  let escapes = 0;
  while (charCode(text, start + escapes) === 92) escapes += 1;
  if (isIn(text, start + escapes, quotes)) return quotedAt(text, start + escapes, escapes, to);
  if (startsWith(text, '%22', start)) start += 3;
  if (isLine) return { start, end: lineEnd(searched, start), isQuoted: false };
  let end = start;
  while (end < to && !isIn(text, end, valueStops)) end += 1;
  if (end < to) while (end > start && isIn(text, end - 1, trailing)) end -= 1;
  return { start, end, isQuoted: false };
}

/** Up to the end of the line, or a quote that does not begin the value of a parameter, as in `Token token="…"`. */
function lineEnd(searched: SecretText, start: number): number {
  const { text, to } = searched;
  if (searched.lineTo < start) {
    searched.lineTo = start;
    while (searched.lineTo < to && !isIn(text, searched.lineTo, lineEnds)) searched.lineTo += 1;
  }
  const limit = searched.lineTo;
  let end = start;
  while (end < limit) {
    if (!isIn(text, end, quotes)) {
      end += 1;
      continue;
    }
    let escapes = 0;
    while (charCode(text, end - 1 - escapes) === 92) escapes += 1;
    if (!isParameter(text, start, end - 1 - escapes)) return end;
    const { end: closing } = quotedAt(text, end, escapes, limit);
    end = closing + escapes + 1 < limit ? closing + escapes + 1 : limit;
  }
  return limit;
}

/** Whether the `=` that stands there ends the name of a parameter rather than base64: in small letters, a capital at most in front. */
function isParameter(text: string, from: number, separator: number): boolean {
  if (charCode(text, separator) !== 61) return false;
  let start = separator;
  while (start > from && isIn(text, start - 1, parameterName)) start -= 1;
  if (start > from && isIn(text, start - 1, capitals)) start -= 1;
  return separator - start > 1 && (start === from || isIn(text, start - 1, beforeName));
}

/** Up to the closing quote with as many escapes before it as the opening one had; a missing one hides the rest. */
export function quotedAt(text: string, opening: number, escapes: number, to: number): Value {
  const quote = charCode(text, opening);
  const start = opening + 1;
  let slashes = 0;
  for (let at = start; at < to; at += 1) {
    const code = charCode(text, at);
    if (code === 92) {
      slashes += 1;
      continue;
    }
    if (code === quote && slashes <= escapes && (escapes > 0 || slashes % 2 === 0))
      return { start, end: at - slashes, isQuoted: true };
    slashes = 0;
  }
  return { start, end: to, isQuoted: true };
}

/** Whether the text behind the name only talks about it: prose, a type, a placeholder, code that reads it. */
function isHarmless(
  { text, nameEnd }: SecretText,
  separator: number,
  { start, end, isQuoted }: Value,
  rule: string,
  { schemes, harmless, roots, wholeLines, instructions }: Assignments,
): boolean {
  const value = slice(text, start, end);
  const path = endOf(value, 0, word, value.length);
  const first = lowerCase(slice(value, 0, path));
  const isSpaced = charCode(value, path) === 32 && mapHas(wholeLines, rule);
  const isList = isSpaced && hasParameter(value, path + 1);
  const isScheme = isList || (isSpaced && mapHas(schemes, first));
  if (isPlaceholder(isScheme ? slice(value, path + 1) : value, instructions)) return true;
  // In JSON, and in `name=value` without blanks, a value is a value; elsewhere what has no digit is more often prose or code.
  const isJson = isQuoted && charCode(text, nameEnd) === charCode(text, start - 1);
  const isTight =
    !isQuoted &&
    !mapHas(wholeLines, rule) &&
    separator === nameEnd &&
    start === separator + 1 &&
    charCode(text, separator) === 61;
  if (!isJson && !isTight && !isList && (!hasDigit(value, 0, value.length) || stringIncludes(value, '('))) return true;
  if (isQuoted) return !isJson && stringIncludes(value, ' ') && !isScheme;
  if (startsWith(text, '==', separator) || isIn(text, start + (charCode(text, start) === 36 ? 1 : 0), brackets)) return true;
  if ((path === value.length || (isSpaced && !isScheme)) && mapHas(harmless, first)) return true;
  if (
    rule === 'token' &&
    (value.length === 1 || (value.length <= maxCountChars && endOf(value, 0, digits, path) === value.length))
  )
    return true;
  if (charCode(value, path) === 40) return isIn(value, 0, words);
  return charCode(value, path) === 46 && mapHas(roots, slice(value, 0, path));
}

/** Whether `name=` begins there, as behind a scheme: `Token token="…"`. */
function hasParameter(value: string, from: number): boolean {
  const end = endOf(value, from, url64, value.length);
  return end > from && charCode(value, end) === 61;
}
