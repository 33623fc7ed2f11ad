import { createHash } from 'node:crypto';
import type { GeneratedPlace } from './spot.ts';

/** A text, by offsets and by lines; lines and columns count from 0, and lines end as ECMAScript says. */
export class SourceText {
  readonly text: string;
  #starts: number[] | undefined;
  #hash: string | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get #lineStarts(): number[] {
    if (this.#starts !== undefined) return this.#starts;
    const starts = [0];
    for (const newline of this.text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) starts.push(newline.index + newline[0].length);
    this.#starts = starts;
    return starts;
  }

  get lineCount(): number {
    return this.#lineStarts.length;
  }

  /** The end of the text for a line behind it. */
  offsetOf({ line, column }: GeneratedPlace): number {
    const start = this.#lineStarts[line];
    return start === undefined ? this.text.length : start + column;
  }

  placeOf(offset: number): GeneratedPlace {
    const starts = this.#lineStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, column: offset - (starts[low] as number) };
  }

  /** A line without its end; at most 10,000 characters of it. Empty when there is none. */
  line(line: number): string {
    const start = this.#lineStarts[line];
    if (start === undefined) return '';
    const end = Math.min(this.#lineStarts[line + 1] ?? this.text.length, start + 10_000);
    return this.text.slice(start, end).replace(/[\n\r\u2028\u2029]+$/, '');
  }

  lines(): string[] {
    return this.#lineStarts.map((_, line) => this.line(line));
  }

  /** The first 16 hex digits of its SHA-256. */
  get hash(): string {
    this.#hash ??= sha256(this.text).slice(0, 16);
    return this.#hash;
  }
}

/** As V8 hashes the text of a script. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
