import { typedArrayLength } from '../language.ts';
import type { GeneratedPlace } from '../source/spot.ts';

/** Inserted text moves columns, never lines. Lines and columns count from 0. */
export class Columns {
  /** Offset of the first character of each line, as it was. */
  readonly starts: Uint32Array;
  readonly #ats: Uint32Array;
  readonly #lengths: Uint32Array;

  constructor(source: string, ats: Uint32Array, lengths: Uint32Array) {
    const starts = [0];
    for (const newline of source.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) starts.push(newline.index + newline[0].length);
    this.starts = Uint32Array.from(starts);
    this.#ats = ats;
    this.#lengths = lengths;
  }

  placeOf(offset: number): GeneratedPlace {
    const line = lowest(this.starts, offset + 1) - 1;
    return { line, column: offset - (this.starts[line] as number) };
  }

  /** Past the end of the text for a line that is not there. */
  offsetOf({ line, column }: GeneratedPlace): number {
    return (this.starts[line] ?? 2 ** 32) + column;
  }

  /** The column that a character has now. */
  shifted(line: number, column: number): number {
    const offset = this.offsetOf({ line, column });
    let now = column;
    for (let index = this.#first(line); (this.#ats[index] ?? offset + 1) <= offset; index += 1)
      now += this.#lengths[index] as number;
    return now;
  }

  /** The column that a character had; for inserted text, that of what it stands before. */
  original(line: number, column: number): number {
    return this.unshifted(line, column).column;
  }

  /** The same; `inside` says which character of inserted text it is. */
  unshifted(line: number, column: number): { column: number; inside?: number } {
    const start = this.starts[line] ?? 0;
    let before = 0;
    for (let index = this.#first(line); index < this.#ats.length; index += 1) {
      const at = (this.#ats[index] as number) - start + before;
      const length = this.#lengths[index] as number;
      if (column < at) break;
      if (column < at + length) return { column: at - before, inside: column - at };
      before += length;
    }
    return { column: column - before };
  }

  #first(line: number): number {
    return lowest(this.#ats, this.starts[line] ?? 2 ** 32);
  }
}

/** Index of the first number that is not below `value`. May be called in the middle of a pass. */
export function lowest(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = typedArrayLength(sorted);
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
