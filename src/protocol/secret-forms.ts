import { quotedAt, type Scheme } from './assigned-secrets.ts';
import { characterSet, digits, endOf, isIn, url64, word } from './characters.ts';
import type { Found } from './found.ts';
import { charCode, fromCharCode, indexOf, slice, startsWith, stringIncludes } from './kept.ts';
import { hasDigit } from './placeholder.ts';
import { runsOf, type SecretText } from './secret-text.ts';

/** Longest label between the dashes of PEM, `ENCRYPTED PRIVATE KEY` with room. */
const maxLabelChars = 40;
/** A header of a JWT names its algorithm early. */
const maxHeaderChars = 256;
const minOpenHeaderChars = 8;
const maxUserInfoChars = 512;
/** A user name before the `@` is shorter than this, a token longer. */
const minLoneTokenChars = 16;
const minCredentialChars = 8;

const puttyLines = 'Private-Lines:';
const checksums = characterSet(' 0-9A-Fa-f');
const maxParameters = 24;
const maxParameterNameChars = 64;
const maxBlanks = 2;
const commas = characterSet(',;');
const blanks = characterSet(' \t');
/** What an unquoted parameter has: everything but blanks, commas and quotes. */
const plainValue = characterSet('!#-+--~');

const url64Runs = runsOf(url64);
const credentialRuns = runsOf(characterSet('0-9A-Za-z_+/.-'));
const lowerOrDash = characterSet('a-z-');
const letters = characterSet('A-Za-z');

/** A private key in PEM or PGP armour; one without its end is hidden up to the end of the text. */
export function privateKeyAt({ text, to }: SecretText, start: number): Found | undefined {
  const label = slice(text, start, start + 11 + maxLabelChars);
  if (!stringIncludes(label, 'PRIVATE KEY') && !stringIncludes(label, 'PRIVATE%20KEY') && !stringIncludes(label, 'PRIVATE+KEY'))
    return undefined;
  const searched = slice(text, start, to);
  const close = indexOf(searched, '-----END');
  const dashes = close < 0 ? -1 : indexOf(searched, '-----', close + 8);
  return { start, end: dashes < 0 ? to : start + dashes + 5, rule: 'private-key', rank: 0 };
}

/** The private lines of a key as PuTTY writes it, up to its checksum; without that up to the end of the text. */
export function puttyKeyAt({ text, to }: SecretText, start: number): Found | undefined {
  const count = start + puttyLines.length;
  const from = charCode(text, count) === 32 ? count + 1 : count;
  if (!isIn(text, from, digits)) return undefined;
  const searched = slice(text, start, to);
  const checksum = indexOf(searched, 'Private-MAC:');
  const end = checksum < 0 ? to : endOf(text, start + checksum + 12, checksums, to);
  return { start, end, rule: 'private-key', rank: 0 };
}

/** A JSON Web Token: its first part decodes to JSON that names an algorithm or type (RFC 7519, section 5). */
export function jwtAt(searched: SecretText, start: number): Found | undefined {
  const { text, to } = searched;
  if (isIn(text, start - 1, word)) return undefined;
  let end = searched.endOf(start, url64Runs);
  const isOpen = searched.mayGoOn(end) && end - start >= minOpenHeaderChars;
  if (!isOpen && (charCode(text, end) !== 46 || !isHeader(text, start, end))) return undefined;
  for (let part = 0; part < 4 && end < to && charCode(text, end) === 46; part += 1) end = endOf(text, end + 1, url64, to);
  return { start, end, rule: 'jwt', rank: 1 };
}

function isHeader(text: string, from: number, to: number): boolean {
  let decoded = '';
  let bits = 0;
  let held = 0;
  for (let at = from; at < to && at < from + maxHeaderChars; at += 1) {
    const code = charCode(text, at);
    const six = code >= 97 ? code - 71 : code >= 65 && code <= 90 ? code - 65 : code === 45 ? 62 : code === 95 ? 63 : code + 4;
    held = ((held << 6) | six) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    decoded += fromCharCode((held >> bits) & 255);
  }
  return stringIncludes(decoded, '"alg"') || stringIncludes(decoded, '"typ"');
}

/** The password in `scheme://user:password@host`, and a token that stands alone before the `@`; `at` is the `:`. */
export function urlPasswordAt(searched: SecretText, at: number): Found | undefined {
  const { text, to } = searched;
  const from = at + 3;
  if (from < searched.urlTo) return undefined;
  const limit = to < from + maxUserInfoChars ? to : from + maxUserInfoChars;
  let colon = -1;
  let host = -1;
  let end = from;
  for (; end < limit; end += 1) {
    const code = charCode(text, end);
    if (code <= 32 || isIn(text, end, urlStops)) break;
    if (code === 58 && colon < 0) colon = end;
    else if (code === 64) host = end;
  }
  searched.urlTo = end;
  const start = colon >= 0 ? colon + 1 : from;
  const found = { start, rule: 'url-password', rank: 3 };
  if (host >= start) {
    const isSecret = colon >= 0 ? host > start : host - start >= minLoneTokenChars && hasDigit(text, start, host);
    return isSecret ? { ...found, end: host } : undefined;
  }
  const isOpen = searched.mayGoOn(end) && host < 0 && colon >= 0;
  return isOpen && endOf(text, start, digits, start + 5) < end ? { ...found, end } : undefined;
}

const urlStops = characterSet('/?#"\'<>`\\,');

/** The credential behind a scheme such as `Bearer`, which ends before `at`; `bearer token` and other plain words are none. */
export function authorizationAt(searched: SecretText, at: number, { isList, first }: Scheme): Found | undefined {
  const { text, to } = searched;
  let start = at;
  if (startsWith(text, '%20', at)) start += 3;
  else while (start < at + 4 && (charCode(text, start) === 32 || charCode(text, start) === 43)) start += 1;
  if (start === at) return undefined;
  const found = { start, rule: 'authorization', rank: 5 };
  if (isList) {
    if (start < searched.listTo || !startsWith(text, first, start)) return undefined;
    if (first !== '' && charCode(text, start + first.length) !== 61) return undefined;
    const end = endOfParameters(text, start, to);
    searched.listTo = end;
    return end > start ? { ...found, end } : undefined;
  }
  let end = searched.endOf(start, credentialRuns);
  if (end <= start) return undefined;
  if (!searched.mayGoOn(end)) {
    if (charCode(text, end - 1) === 46) end -= 1;
    while (charCode(text, end) === 61 || charCode(text, end) === 126) end += 1;
    if (end - start < minCredentialChars || isPlainWord(text, start, end)) return undefined;
  }
  return { ...found, end };
}

/** Behind `username="ada", response=5f2b`; `start` when there is no parameter. */
function endOfParameters(text: string, start: number, to: number): number {
  let end = start;
  for (let count = 0; count < maxParameters; count += 1) {
    let at = isIn(text, end, commas) ? end + 1 : end;
    if (count > 0) at = endOf(text, at, blanks, to < at + maxBlanks ? to : at + maxBlanks);
    const separator = endOf(text, at, url64, to < at + maxParameterNameChars ? to : at + maxParameterNameChars);
    if (separator === at || separator === to || charCode(text, separator) !== 61) return end;
    let from = separator + 1;
    let escapes = 0;
    while (charCode(text, from + escapes) === 92) escapes += 1;
    from += escapes;
    const value =
      charCode(text, from) === 34 ? quotedAt(text, from, escapes, to).end + escapes + 1 : endOf(text, from, plainValue, to);
    if (value === from) return end;
    end = value < to ? value : to;
  }
  return end;
}

function isPlainWord(text: string, start: number, end: number): boolean {
  if (end - start >= 20) return false;
  const from = isIn(text, start, letters) ? start + 1 : start;
  return endOf(text, from, lowerOrDash, end) === end;
}
