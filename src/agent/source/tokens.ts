export type TokenKind = 'word' | 'private' | 'number' | 'string' | 'regexp' | 'sign' | 'end';

/** Everything a reader must know to go back to a token. */
export interface Mark {
  kind: TokenKind;
  text: string;
  start: number;
  end: number;
  newline: boolean;
  isKeyword: boolean;
  lastEnd: number;
  before: string;
  beforeThat: string;
}

const number = /0[xXbBoO][\da-fA-F_]+n?|(?:\d[\d_]*\.?[\d_]*|\.[\d_]+)(?:[eE][-+]?[\d_]+)?n?/y;
const sign =
  />>>=|\.{3}|[<>*&|?]{2}=|[!=]==|>>>|=>|[-+*/%&|^<>!=]=|\+\+|--|\*\*|&&|\|\||\?\?|\?\.(?!\d)|<<|>>|[-+*/%&|^<>!=?:;,.~()[\]{}`@]/y;
const wordPart = /[\p{ID_Continue}$\u200c\u200d]/u;
const space = /[\p{Zs}\ufeff]/u;

/** For each ASCII character: 1 may be part of a word, 2 may also start one. */
const inWord = new Uint8Array(128);
for (let code = 48; code < 58; code += 1) inWord[code] = 1;
for (let code = 65; code < 91; code += 1) inWord[code] = inWord[code + 32] = 2;
inWord[36] = inWord[95] = 2;

/** Words that may mean something: all others are but names. */
const keywords = new Map(
  (
    'async await break case catch class const continue debugger default delete do else enum eval export extends false finally for ' +
    'function if import in instanceof let new null of require return static super switch this throw true try typeof using var void while with yield'
  )
    .split(' ')
    .map((one) => [one, one]),
);

/**
 * The tokens of a script, one ahead. `/` comes as a sign: whether a regular expression starts there, only who reads the expression
 * knows; templates come piece by piece for the same reason.
 */
export class Lexer {
  readonly source: string;
  kind: TokenKind = 'end';
  /** Of words (escapes resolved), private names and signs; else empty. */
  text = '';
  start = 0;
  end = 0;
  /** Whether a line ends before the token. */
  newline = true;
  /** Whether it is a word that may mean something, here or elsewhere. */
  isKeyword = false;
  /** End of the token before, its text and the text of the one before that. */
  lastEnd = 0;
  before = '';
  beforeThat = '';
  /** `<!--` and `-->` are comments in scripts and operators in modules. */
  hasHtmlComment = false;

  constructor(source: string) {
    this.source = source;
    if (source.startsWith('#!')) this.end = this.#lineEnd(2);
  }

  /** The text is not JavaScript, or none that is understood here. Caught where the reading began. */
  fail(): never {
    throw new SyntaxError(`cannot read ${this.source.slice(this.start, this.start + 20)} at ${this.start}`);
  }

  mark(): Mark {
    const { kind, text, start, end, newline, isKeyword, lastEnd, before, beforeThat } = this;
    return { kind, text, start, end, newline, isKeyword, lastEnd, before, beforeThat };
  }

  goTo(mark: Mark): void {
    this.kind = mark.kind;
    this.text = mark.text;
    this.start = mark.start;
    this.end = mark.end;
    this.newline = mark.newline;
    this.isKeyword = mark.isKeyword;
    this.lastEnd = mark.lastEnd;
    this.before = mark.before;
    this.beforeThat = mark.beforeThat;
  }

  /** The token behind this one. */
  peek(): Mark {
    const here = this.mark();
    this.next();
    const found = this.mark();
    this.goTo(here);
    return found;
  }

  /** Goes over a token that must be there. */
  expect(text: string): void {
    if (this.text !== text) this.fail();
    this.next();
  }

  /** Goes over a token if it is there. */
  take(text: string): boolean {
    if (this.text !== text) return false;
    this.next();
    return true;
  }

  next(): void {
    this.beforeThat = this.before;
    this.before = this.text;
    this.lastEnd = this.end;
    this.#skip();
    const { source, start } = this;
    const code = source.charCodeAt(start);
    this.text = '';
    this.isKeyword = false;
    if (code > 127 || inWord[code] === 2 || code === 92) {
      this.kind = 'word';
      this.#word(start);
      const known = keywords.get(this.text);
      if (known !== undefined) {
        this.text = known;
        this.isKeyword = true;
      }
    } else if (code === 34 || code === 39) {
      this.kind = 'string';
      this.#string(code);
    } else if ((code > 47 && code < 58) || (code === 46 && inWord[source.charCodeAt(start + 1)] === 1)) {
      this.kind = 'number';
      this.end = this.#match(number);
    } else if (code === 35) {
      this.kind = 'private';
      this.#word(start + 1);
      this.text = `#${this.text}`;
    } else if (start >= source.length) {
      this.kind = 'end';
      this.end = start;
    } else {
      this.kind = 'sign';
      this.end = this.#match(sign);
      this.text = this.end === start + 1 ? (source[start] as string) : source.slice(start, this.end);
    }
  }

  /** Reads the token, a `/`, as the regular expression that it starts. */
  regexp(): void {
    const { source } = this;
    let isInClass = false;
    let at = this.start + 1;
    for (; ; at += 1) {
      const code = source.charCodeAt(at);
      if (Number.isNaN(code) || isLineEnd(code)) this.fail();
      if (code === 92) at += 1;
      else if (code === 91) isInClass = true;
      else if (code === 93) isInClass = false;
      else if (code === 47 && !isInClass) break;
    }
    at += 1;
    while (inWord[source.charCodeAt(at)] !== undefined && (inWord[source.charCodeAt(at)] as number) > 0) at += 1;
    this.kind = 'regexp';
    this.text = '';
    this.end = at;
  }

  /** Goes on in a template, behind its backtick or a closing brace. True when code follows, false when it has ended. */
  templatePiece(): boolean {
    const { source } = this;
    for (let at = this.end; at < source.length; at += 1) {
      const code = source.charCodeAt(at);
      if (code === 92) at += 1;
      else if (code === 96 || (code === 36 && source.charCodeAt(at + 1) === 123)) {
        this.end = at + (code === 96 ? 1 : 2);
        return code !== 96;
      }
    }
    return this.fail();
  }

  #match(pattern: RegExp): number {
    pattern.lastIndex = this.start;
    if (!pattern.test(this.source)) this.fail();
    return pattern.lastIndex;
  }

  #lineEnd(from: number): number {
    let at = from;
    while (at < this.source.length && !isLineEnd(this.source.charCodeAt(at))) at += 1;
    return at;
  }

  /** Space and comments; `start` is then the start of a token. */
  #skip(): void {
    const { source } = this;
    let at = this.end;
    let newline = at === 0;
    for (;;) {
      const code = source.charCodeAt(at);
      if (code === 32 || (code > 8 && code < 14)) {
        if (code === 10 || code === 13) newline = true;
        at += 1;
      } else if (code === 47 && source.charCodeAt(at + 1) === 47) {
        at = this.#lineEnd(at);
      } else if (code === 47 && source.charCodeAt(at + 1) === 42) {
        const close = source.indexOf('*/', at + 2);
        if (close < 0) this.fail();
        for (let inside = at; !newline && inside < close; inside += 1) newline = isLineEnd(source.charCodeAt(inside));
        at = close + 2;
      } else if ((code === 60 && source.startsWith('<!--', at)) || (code === 45 && newline && source.startsWith('-->', at))) {
        this.hasHtmlComment = true;
        at = this.#lineEnd(at);
      } else if (code > 127 && (isLineEnd(code) || space.test(source[at] as string))) {
        if (isLineEnd(code)) newline = true;
        at += 1;
      } else break;
    }
    this.newline = newline;
    this.start = at;
  }

  #string(quote: number): void {
    const { source } = this;
    let at = this.start + 1;
    for (; ; at += 1) {
      const code = source.charCodeAt(at);
      if (code === quote) break;
      if (code === 92) at += source.charCodeAt(at + 1) === 13 && source.charCodeAt(at + 2) === 10 ? 2 : 1;
      else if (code === 10 || code === 13 || Number.isNaN(code)) this.fail();
    }
    this.end = at + 1;
  }

  #word(from: number): void {
    const { source } = this;
    let at = from;
    let isEscaped = false;
    for (;;) {
      const code = source.charCodeAt(at);
      if (code < 128) {
        if (inWord[code] === 0) {
          if (code !== 92) break;
          isEscaped = true;
          at = source.charCodeAt(at + 2) === 123 ? source.indexOf('}', at) : at + 5;
          if (at < from) this.fail();
        }
        at += 1;
      } else {
        const point = source.codePointAt(at);
        if (point === undefined || !wordPart.test(String.fromCodePoint(point))) break;
        at += point > 0xffff ? 2 : 1;
      }
    }
    if (at === from) this.fail();
    this.end = at;
    this.text = source.slice(from, at);
    if (isEscaped) this.text = this.#unescaped(this.text);
  }

  #unescaped(word: string): string {
    const text = word.replace(/\\u(?:\{([\da-fA-F]+)\}|([\da-fA-F]{4}))/g, (_, long?: string, short?: string) =>
      String.fromCodePoint(Number.parseInt(long ?? short ?? '', 16)),
    );
    // A keyword with an escape in it is none: nobody writes so.
    return /^[a-z]+$/.test(text) || text.includes('\\') ? this.fail() : text;
  }
}

function isLineEnd(code: number): boolean {
  return code === 10 || code === 13 || code === 0x2028 || code === 0x2029;
}
