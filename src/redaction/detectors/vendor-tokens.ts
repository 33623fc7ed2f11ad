import { endOf, isIn, sets } from './characters.ts';
import type { Detector, Finding } from './detector.ts';
import { isPlaceholder } from './placeholder.ts';
import { Shape } from './traits.ts';
import { vendorsAt } from './vendor-starts.ts';
import type { Vendor } from './vendors.ts';

/** Tokens that their vendor made recognisable; a body without digits and upper case is a name, not a token. */
export const vendorTokens: Detector = {
  name: 'vendor-tokens',
  kind: 'secret',
  couldHold: ({ longestRun, shapes, cut }) => (shapes & Shape.vendor) !== 0 && (longestRun >= 8 || cut),
  find(text, { cut }) {
    const findings: Finding[] = [];
    const runs = new Runs(text);
    let inside = false;
    for (let at = 0; at < text.length; at++) {
      const begins = !inside;
      inside = isIn(text, at, sets.alnum);
      if (!begins || !inside) continue;
      for (const vendor of vendorsAt(text, at)) {
        if (!text.startsWith(vendor.prefix, at)) continue;
        const end = tokenEnd(text, at + vendor.prefix.length, vendor, cut, runs);
        if (end < 0) continue;
        findings.push({ start: at, end, rule: vendor.rule });
        at = end - 1;
        inside = isIn(text, at, sets.alnum);
        break;
      }
    }
    return findings;
  },
};

/** Where the token ends whose body begins here, or -1. */
function tokenEnd(text: string, from: number, { set, min, max }: Vendor, cut: boolean, runs: Runs): number {
  const run = runs.endFrom(from, set);
  if (cut && run === text.length && run > from) return run;
  let end = run;
  while (end > from && text[end - 1] === '.') end--;
  if (end - from < min || end - from > max || isIn(text, end, sets.alnum)) return -1;
  const body = text.slice(from, end);
  return /[0-9A-Z]/.test(body) && !isPlaceholder(body) ? end : -1;
}

/** Where runs of characters end; each run of a set is walked once, however many tokens could begin in it. */
class Runs {
  readonly #text: string;
  readonly #ends = new Map<number, { from: number; end: number }>();

  constructor(text: string) {
    this.#text = text;
  }

  endFrom(from: number, set: number): number {
    const known = this.#ends.get(set);
    if (known !== undefined && from >= known.from && from <= known.end) return known.end;
    const end = endOf(this.#text, from, set, this.#text.length);
    this.#ends.set(set, { from, end });
    return end;
  }
}
