import { eachOccurrence, endOf, sets } from './characters.ts';
import type { Detector, Finding } from './detector.ts';
import { isPlaceholder } from './placeholder.ts';
import { Shape } from './traits.ts';

/** Longest user and password together; RFC 3986 has no bound, drivers take less. */
const maxUserInfoChars = 512;
/** A user name before the `@` is shorter than this, a token longer. */
const minLoneTokenChars = 16;
const stop = new Set(['/', '?', '#', ' ', '\n', '\t', '"', "'", '<', '>', '`', '\\', ',']);

/** The password in `scheme://user:password@host`, and a token that stands alone before the `@`. */
export const urlPasswords: Detector = {
  name: 'url-passwords',
  kind: 'secret',
  couldHold: ({ colon, at, shapes, cut }) => colon && (at || (cut && (shapes & Shape.scheme) !== 0)),
  find(text, { cut }) {
    const findings: Finding[] = [];
    let after = 0;
    eachOccurrence(text, '://', (found) => {
      const start = found + 3;
      if (start < after) return;
      const limit = Math.min(text.length, start + maxUserInfoChars);
      let colon = -1;
      let at = -1;
      let end = start;
      for (; end < limit; end++) {
        const character = text[end] as string;
        // A password may hold an unescaped slash or comma; what stands before the last @ of the word is never the host.
        if (stop.has(character) && !isInPassword(text, colon, end, limit)) break;
        if (character === ':' && colon < 0) colon = end;
        if (character === '@') at = end;
      }
      after = end;
      if (at >= 0 && colon >= 0 && colon < at) {
        if (at > colon + 1 && !isPlaceholder(text.slice(colon + 1, at)))
          findings.push({ start: colon + 1, end: at, rule: 'url-password' });
      } else if (at - start >= minLoneTokenChars && /\d/.test(text.slice(start, at))) {
        findings.push({ start, end: at, rule: 'url-password' });
      } else if (cut && end === text.length && at < 0 && colon >= 0 && endOf(text, colon + 1, sets.digit, 5) < end) {
        findings.push({ start: colon + 1, end, rule: 'url-password' });
      }
    });
    return [...findings, ...drivers.flatMap((driver) => findForDriver(text, driver))];
  },
};

/** Connection strings of drivers that are no URLs: Oracle's thin driver, Go's MySQL. The password is the group. */
const drivers: readonly { literal: string; pattern: RegExp }[] = [
  { literal: 'jdbc:oracle:', pattern: /jdbc:oracle:[a-z\d]{3,8}:[^\s/@:]{1,64}\/("[^"\s]{1,128}"|[^\s@"]{1,128})@/dg },
  { literal: '@tcp(', pattern: /(?<![\w.-])[\w.-]{1,64}:([^\s@/"']{1,128})@tcp\(/dg },
];

function findForDriver(text: string, { literal, pattern }: { literal: string; pattern: RegExp }): Finding[] {
  if (!text.includes(literal)) return [];
  return [...text.matchAll(pattern)].flatMap(({ indices }) => {
    const [start, end] = indices?.[1] ?? [0, 0];
    return isPlaceholder(text.slice(start, end)) ? [] : [{ start, end, rule: 'url-password' }];
  });
}

/** Whether this separator, after a colon that starts no port, is followed by an `@host` in the same word. */
function isInPassword(text: string, colon: number, at: number, limit: number): boolean {
  if (colon < 0 || endOf(text, colon + 1, sets.digit, 6) === at) return false;
  if (text[at] !== '/' && text[at] !== '#' && text[at] !== '?') return false;
  for (let next = at + 1; next < Math.min(limit, at + 32); next++) {
    const character = text[next] as string;
    if (character === '@') return endOf(text, next + 1, sets.alnum, 1) > next + 1;
    if (stop.has(character) || character === '=' || character === '&') return false;
  }
  return false;
}
