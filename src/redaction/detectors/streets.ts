import type { Finding } from './detector.ts';
import { maxWindowChars, streetIn } from './redact-pii.ts';

/** Windows of one text handed to redact-pii. */
const maxWindows = 40;
/** A house number followed by words, or a post office box. */
const numbered = /(?<![\w.,:/-])\d{1,5}[A-Za-z]? (?=[A-Z0-9])|\bP\.? ?O\.? ?Box \d/g;

const word = "[\\p{L}][\\p{L}.'’-]{0,30}";
const house = '\\d{1,5}[A-Za-z]?\\b\\.?';
/** Words that streets begin or end with where the house number follows the name. */
const first = 'rue|rua|rúa|avenida|avenue|calle|via|viale|piazza|plaza|ulica|ul\\.|av\\.|c/';
const last = 'stra(?:ß|ss)e|str\\.|straat|laan|gatan|vägen|vej|gade|katu|kuja|veien|tänav|utca|út|u\\.|tér';
/** The part of a house: with a number and a name before it, this is an address in any country. */
const flat = '(?:apt|suite|flat)\\.? \\d{1,5}';
const written = new RegExp(
  [
    `(?<![\\w.,:/-])\\d{1,6}(?: ${word}| \\d{1,5}){1,6}[\\s>?]{1,8}${flat}`,
    `(?<![\\p{L}\\d])(?:\\d{1,6} ){0,2}(?:${first}) ?(?:${word} ){1,5}${house}`,
    `(?<![\\p{L}\\d])(?:\\d{1,6} )?(?:\\p{L}{2,24} ){0,2}\\p{L}{0,24}(?:${last}) ${house}`,
    `\\b(?:PSC|Unit) \\d{1,5},? Box \\d{1,5}`,
    `(?<=\\baddress(?:es)?(?: is| to|:)? |\\blives? (?:at|on|in) |\\b(?:sent|delivered|return|moved|ship|arrived) (?:to|at) )(?:the corner of )?\\d{1,6} (?:${word} ?|\\d{1,5} ){1,6}(?:\\d{1,5}\\b)?`,
  ].join('|'),
  'giu',
);
/** What belongs to an address behind its street: part of the house, town, country and code, by commas or lines. */
const rest = new RegExp(
  `(?:[ ,]{0,2}[\\s>?]{0,8}${flat})?(?:\\s{0,2},?[ \\n>?]{1,8}(?:\\p{Lu}[\\p{L}.'’-]{1,30}(?: \\p{Lu}[\\p{L}.'’-]{1,30}){0,2}(?: \\d{4,6}\\b)?|\\d{4,6}\\b)(?=[\\s,.?]|$)){0,4}`,
  'uy',
);
const maxRestChars = 120;

/** Street addresses: in forms of several countries, and by redact-pii's pattern of American ones. */
export function findStreets(text: string): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(written)) {
    const end = match.index + match[0].trimEnd().length;
    rest.lastIndex = 0;
    const behind = rest.exec(text.slice(end, end + maxRestChars));
    findings.push({ start: match.index, end: end + (behind?.[0].length ?? 0), rule: 'street-address' });
  }
  let windows = 0;
  let after = 0;
  for (const match of text.matchAll(numbered)) {
    if (match.index < after || windows++ >= maxWindows) continue;
    const window = text.slice(match.index, match.index + maxWindowChars);
    const found = streetIn(window);
    if (found === undefined || found.start !== 0) continue;
    const end = match.index + firstStreetEnd(window, found.end);
    findings.push({ start: match.index, end, rule: 'street-address' });
    after = end;
  }
  return findings;
}

/** The end of the first address only: shortens the window until redact-pii sees nothing more behind it. */
function firstStreetEnd(window: string, end: number): number {
  const next = window.slice(1).search(numbered);
  if (next < 0 || next + 1 >= end) return end;
  return streetIn(window.slice(0, next + 1))?.end ?? end;
}
