import type { GeneratedPlace } from '../source/spot.ts';

interface Shift {
  line: number;
  /** Where it went in, in the original line. */
  column: number;
  length: number;
}

/** What insertions without line ends do to the columns of a text. Lines and columns count from 0. */
export class Shifts {
  readonly #shifts: Shift[] = [];

  /** `inserted` in the order of the text, by offsets of the original one. */
  constructor(original: string, inserted: readonly { at: number; text: string }[]) {
    let line = 0;
    let start = 0;
    for (const { at, text } of inserted) {
      for (let end = original.indexOf('\n', start); end >= 0 && end < at; end = original.indexOf('\n', start)) {
        line += 1;
        start = end + 1;
      }
      this.#shifts.push({ line, column: at - start, length: text.length });
    }
  }

  /** Where a place of the original text is now: behind what was inserted there. */
  forward({ line, column }: GeneratedPlace): GeneratedPlace {
    let moved = column;
    for (const shift of this.#shifts) if (shift.line === line && shift.column <= column) moved += shift.length;
    return { line, column: moved };
  }

  /** Where a place was; undefined for what was inserted. */
  back({ line, column }: GeneratedPlace): GeneratedPlace | undefined {
    let left = column;
    for (const shift of this.#shifts) {
      if (shift.line !== line || shift.column > left) continue;
      if (left < shift.column + shift.length) return undefined;
      left -= shift.length;
    }
    return { line, column: left };
  }
}
