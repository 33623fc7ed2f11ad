/** A value of a Python literal; `undefined` stands for a name, which the judge does not look up. */
type Literal = string | { number: string } | Literal[] | undefined;

/** One row of a test: what is read, and where in it something must be found; no place where nothing must be. */
export interface Case {
  text: string;
  spans: { start: number; end: number }[];
}

/** The rows of all parametrised tests of one file of Presidio's recognisers that say a text and a number of findings. */
export function casesOf(source: string): Case[] {
  const cases: Case[] = [];
  for (const header of source.matchAll(/parametrize\(\s*"(?:text|iban), expected_len[^"]*",\s*\[/g)) {
    const rows = new Reader(source, header.index + header[0].length - 1).value();
    for (const row of Array.isArray(rows) ? rows : []) {
      const read = Array.isArray(row) ? caseOf(row) : undefined;
      if (read !== undefined) cases.push(read);
    }
  }
  return cases;
}

function caseOf([text, count, ...rest]: Literal[]): Case | undefined {
  const expected = integer(count);
  if (typeof text !== 'string' || expected === undefined) return undefined;
  if (expected === 0) return { text, spans: [] };
  const spans = rest.map(spansOf).find((found) => found.length === expected);
  if (spans !== undefined) return { text, spans };
  return expected === 1 && !text.includes(' ') ? { text, spans: [{ start: 0, end: text.length }] } : undefined;
}

function spansOf(literal: Literal): Case['spans'] {
  if (!Array.isArray(literal)) return [];
  const pairs = literal.length === 2 && literal.every((part) => integer(part) !== undefined) ? [literal] : literal;
  return pairs.flatMap((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) return [];
    const [start, end] = pair.map(integer);
    return start !== undefined && end !== undefined && end > start ? [{ start, end }] : [];
  });
}

function integer(literal: Literal): number | undefined {
  return typeof literal === 'object' && !Array.isArray(literal) && /^\d+$/.test(literal.number)
    ? Number(literal.number)
    : undefined;
}

/** Reads the literals that stand in such tests: texts, numbers, lists, tuples and names. */
class Reader {
  readonly #source: string;
  #at: number;

  constructor(source: string, at: number) {
    this.#source = source;
    this.#at = at;
  }

  value(): Literal {
    this.#skip();
    const first = this.#source[this.#at] ?? '';
    if ('[('.includes(first)) return this.#list(first === '[' ? ']' : ')');
    const text = this.#text();
    if (text !== undefined) return text;
    const word = /[^\s,()[\]]+/y;
    word.lastIndex = this.#at;
    const [read] = word.exec(this.#source) ?? [];
    if (read === undefined) throw new Error(`Not a literal: ${this.#source.slice(this.#at, this.#at + 40)}`);
    this.#at = word.lastIndex;
    return /^[\d.]+$/.test(read) ? { number: read } : undefined;
  }

  #list(close: string): Literal[] {
    const items: Literal[] = [];
    this.#at++;
    for (this.#skip(); this.#source[this.#at] !== close; this.#skip()) {
      if (this.#at >= this.#source.length) throw new Error('A list does not end.');
      if (this.#source[this.#at] === ',') this.#at++;
      else items.push(this.value());
    }
    this.#at++;
    return items;
  }

  /** Texts that follow each other are one text. */
  #text(): string | undefined {
    let whole: string | undefined;
    for (;;) {
      this.#skip();
      const literal = /[rRuUfF]?(?:"""([\s\S]*?)"""|"((?:\\[\s\S]|[^"\\\n])*)"|'((?:\\[\s\S]|[^'\\\n])*)')/y;
      literal.lastIndex = this.#at;
      const read = literal.exec(this.#source);
      if (read === null) return whole;
      this.#at = literal.lastIndex;
      const body = read[1] ?? read[2] ?? read[3] ?? '';
      whole = (whole ?? '') + body.replace(/\\(n|t|"|'|\\)/g, (_, sign: string) => ({ n: '\n', t: '\t' })[sign] ?? sign);
    }
  }

  #skip(): void {
    const blank = /(?:\s|#[^\n]*)*/y;
    blank.lastIndex = this.#at;
    blank.exec(this.#source);
    this.#at = blank.lastIndex;
  }
}
