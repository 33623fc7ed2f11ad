/** Text of a map, in characters; larger ones are left alone. */
export const maxMapChars = 32 * 1024 * 1024;
/** Sections inside sections of an indexed map. */
const maxNesting = 4;

/** A place in one of the sources of a map; lines and columns from 0. */
export interface OriginalPlace {
  source: number;
  line: number;
  column: number;
}

interface RawMap {
  sources?: unknown;
  sourcesContent?: unknown;
  sourceRoot?: unknown;
  mappings?: unknown;
  sections?: unknown;
}

const digits = new Int8Array(128).fill(-1);
for (const [value, letter] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  digits[letter.charCodeAt(0)] = value;
}

/** Numbers of one mapping: generated line and column, source, original line and column. */
const width = 5;

/** A parsed source map (ECMA-426), sorted by generated place. */
export class SourceMap {
  /** As written in the map, with `sourceRoot` before it. */
  readonly sources: string[] = [];
  readonly #contents: (string | undefined)[] = [];
  #mappings: Int32Array = new Int32Array(1_024);
  #count = 0;

  /** Throws when the text is not a source map. */
  constructor(text: string) {
    if (text.length > maxMapChars) throw new RangeError('The source map is too large.');
    // Some servers put `)]}'` before JSON so that it cannot run as a script.
    const raw: unknown = JSON.parse(text.startsWith(")]}'") ? text.slice(text.indexOf('\n')) : text);
    this.#add(raw, 0, 0, 0);
    this.#sort();
  }

  /** The text of a source, where the map brings it. */
  content(source: number): string | undefined {
    return this.#contents[source];
  }

  /** Where a generated place comes from. */
  original(line: number, column: number): OriginalPlace | undefined {
    let low = 0;
    let high = this.#count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const there = this.#at(middle);
      if (there.line < line || (there.line === line && there.column <= column)) low = middle + 1;
      else high = middle - 1;
    }
    const found = high < 0 ? undefined : this.#at(high);
    return found === undefined || found.line !== line || found.source < 0
      ? undefined
      : { source: found.source, line: found.originalLine, column: found.originalColumn };
  }

  /** Stretches of generated text that come from lines `from` up to (not including) `to` of a source, by original place. */
  generated(
    source: number,
    from: number,
    to: number,
  ): { line: number; column: number; from: GeneratedPoint; to: GeneratedPoint }[] {
    const stretches: { line: number; column: number; from: GeneratedPoint; to: GeneratedPoint }[] = [];
    for (let index = 0; index < this.#count; index += 1) {
      const start = this.#at(index);
      if (start.source !== source || start.originalLine < from || start.originalLine >= to) continue;
      let end = index + 1;
      while (end < this.#count && this.#at(end).source === source && this.#at(end).originalLine === start.originalLine) end += 1;
      const next = end < this.#count ? this.#at(end) : { line: start.line + 1, column: 0 };
      stretches.push({
        line: start.originalLine,
        column: start.originalColumn,
        from: { line: start.line, column: start.column },
        to: { line: next.line, column: next.column },
      });
      index = end - 1;
    }
    return stretches.sort((a, b) => a.line - b.line || a.column - b.column);
  }

  #at(index: number): { line: number; column: number; source: number; originalLine: number; originalColumn: number } {
    const at = index * width;
    const mappings = this.#mappings;
    return {
      line: mappings[at] as number,
      column: mappings[at + 1] as number,
      source: mappings[at + 2] as number,
      originalLine: mappings[at + 3] as number,
      originalColumn: mappings[at + 4] as number,
    };
  }

  #add(value: unknown, lineOffset: number, columnOffset: number, nesting: number): void {
    if (typeof value !== 'object' || value === null || nesting > maxNesting) throw new TypeError('Not a source map.');
    const raw = value as RawMap;
    if (Array.isArray(raw.sections)) {
      for (const section of raw.sections as { offset?: { line?: number; column?: number }; map?: unknown }[]) {
        const { line = 0, column = 0 } = section.offset ?? {};
        this.#add(section.map, lineOffset + line, line === 0 ? columnOffset + column : column, nesting + 1);
      }
      return;
    }
    if (!Array.isArray(raw.sources) || typeof raw.mappings !== 'string') throw new TypeError('Not a source map.');
    const root = typeof raw.sourceRoot === 'string' && raw.sourceRoot !== '' ? `${raw.sourceRoot.replace(/\/$/, '')}/` : '';
    const first = this.sources.length;
    const contents: unknown[] = Array.isArray(raw.sourcesContent) ? raw.sourcesContent : [];
    for (const [index, source] of (raw.sources as unknown[]).entries()) {
      this.sources.push(typeof source === 'string' ? root + source : '');
      const content = contents[index];
      this.#contents.push(typeof content === 'string' ? content : undefined);
    }
    this.#decode(raw.mappings, first, lineOffset, columnOffset);
  }

  #decode(text: string, firstSource: number, lineOffset: number, columnOffset: number): void {
    let line = lineOffset;
    const fields = [columnOffset, 0, 0, 0, 0];
    let field = 0;
    let value = 0;
    let shift = 0;
    for (let at = 0; at <= text.length; at += 1) {
      const code = at === text.length ? 0x3b : text.charCodeAt(at);
      if (code === 0x2c || code === 0x3b) {
        if (field > 0) this.#push(line, fields, field, firstSource);
        field = 0;
        if (code === 0x3b) {
          line += 1;
          fields[0] = 0;
        }
        continue;
      }
      const digit = digits[code] ?? -1;
      if (digit < 0 || field >= fields.length || shift > 30) throw new TypeError('Not a source map.');
      value += (digit & 31) << shift;
      shift += 5;
      if (digit & 32) continue;
      fields[field] = (fields[field] as number) + (value & 1 ? -(value >>> 1) : value >>> 1);
      field += 1;
      value = 0;
      shift = 0;
    }
  }

  #push(line: number, fields: number[], count: number, firstSource: number): void {
    const at = this.#count * width;
    if (at + width > this.#mappings.length) {
      const larger = new Int32Array(this.#mappings.length * 2);
      larger.set(this.#mappings);
      this.#mappings = larger;
    }
    const [column = 0, source = 0, originalLine = 0, originalColumn = 0] = fields;
    this.#mappings.set([line, column, count >= 4 ? source + firstSource : -1, originalLine, originalColumn], at);
    this.#count += 1;
  }

  /** Maps are written in order, but the format lets columns go back within a line. */
  #sort(): void {
    const order = (a: number, b: number): number => {
      const left = this.#at(a);
      const right = this.#at(b);
      return left.line - right.line || left.column - right.column;
    };
    let sorted = true;
    for (let index = 1; index < this.#count && sorted; index += 1) sorted = order(index - 1, index) <= 0;
    if (sorted) return;
    const indexes = Array.from({ length: this.#count }, (_, index) => index).sort(order);
    const mappings = new Int32Array(this.#count * width);
    for (const [to, from] of indexes.entries())
      mappings.set(this.#mappings.subarray(from * width, from * width + width), to * width);
    this.#mappings = mappings;
  }
}

/** Lines and columns from 0. */
interface GeneratedPoint {
  line: number;
  column: number;
}
