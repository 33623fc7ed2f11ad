import { isHarmlessValue, valueEnd } from './assigned-value.ts';
import { isIn, sets, startOf } from './characters.ts';
import type { Detector, Finding, Scanning } from './detector.ts';

/** Longest name before a separator, in characters; what is longer is judged by its end. */
const maxNameChars = 64;

/**
 * Secrets and personal data behind their name in text: `password=…`, `"apiKey": "…"`, `Authorization: …`,
 * `--token …`, `password is …`, query strings, headers, .env lines, JSON that was cut.
 */
export const assignments: Detector = {
  name: 'assignments',
  kind: 'secret',
  couldHold: ({ colon, equals, percent, spaces }) => colon || equals || percent || spaces > 0,
  find(text, scanning) {
    const findings: Finding[] = [];
    let after = 0;
    for (let at = 0; at < text.length; at++) {
      const separator = separatorAt(text, at);
      if (separator === 0 || at < after) continue;
      const rule = ruleBefore(text, at, scanning);
      if (rule === undefined) continue;
      const value = valueEnd(text, at + separator, rule);
      after = value.end;
      const open = scanning.cut && value.end === text.length;
      if (value.end === value.start || isHarmlessValue(text, at, value, rule, open)) continue;
      findings.push({ start: value.start, end: value.end, rule });
    }
    return findings;
  },
};

/** Length of the separator between a name and its value here, or 0. */
function separatorAt(text: string, at: number): number {
  switch (text.charCodeAt(at)) {
    case 58: // ':'
      return text.startsWith('://', at) ? 0 : 1;
    case 61: // '='
      return text[at + 1] === '>' ? 2 : 1;
    case 32: // ' '
      if (text.startsWith(' is ', at)) return 4;
      if (text.startsWith(' was ', at)) return 5;
      return isFlag(text, at) && text[at + 1] !== '-' ? 1 : 0;
    case 37: // '%3D' and '%3A'
      return text.startsWith('%3D', at) || text.startsWith('%3A', at) || text.startsWith('%3d', at) ? 3 : 0;
    default:
      return 0;
  }
}

/** Whether a command line flag `--name` ends here. */
function isFlag(text: string, at: number): boolean {
  const start = startOf(text, at, sets.url64, maxNameChars);
  return text.startsWith('--', start) && at - start > 2 && (start === 0 || text[start - 1] === ' ');
}

function ruleBefore(text: string, separator: number, { nameRule, phraseRule }: Scanning): string | undefined {
  const end = skipBack(text, separator);
  // Only the last part of a path or file name: `password.ts:45:12` is a place, not a password.
  const start = startOf(text, end, sets.url64, maxNameChars);
  if (start === end) return undefined;
  const name = text.slice(start, end);
  const rule = nameRule(name);
  if (rule !== undefined) return rule;
  // "API key: …" is two words; a third one ("card security code") only joins when the first two say nothing.
  if (text[start - 1] !== ' ') return undefined;
  const second = startOf(text, start - 1, sets.word, maxNameChars);
  if (second === start - 1) return undefined;
  const two = phraseRule(text.slice(second, end));
  if (two !== undefined || text[second - 1] !== ' ') return two;
  const third = startOf(text, second - 1, sets.word, maxNameChars);
  return third === second - 1 || phraseRule(text.slice(third, start - 1)) !== undefined
    ? undefined
    : phraseRule(text.slice(third, end));
}

/** Back over what may stand between a name and its separator: blanks, quotes, escapes, a bracket of `["name"]`. */
function skipBack(text: string, separator: number): number {
  let end = separator;
  const limit = Math.max(0, separator - 8);
  while (end > limit && !isIn(text, end - 1, sets.word)) {
    if (!' "\'`\\]?!:=\t'.includes(text[end - 1] as string)) break;
    end--;
  }
  return text.startsWith('%22', end - 3) || text.startsWith('%5D', end - 3) ? end - 3 : end;
}
