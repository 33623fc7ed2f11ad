import { announcing } from './announcing.ts';
import { eachOccurrence, isIn, sets } from './characters.ts';
import type { Detector, Finding } from './detector.ts';
import { nameIn } from './redact-pii.ts';
import { findStreets } from './streets.ts';
import { Shape } from './traits.ts';

/** Prose is short; what is longer is a document or data, where names in sentences are not worth their false alarms. */
const maxProseChars = 2_000;
/** Windows of one text handed to redact-pii. */
const maxWindows = 40;
const maxNameChars = 80;

/** Signs of code and data. */
const code = /[{}<>=\\|]|\(\)|;\s*$|:\/\//;
/** What mails put before the lines that they quote. */
const quoting = /^(?:>+|\?\?\?)(?: |(?=\w))/gm;
/** A run of one to five capitalised words, initials among them. */
const nameRun = /(?<![\w.@/-])\p{Lu}(?:\p{Ll}[\p{L}'’-]{0,24}\.?|\.)(?: \p{Lu}(?:[\p{Ll}'’][\p{L}'’-]{0,24}|\.)){0,4}(?![\w@])/gu;
const addressee = /^(?:[>?\s]|Billing address: )*(\p{Lu}[\p{L}'’-]+(?: \p{Lu}(?:\.|[\p{L}'’-]*)){1,3})\n/u;
const nameList =
  /(?<![\w.@/-])\p{Lu}\p{Ll}[\p{L}'’-]{0,24}(?:, \p{Lu}\p{Ll}[\p{L}'’-]{0,24}){1,20},? and \p{Lu}\p{Ll}[\p{L}'’-]{0,24}(?![\w@]| \p{Lu})/gu;
/** Titles and greetings: what follows is a person, known to redact-pii or not. */
const title = 'dear|mr\\.?|mrs\\.?|ms\\.?|miss|dr\\.?|prof\\.?|herr|frau|monsieur|madame';
/** What follows is very likely a person: one known word is enough. */
const strong =
  'hi|hello|hey|customer|user|patient|client|employee|member|guest|passenger|driver|name|named|called|contact|attn|attention|regards|sincerely|thanks|' +
  'signed|recipient|sender|holder|author|owner|manager|meet|ask|tell|told|spoke with|met|i am|i.m|says|' +
  'producer|director|singer|player|actor|colleague|friend|partner|brother|sister|husband|wife|kid|son|daughter|mother|father|boss|my name is|this is';
/** What follows may be a person: one known word of two is enough. */
const weak = 'by|from|for|to|with|and|of|is|am|call';
const introducing = announcing(`${title}|${strong}`);
const acting = announcing('lives?|said|says|told|wrote|asked|wife|husband|mother|father|son|daughter|address|phone|email');
const titled = new RegExp(`(?:^|[\\s,.!(])(?:${title}) $`, 'i');
const introduced = new RegExp(`(?:^|[\\s,.;:("'])(?:${strong})[ ,:.]{1,3}$`, 'i');
const mentioned = new RegExp(`(?:^|[\\s,.;:("'])(?:${weak}) $`, 'i');
const leading = new RegExp(`^(?:${title}|${strong}|${weak}|payment|order|refund|invoice) `, 'i');
const acts =
  /^(?:'s)? (?:was|has|had|lives|works|called|wrote|said|says|asked|paid|ordered|bought|signed|logged|requested|reported|joined|left|will|would)\b/;
/** What only people do. */
const livingActs =
  /^(?: lives? (?:at|on|in)\b|,? (?:said|says|told|wrote|asked)\b|'s (?:wife|husband|mother|father|son|daughter|address|phone|email)\b)/;
/** Capitalised words that follow a greeting and are nobody's name. */
const nobody =
  /^(?:Sir|Madam|Customer|User|Team|All|World|There|Everyone|Everybody|Colleagues?|Friends?|Support|Guest|Admin|Member|Client|Folks|Partner|Hiring)\b/;
/** What firms end with. */
const firm =
  / (?:Inc|Ltd|LLC|GmbH|AG|Corp|Corporation|Company|Group|Partners|Orchestra|Code|Street|Road|University|Cluster|Server|Service)\.?$/;
/** Places made of words that are names, too. */
const place =
  /^(?:San|Santa|Los|Las|New|North|South|East|West|Saint|St|Port|Fort|Mount|Lake|United|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b/;

/**
 * Names and street addresses in short sentences: candidates are picked here by their form and surroundings, redact-pii's
 * lists decide about each. Without a language model this finds about a third of the names and two thirds of the streets; fields are hidden by name instead.
 */
export const prose: Detector = {
  name: 'prose',
  kind: 'personal',
  couldHold: ({ spaces, breaks, capitals, digits, shapes, announced, equals, braces, backslash, pipe }) =>
    (spaces >= 2 || breaks) &&
    !(equals || braces || backslash || pipe) &&
    (digits > 0 || (capitals > 0 && couldName(shapes, announced))),
  find(text) {
    if (!isProse(text)) return [];
    const streets = /\d/.test(text) ? findStreets(text) : [];
    return [...streets, ...findNames(text), ...findLists(text), ...(streets.length > 0 ? findAddressee(text) : [])];
  },
};

/** Whether a name could be in a text without digits. */
const couldName = (shapes: number, announced: number): boolean =>
  (announced & acting) !== 0 ||
  ((shapes & Shape.capitalWord) !== 0 && ((shapes & Shape.capitalPair) !== 0 || (announced & introducing) !== 0));

/** Whether this is a sentence for people: some words, mostly letters, no signs of code or data. */
export function isProse(text: string): boolean {
  if (text.length < 12 || text.length > maxProseChars || code.test(text.replace(quoting, ''))) return false;
  let letters = 0;
  let spaces = 0;
  for (let at = 0; at < text.length; at++) {
    if (isIn(text, at, sets.space)) spaces++;
    else if (isIn(text, at, sets.letter) || text.charCodeAt(at) >= 0xc0) letters++;
  }
  return spaces >= 2 && (letters + spaces) / text.length >= 0.7 && spaces / text.length <= 0.4;
}

function findNames(text: string): Finding[] {
  const findings: Finding[] = [];
  let windows = 0;
  for (const match of text.matchAll(nameRun)) {
    let run = match[0];
    for (let first = leading.exec(run); first !== null; first = leading.exec(run)) run = run.slice(first[0].length);
    const start = match.index + match[0].length - run.length;
    const end = start + run.length;
    if (windows >= maxWindows || run.length > maxNameChars || nobody.test(run) || firm.test(run)) continue;
    windows++;
    const before = text.slice(Math.max(0, start - 24), start);
    if (isName(run, before, text.slice(end, end + 16))) findings.push({ start, end, rule: 'person-name' });
  }
  return findings;
}

/** Who stands alone in the first line above an address, wherever the text says the name again. */
function findAddressee(text: string): Finding[] {
  const findings: Finding[] = [];
  const name = addressee.exec(text)?.[1];
  if (name !== undefined)
    eachOccurrence(text, name, (start) => findings.push({ start, end: start + name.length, rule: 'person-name' }));
  return findings;
}

/** Three first names and more in a row, of which redact-pii knows half. */
function findLists(text: string): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(nameList)) {
    const names = [...match[0].matchAll(/\p{Lu}[\p{L}'’-]+/gu)];
    const known = names.slice(0, maxWindows).filter(([name]) => nameIn(name) !== undefined).length;
    if (known < 2 || known * 2 < names.length) continue;
    for (const [name, at] of names.map((found) => [found[0], match.index + found.index] as const))
      findings.push({ start: at, end: at + name.length, rule: 'person-name' });
  }
  return findings;
}

/** Weighs what redact-pii knows of the run against what stands around it. */
function isName(run: string, before: string, behind: string): boolean {
  if (/\bname is $/i.test(before)) return true;
  if (titled.test(before)) return nameIn(`Dear ${run},`) !== undefined;
  const isIntroduced = introduced.test(before);
  if (livingActs.test(behind)) return nameIn(run) !== undefined || (run.includes(' ') && behind.startsWith(' live'));
  const isNamed = isIntroduced || mentioned.test(before) || acts.test(behind);
  if (!isIntroduced && (!run.includes(' ') || place.test(run))) return false;
  const known = nameIn(run);
  return known !== undefined && (isNamed || known.end - known.start >= run.length - 2);
}
