import { characterSet, digits, endOf, isIn, url64, word } from './characters.ts';
import { charCode, fromCharCode, indexOf, slice, startsWith, stringIncludes } from './kept.ts';
import { hasDigit } from './placeholder.ts';
import { type Found, runsOf, type SecretText } from './secret-text.ts';

/** Longest label between the dashes of PEM, `ENCRYPTED PRIVATE KEY` with room. */
const maxLabelChars = 40;
/** A header of a JWT names its algorithm early. */
const maxHeaderChars = 256;
const minOpenHeaderChars = 8;
const maxUserInfoChars = 512;
/** A user name before the `@` is shorter than this, a token longer. */
const minLoneTokenChars = 16;
const minCredentialChars = 8;

const url64Runs = runsOf(url64);
const credentialRuns = runsOf(characterSet('0-9A-Za-z_+/.-'));
const lowerOrDash = characterSet('a-z-');
const letters = characterSet('A-Za-z');

/** A private key in PEM or PGP armour; one without its end is hidden up to the end of the text. */
export function privateKeyAt({ text, to }: SecretText, start: number): Found | undefined {
  if (!stringIncludes(slice(text, start, start + 11 + maxLabelChars), 'PRIVATE KEY')) return undefined;
  const searched = slice(text, start, to);
  const close = indexOf(searched, '-----END ');
  const dashes = close < 0 ? -1 : indexOf(searched, '-----', close + 9);
  return { start, end: dashes < 0 ? to : start + dashes + 5, rule: 'private-key', rank: 0 };
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
export function authorizationAt(searched: SecretText, at: number): Found | undefined {
  const { text } = searched;
  let start = at;
  if (startsWith(text, '%20', at)) start += 3;
  else while (start < at + 4 && (charCode(text, start) === 32 || charCode(text, start) === 43)) start += 1;
  let end = searched.endOf(start, credentialRuns);
  if (end <= start || start === at) return undefined;
  if (!searched.mayGoOn(end)) {
    if (charCode(text, end - 1) === 46) end -= 1;
    while (charCode(text, end) === 61 || charCode(text, end) === 126) end += 1;
    if (end - start < minCredentialChars || isPlainWord(text, start, end)) return undefined;
  }
  return { start, end, rule: 'authorization', rank: 5 };
}

function isPlainWord(text: string, start: number, end: number): boolean {
  if (end - start >= 20) return false;
  const from = isIn(text, start, letters) ? start + 1 : start;
  return endOf(text, from, lowerOrDash, end) === end;
}
