import { announcedBy, announcedToAll, announcingPairs } from './announcing.ts';
import { base64Sign, dash, digit, kinds, letter, lower, underscore, upper } from './character-kinds.ts';
import { digitGroupsOf, noGroups } from './digit-groups.ts';
import { isCountry } from './iban.ts';
import { couldBeNationalId, earliestName, isBeforeOption, isSeparator, isVerb, minRunChars, shapesOfRun } from './run-forms.ts';
import { Shape, type Traits } from './traits.ts';
import { hasPrefix, vendorPairs } from './vendor-starts.ts';

/** Signs that are told one by one: a bit each in `met`. */
const met = {
  colon: 1,
  equals: 2,
  at: 4,
  percent: 8,
  backslash: 16,
  plus: 32,
  mark: 64,
  braces: 128,
  pipe: 256,
  tilde: 512,
  quote: 1_024,
  lineFeed: 2_048,
  container: 4_096,
  parenthesis: 8_192,
  underscore: 16_384,
  breaks: 32_768,
};
const signs = new Uint16Array(128);
for (const [kind, characters] of [
  [met.colon, ':'],
  [met.equals, '='],
  [met.at, '@'],
  [met.percent, '%'],
  [met.backslash, '\\'],
  [met.mark, '>,'],
  [met.braces, '}<'],
  [met.braces | met.container, '{'],
  [met.container, '['],
  [met.pipe, '|'],
  [met.tilde, '~'],
  [met.quote, '"\'`'],
  [met.lineFeed | met.breaks, '\n'],
  [met.breaks, '\t\v\f\r'],
] as const)
  for (const character of characters) signs[character.charCodeAt(0)] = kind;
const separators = met.colon | met.equals | met.percent | met.mark;

/** Fewest digits of what is known by its groups of digits: an address that was cut. */
const minNumberDigits = 3;

/** Every name may be one of something hidden. */
export const anyName = new Uint32Array(2 ** 15).fill(-1);

/** Looks once at every character. `names`: as in name-filter.ts. */
export function traitsOf(text: string, cut: boolean, names: Uint32Array = anyName): Traits {
  const { length } = text;
  let digits = 0;
  let capitals = 0;
  let spaces = 0;
  let dots = 0;
  let colons = 0;
  let dashes = 0;
  let bits = 0;
  let shapes = 0;
  let announced = 0;
  /** Where the runs of `longestRun`, `longestBase64` and `longestAlnum` begin; the last one is -1 outside. */
  let runFrom = 0;
  let base64From = 0;
  let alnumFrom = -1;
  let longestRun = 0;
  let longestBase64 = 0;
  let longestAlnum = 0;
  let base64Kinds = 0;
  let alnumKinds = 0;
  let pairs = 0;
  let fours = 0;
  /** The last letters, five bits each. */
  let letters = 0;
  /** Where a name could begin for the last time, and the last run of `longestRun`. */
  let namedAt = names[0] === 0 ? -1 : length;
  /** Classes of names of which the beginning was seen. */
  let begun = 0;
  let nameFrom = 0;
  let nameTo = -9;
  /** Where this word between blanks begins, the last one and the one before, and the last capitalised word. */
  let wordFrom = 0;
  let lastWordFrom = 0;
  let olderWordFrom = 0;
  let capitalAt = -1;

  let at = 0;
  while (at <= length) {
    // One step behind the end closes all runs.
    let code = at < length ? text.charCodeAt(at) : 10;
    let kind = code < 128 ? (kinds[code] as number) : 0;
    if ((kind & (letter | digit)) !== 0) {
      if (alnumFrom < 0) {
        alnumFrom = at;
        alnumKinds = 0;
        const next = at + 1 < length ? text.charCodeAt(at + 1) & 127 : 0;
        if (vendorPairs[(code << 7) | next] === 1 && hasPrefix(text, at)) shapes |= Shape.vendor;
      }
      const from = at;
      let here = 0;
      if ((kind & digit) === 0) {
        const first = code & 31;
        const before = from === 0 ? 0 : text.charCodeAt(from - 1);
        const begins = before > 127 || ((kinds[before] as number) & (digit | underscore)) === 0;
        if (begins && (kind & upper) !== 0) {
          if (from > 0) shapes |= Shape.capitalWord;
          if (from === wordFrom && capitalAt >= lastWordFrom && from > 0) shapes |= Shape.capitalPair;
          capitalAt = from;
        }
        do {
          here |= kind;
          capitals += (kind >> 1) & 1;
          letters = ((letters << 5) | (code & 31)) & 0x7fff;
          const gram = names[letters] as number;
          if (gram !== 0) {
            begun |= gram;
            if ((begun & (gram >>> 16) & 0xffff) !== 0 && namedAt < at) namedAt = at;
          }
          if (++at >= length) break;
          code = text.charCodeAt(at);
          kind = code < 128 ? (kinds[code] as number) : 0;
        } while ((kind & letter) !== 0);
        const second = at - from > 1 ? text.charCodeAt(from + 1) & 31 : -1;
        const pair = second < 0 ? first : (first << 5) | second;
        const announces = begins && announcingPairs[pair] === 1 ? announcedBy(text, from, at) : 0;
        if (announces !== 0) {
          announced |= announces;
          if (before === 63 || before === 38 || before === 35 || before === 59) shapes |= Shape.parameter;
        }
      } else {
        here = digit;
        do {
          if (++at >= length) break;
          code = text.charCodeAt(at);
        } while (code >= 48 && code <= 57);
        digits += at - from;
        if (from - alnumFrom === 2 && at - from > 1 && isCountry(text, alnumFrom)) shapes |= Shape.iban;
      }
      base64Kinds |= here;
      alnumKinds |= here;
      continue;
    }
    if (alnumFrom >= 0) {
      const chars = at - alnumFrom;
      if (chars > longestAlnum) longestAlnum = chars;
      if (chars === 2 && (code === 58 || code === 45)) pairs++;
      if (chars === 4 && code === 46) fours++;
      if ((alnumKinds & lower) === 0 && couldBeNationalId(text, alnumFrom, at)) shapes |= Shape.nationalId;
      alnumFrom = -1;
    }
    if (code === 45) {
      dashes++;
      base64Kinds |= dash;
      if (at === 0 || isBeforeOption(text.charCodeAt(at - 1))) shapes |= Shape.option;
      at++;
      continue;
    }
    if (code === 95) {
      base64Kinds |= underscore;
      bits |= met.underscore;
      at++;
      continue;
    }
    if (at > runFrom) {
      if (at - runFrom > longestRun) longestRun = at - runFrom;
      nameFrom = runFrom;
      nameTo = at;
    }
    runFrom = at + 1;
    if (code === 43 || code === 47) {
      base64Kinds |= base64Sign;
      if (code === 43) bits |= met.plus;
      else if (at > 1 && text.charCodeAt(at - 1) === 47 && text.charCodeAt(at - 2) === 58) shapes |= Shape.scheme;
      at++;
      continue;
    }
    const chars = at - base64From;
    if (chars > longestBase64) longestBase64 = chars;
    if (chars >= minRunChars) shapes |= shapesOfRun(text, base64From, chars, base64Kinds, cut && at >= length);
    base64From = at + 1;
    base64Kinds = 0;
    if (at >= length) break;
    if (code === 32) {
      spaces++;
      if (namedAt >= 0 && ((shapes & Shape.option) !== 0 || isVerb(text, at))) {
        if (namedAt >= earliestName(text, at, nameFrom, nameTo, wordFrom, olderWordFrom)) shapes |= Shape.assigned;
      }
      olderWordFrom = lastWordFrom;
      lastWordFrom = wordFrom;
      wordFrom = at + 1;
    } else if (code === 46) dots++;
    else if (code === 40 || code === 41) bits |= met.parenthesis;
    else {
      if (code > 127) {
        capitals++;
        announced = announcedToAll;
        shapes |= Shape.capitalPair | Shape.capitalWord;
        if (code >= 0xc0) letters = 0;
      } else {
        const sign = signs[code] as number;
        bits |= sign;
        if ((sign & met.colon) !== 0) {
          colons++;
          if (at > 0 && text.charCodeAt(at - 1) === 58) shapes |= Shape.doubleColon;
        }
        if ((sign & separators) !== 0 && namedAt >= 0 && isSeparator(text, at, code)) {
          const earliest = (bits & met.percent) !== 0 ? 0 : earliestName(text, at, nameFrom, nameTo, wordFrom, olderWordFrom);
          if (namedAt >= earliest) shapes |= Shape.assigned;
        }
      }
    }
    at++;
  }
  const { numberDigits, linkedDigits, digitDots, shapes: ofDigits } = digits < minNumberDigits ? noGroups : digitGroupsOf(text);
  return {
    length,
    cut,
    digits,
    capitals,
    spaces,
    dots,
    colons,
    dashes,
    at: (bits & met.at) !== 0,
    colon: colons > 0,
    equals: (bits & met.equals) !== 0,
    percent: (bits & met.percent) !== 0,
    plus: (bits & met.plus) !== 0,
    separator: spaces > 0 || (bits & separators) !== 0,
    backslash: (bits & met.backslash) !== 0,
    braces: (bits & met.braces) !== 0,
    pipe: (bits & met.pipe) !== 0,
    tilde: (bits & met.tilde) !== 0,
    quote: (bits & met.quote) !== 0,
    lineFeed: (bits & met.lineFeed) !== 0,
    breaks: (bits & met.breaks) !== 0,
    underscore: (bits & met.underscore) !== 0,
    container: (bits & met.container) !== 0,
    parenthesis: (bits & met.parenthesis) !== 0,
    longestRun,
    longestBase64,
    longestAlnum,
    numberDigits,
    linkedDigits,
    digitDots,
    pairs,
    fours,
    announced,
    shapes: shapes | ofDigits | (namedAt < 0 ? 0 : Shape.named),
  };
}
