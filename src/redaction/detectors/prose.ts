import { isIn, sets } from './characters.ts';
import type { Detector, Finding } from './detector.ts';
import { maxWindowChars, nameIn, streetIn } from './redact-pii.ts';

/** Prose is short; what is longer is a document or data, where names in sentences are not worth their false alarms. */
const maxProseChars = 2_000;
/** Windows of one text handed to redact-pii. */
const maxWindows = 40;
const maxNameChars = 80;

/** A house number followed by words, or a post office box. */
const streetStart = /(?<![\w.,:/-])\d{1,5}[A-Za-z]? (?=[A-Z0-9])|\bP\.? ?O\.? ?Box \d/g;
/** A run of one to five capitalised words, initials among them. */
const nameRun = /(?<![\w.@/-])\p{Lu}(?:\p{Ll}[\p{L}'’-]{0,24}\.?|\.)(?: \p{Lu}(?:[\p{Ll}'’][\p{L}'’-]{0,24}|\.)){0,4}(?![\w@])/gu;
/** Titles and greetings: what follows is a person, known to redact-pii or not. */
const title = 'dear|mr\\.?|mrs\\.?|ms\\.?|miss|dr\\.?|prof\\.?|herr|frau|monsieur|madame';
/** What follows is very likely a person: one known word is enough. */
const strong =
  'hi|hello|hey|customer|user|patient|client|employee|member|guest|passenger|driver|name|named|called|contact|attn|attention|regards|sincerely|thanks|' +
  'signed|recipient|sender|holder|author|owner|manager|meet|ask|tell|told|spoke with|met|i am|my name is|this is';
/** What follows may be a person: every word must be known. */
const weak = 'by|from|for|to|with|and|of|is|am|call';
const titled = new RegExp(`(?:^|[\\s,.!(])(?:${title}) $`, 'i');
const introduced = new RegExp(`(?:^|[\\s,.;:("'])(?:${strong})[ ,:.]{1,3}$`, 'i');
const mentioned = new RegExp(`(?:^|[\\s,.;:("'])(?:${weak}) $`, 'i');
const leading = new RegExp(`^(?:${title}|${strong}|${weak}|payment|order|refund|invoice) `, 'i');
const acts =
  /^(?:'s)? (?:was|has|had|lives|works|called|wrote|said|says|asked|paid|ordered|bought|signed|logged|requested|reported|joined|left|will|would)\b/;
/** Capitalised words that follow a greeting and are nobody's name. */
const nobody =
  /^(?:Sir|Madam|Customer|User|Team|All|World|There|Everyone|Everybody|Colleagues?|Friends?|Support|Guest|Admin|Member|Client|Folks|Partner|Hiring)\b/;
/** Places made of words that are names, too. */
const place =
  /^(?:San|Santa|Los|Las|New|North|South|East|West|Saint|St|Port|Fort|Mount|Lake|United|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b/;

/**
 * Names and street addresses in short sentences: candidates are picked here by their form and surroundings, redact-pii's
 * lists decide about each. Without a language model this finds about half of them; fields are hidden by name instead.
 */
export const prose: Detector = {
  name: 'prose',
  kind: 'personal',
  couldHold: ({ spaces, capitals }) => spaces >= 2 && capitals > 0,
  find(text, { strict }) {
    if (!isProse(text)) return [];
    return [...findStreets(text), ...findNames(text, strict)];
  },
};

/** Whether this is a sentence for people: some words, mostly letters, no signs of code or data. */
export function isProse(text: string): boolean {
  if (text.length < 12 || text.length > maxProseChars || /[{}<>=\\|]|\(\)|=>|;\s*$|:\/\//.test(text)) return false;
  let letters = 0;
  let spaces = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) === 32) spaces++;
    else if (isIn(text, at, sets.letter) || text.charCodeAt(at) >= 0xc0) letters++;
  }
  return spaces >= 2 && (letters + spaces) / text.length >= 0.7 && spaces / text.length <= 0.4;
}

function findStreets(text: string): Finding[] {
  const findings: Finding[] = [];
  let windows = 0;
  let after = 0;
  for (const match of text.matchAll(streetStart)) {
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
  const next = window.slice(1).search(streetStart);
  if (next < 0 || next + 1 >= end) return end;
  return streetIn(window.slice(0, next + 1))?.end ?? end;
}

function findNames(text: string, strict: boolean): Finding[] {
  const findings: Finding[] = [];
  let windows = 0;
  for (const match of text.matchAll(nameRun)) {
    let run = match[0];
    for (let first = leading.exec(run); first !== null; first = leading.exec(run)) run = run.slice(first[0].length);
    const start = match.index + match[0].length - run.length;
    const end = start + run.length;
    if (windows >= maxWindows || run.length > maxNameChars || nobody.test(run)) continue;
    windows++;
    const before = text.slice(Math.max(0, start - 24), start);
    if (isName(run, before, text.slice(end, end + 16), strict)) findings.push({ start, end, rule: 'person-name' });
  }
  return findings;
}

/** Weighs what redact-pii knows of the run against what stands around it. */
function isName(run: string, before: string, behind: string, strict: boolean): boolean {
  if (titled.test(before)) return nameIn(`Dear ${run},`) !== undefined;
  const isIntroduced = introduced.test(before);
  if (!isIntroduced && !(run.includes(' ') && !place.test(run) && (strict || mentioned.test(before) || acts.test(behind))))
    return false;
  const known = nameIn(run);
  return known !== undefined && (isIntroduced || known.end - known.start >= run.length - 2);
}
