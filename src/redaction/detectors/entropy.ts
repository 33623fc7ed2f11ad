import { endOf, isIn, sets } from './characters.ts';
import type { Detector, Finding } from './detector.ts';
import { isBehindPublicName } from './public-names.ts';
import { Shape } from './traits.ts';

/** Shorter random text is more often an id that debugging needs than a secret. */
const minChars = 30;
const minStrictChars = 20;
/** Letters of one case and digits: ids with separators are common, long ones without are rare. */
const minOneCaseChars = 32;
/** At the end of a cut text: the beginning of something longer. */
const minCutChars = 12;
/** Bits a character; random base62 of 30 characters has about 4.6, English words joined about 3.5. */
const minBits = 3.9;
const minCutBits = 3.2;
/** Longer runs are measured by their beginning; a whole run is hidden or none of it. */
const maxMeasuredChars = 512;

/**
 * Text that looks random: lower, upper and digits mixed, many different characters, and few stretches that read like
 * words. Hexadecimal text (commits, checksums, UUIDs) is left alone, because debugging lives on it.
 */
export const entropy: Detector = {
  name: 'entropy',
  kind: 'secret',
  couldHold: ({ shapes }) => (shapes & Shape.random) !== 0,
  find(text, { cut, strict }) {
    const findings: Finding[] = [];
    for (let at = 0; at < text.length; at++) {
      if (!isIn(text, at, sets.base64)) continue;
      const end = endOf(text, at, sets.base64, text.length);
      const open = cut && end === text.length;
      const min = open ? minCutChars : strict ? minStrictChars : minChars;
      if (
        end - at >= min &&
        isRandom(text.slice(at, Math.min(end, at + maxMeasuredChars)), open ? minCutBits : minBits) &&
        !isPublic(text, at, end)
      ) {
        findings.push({
          start: at,
          end: text[end] === '=' ? (text[end + 1] === '=' ? end + 2 : end + 1) : end,
          rule: 'high-entropy',
        });
      }
      at = end;
    }
    return findings;
  },
};

function isRandom(run: string, bits: number): boolean {
  if (!/[a-z]/i.test(run) || !/\d/.test(run)) return false;
  const oneCase = !/[a-z]/.test(run) || !/[A-Z]/.test(run);
  if (oneCase && (run.length < minOneCaseChars || /^[0-9a-f]+$/i.test(run) || !/^[0-9a-z]+$/i.test(run))) return false;
  return bitsPerCharacter(run) >= bits && wordShare(run) < 0.5 && !isAlphabet(run) && !isSentence(run);
}

function bitsPerCharacter(run: string): number {
  const counts = new Map<string, number>();
  for (const character of run) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / run.length) * Math.log2(count / run.length);
  return bits;
}

/** Base64 of a sentence: looks random, is readable; what is secret in it was searched for by itself. */
function isSentence(run: string): boolean {
  return (
    /^[A-Za-z,;:.!?'" -]+$/.test(Buffer.from(run, 'base64').toString('latin1').trimEnd()) &&
    / .+ /.test(Buffer.from(run, 'base64').toString('latin1'))
  );
}

/** `ABC…xyz0123456789`: most characters are the next one after their neighbour. */
function isAlphabet(run: string): boolean {
  let steps = 0;
  for (let at = 1; at < run.length; at++) if (run.charCodeAt(at) - run.charCodeAt(at - 1) === 1) steps++;
  return steps * 2 > run.length;
}

/** Share of the letters that stand in stretches of four and more which read like words: one case, with vowels. */
function wordShare(run: string): number {
  let letters = 0;
  let inWords = 0;
  for (const stretch of run.matchAll(/[A-Z]?[a-z]{1,64}|[A-Z]{1,64}/g)) {
    const word = stretch[0];
    letters += word.length;
    if (word.length >= 4 && /[aeiouy]/i.test(word) && !/[^aeiouy]{5}/i.test(word)) inWords += word.length;
  }
  return letters === 0 ? 1 : inWords / letters;
}

/** Checksums of packages, ETags, images in data URLs, public keys: random by nature, public by purpose. */
function isPublic(text: string, at: number, end: number): boolean {
  if (text[at - 1] === '"' && /^[\da-f]{1,8}-[A-Za-z\d+/]{27}$/.test(text.slice(at, Math.min(end, at + 40)))) return true;
  const before = text.slice(Math.max(0, at - 64), at + 8);
  if (/public[_ -]?(?:key|token)["']?\s?[:=]\s?["']?$/i.test(text.slice(Math.max(0, at - 32), at))) return true;
  if (isBehindPublicName(text, at)) return true;
  return /sha(?:1|256|384|512)-/.test(before) || /data:(?:image|font|audio|video)\/[a-z0-9+.-]{1,40};base64,/.test(before);
}
