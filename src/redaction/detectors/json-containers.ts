import { rules } from '../rules.ts';
import { eachOccurrence, isIn, sets, startOf } from './characters.ts';
import type { Detector, Finding } from './detector.ts';
import { Shape } from './traits.ts';

/** Longest name before a container, in characters. */
const maxNameChars = 64;
/** Blanks between a name, its colon and the bracket. */
const maxBlanks = 4;
/** Backslashes before a quote: four levels of JSON in JSON. */
const maxEscapes = 15;

/**
 * Lists and objects behind the name of a secret in JSON that stands among other text or was cut, so that it cannot be read as JSON:
 * `"passwords":["…`, `"credentials":{"plain":"…`. Up to their closing bracket, or the end of the text.
 */
export const jsonContainers: Detector = {
  name: 'json-containers',
  kind: 'secret',
  couldHold: ({ colon, quote, container, shapes }) => colon && quote && container && (shapes & Shape.named) !== 0,
  find(text, { nameRule }) {
    const findings: Finding[] = [];
    let after = 0;
    eachOccurrence(text, ':', (colon) => {
      if (colon < after) return;
      const start = skipBlanks(text, colon + 1, 1);
      if (text[start] !== '[' && text[start] !== '{') return;
      const quote = skipBlanks(text, colon - 1, -1);
      if (text[quote] !== '"' && text[quote] !== "'") return;
      let nameEnd = quote;
      while (text[nameEnd - 1] === '\\' && quote - nameEnd < maxEscapes) nameEnd--;
      // Only whole names: `application/at+jwt` is none.
      const nameStart = startOf(text, nameEnd, sets.url64, maxNameChars);
      if (nameStart === nameEnd || text[nameStart - 1] !== text[quote]) return;
      const rule = nameRule(text.slice(nameStart, nameEnd));
      if (rule === undefined || (Object.hasOwn(rules, rule) && rules[rule]?.kind !== 'secret')) return;
      const end = containerEnd(text, start, text.slice(nameEnd, quote + 1));
      if (hasContent(text, start, end)) findings.push({ start, end, rule });
      after = end;
    });
    return findings;
  },
};

function skipBlanks(text: string, from: number, step: 1 | -1): number {
  let at = from;
  for (let count = 0; count < maxBlanks && ' \t\r\n'.includes(text[at] ?? 'x'); count++) at += step;
  return at;
}

/** Behind the closing bracket; texts inside begin and end with the quote, which is escaped as often as that of the name. */
function containerEnd(text: string, start: number, quote: string): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '[' || character === '{') depth++;
    else if ((character === ']' || character === '}') && --depth === 0) return at + 1;
    else if (text.startsWith(quote, at)) at = stringEnd(text, at + quote.length, quote);
  }
  return text.length;
}

/** The last character of the closing quote. */
function stringEnd(text: string, from: number, quote: string): number {
  let slashes = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') {
      slashes++;
      continue;
    }
    const escapes = quote.length - 1;
    if (text[at] === quote[escapes] && slashes === escapes) return at;
    if (text[at] === quote[escapes] && escapes === 0 && slashes % 2 === 0) return at;
    slashes = 0;
  }
  return text.length;
}

const hasContent = (text: string, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) if (isIn(text, at, sets.alnum)) return true;
  return false;
};
