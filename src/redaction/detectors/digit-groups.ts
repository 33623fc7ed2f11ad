import { Shape } from './traits.ts';

/** What the groups of digits of a text tell. */
export interface DigitGroups {
  numberDigits: number;
  linkedDigits: number;
  digitDots: number;
  /** Bits of `Shape`. */
  shapes: number;
}

/** For texts with fewer digits than any number has. */
export const noGroups: DigitGroups = { numberDigits: 0, linkedDigits: 0, digitDots: 0, shapes: 0 };

/** Signs between which digits may still be one number, as a telephone's. */
const joining = new Uint8Array(128);
for (const sign of ' .-/()+') joining[sign.charCodeAt(0)] = 1;

/** Longest group of digits that a trunk prefix begins, and shortest number written in one group. */
const maxTrunkChars = 5;
const minWholeChars = 10;

/** Looks at each group of digits, and at what stands between it and the one before. */
export function digitGroupsOf(text: string): DigitGroups {
  const { length } = text;
  let inNumber = 0;
  let numberDigits = 0;
  let linked = 0;
  let linkedDigits = 0;
  let digitDots = 0;
  let shapes = 0;
  /** The last group: where it ended, how long it was, whether it began with a zero. */
  let end = -2;
  let last = 0;
  let isTrunk = false;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) {
      if (inNumber > 0 && (code > 127 || joining[code] === 0)) inNumber = 0;
      continue;
    }
    const from = at;
    while (at + 1 < length && isDigit(text.charCodeAt(at + 1))) at++;
    const chars = at + 1 - from;
    inNumber += chars;
    if (inNumber > numberDigits) numberDigits = inNumber;
    const between = from - end === 1 ? text.charCodeAt(from - 1) : 0;
    linked = between === 32 || between === 45 || between === 0xa0 ? linked + chars : chars;
    if (linked > linkedDigits) linkedDigits = linked;
    if (between === 46) digitDots++;
    if (between !== 0 && chars === 4) shapes |= last === 3 ? Shape.threeAndFour : last === 2 ? Shape.twoAndFour : 0;
    const goesOn = isTrunk && last <= maxTrunkChars && (between === 32 || between === 45 || between === 47);
    if (goesOn && (chars > 2 || (last > 2 && chars > 1))) shapes |= Shape.trunk;
    isTrunk = code === 48 && chars > 1;
    if (isTrunk && chars >= minWholeChars) shapes |= Shape.trunk;
    end = at + 1;
    last = chars;
  }
  return { numberDigits, linkedDigits, digitDots, shapes };
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
