import { type Declared, declare } from './declarations.ts';
import { FunctionReader } from './functions.ts';

/** Reads declarations of variables, imports and exports. */
export abstract class DeclarationReader extends FunctionReader {
  /** Whether the last statement ended by a closing brace of the same line. */
  protected endsOpen = false;

  protected semicolon(): void {
    this.endsOpen = false;
    if (this.take(';') || this.newline || this.kind === 'end') return;
    if (this.text !== '}') this.fail();
    this.endsOpen = true;
  }

  protected isDeclaration(): boolean {
    const { text } = this;
    if (this.kind !== 'word') return false;
    if (text === 'var' || text === 'const') return true;
    if (text !== 'let' && text !== 'using' && text !== 'await') return false;
    const behind = this.peek();
    if (text === 'let' && (behind.text === '[' || behind.text === '{')) return true;
    if (behind.kind !== 'word' || behind.text === 'in' || behind.text === 'instanceof') return false;
    if (text === 'let') return true;
    if (behind.newline || (text === 'await' && behind.text !== 'using')) return false;
    // `using` is a name, too: what is declared is followed by `=`, or by `of` in the head of a loop.
    const pattern = text === 'await' ? /using[ \t]+[\w$]+\s*(?:=(?!=)|of\b)/y : /(?!of\s)[\w$]+\s*(?:=(?!=)|of\b)/y;
    pattern.lastIndex = behind.start;
    return pattern.test(this.source);
  }

  /** `let a = 1, { b } = c`, without its semicolon. */
  protected declaration(isInFor: boolean): void {
    const kind = this.text === 'var' ? 'var' : 'lexical';
    if (this.text === 'await') this.next();
    this.next();
    for (;;) {
      const names = this.binding(kind);
      this.ready(names, kind, Number.POSITIVE_INFINITY);
      if (this.take('=')) {
        const from = this.start;
        this.assignment(isInFor);
        if (this.requireAt >= from && /^[\w$.(\s]*$/.test(this.source.slice(from, this.requireAt)))
          for (const one of names) one.isCode = true;
        this.effect();
      }
      const isOf = isInFor && (this.text === 'of' || this.text === 'in');
      if (!isOf) this.ready(names, kind);
      else this.loopNames = kind === 'var' ? [] : names;
      if (!this.take(',')) return;
    }
  }

  protected loopNames: Declared[] = [];

  protected ready(names: Declared[], kind: 'var' | 'lexical', at = this.lastEnd): void {
    if (kind === 'lexical') for (const one of names) one.readyAfter = at;
  }

  protected function(isAsync: boolean): void {
    const { start } = this;
    if (isAsync) this.next();
    this.functionDeclaration(start, isAsync);
    this.endsOpen = false;
  }

  /** `import a, { b as c } from 'd'` and `import * as e from 'f' with {…}`. */
  protected import(): void {
    this.next();
    let last = '';
    let isInBraces = false;
    while (this.kind !== 'string' || isInBraces) {
      const { text, kind } = this;
      if (kind === 'end') this.fail();
      if (text === '{' || text === '}') isInBraces = text === '{';
      const isLast = /^(?:[,}]|from)$/.test(this.peek().text);
      if (kind === 'word' && isLast && (text !== 'from' || last === '' || last === 'as' || last === ',' || last === '{'))
        declare(this.scope, text, 'import');
      last = text;
      this.next();
    }
    this.#moduleEnd();
  }

  #moduleEnd(): void {
    this.next();
    if (this.text === 'with' || (this.text === 'assert' && !this.newline)) {
      this.next();
      this.assignment();
    }
    this.semicolon();
  }

  /** Whether an export runs where it stands. */
  protected isExportRun(behind: string): boolean {
    if (behind === 'default') {
      const mark = this.mark();
      this.next();
      this.next();
      const isFunction = this.text === 'function' || (this.text === 'async' && this.peek().text === 'function');
      this.goTo(mark);
      return !isFunction;
    }
    return behind !== '{' && behind !== '*' && behind !== 'function' && behind !== 'async';
  }

  /** `export { a as b } from 'c'`, `export * as d from 'e'` and functions. */
  protected export(): void {
    this.next();
    this.take('default');
    if (this.text === 'function' || this.text === 'async') {
      this.function(this.text === 'async');
      return;
    }
    while (this.text !== '}' && this.text !== '*') {
      if (this.kind === 'end') this.fail();
      this.next();
    }
    const isList = this.text === '}';
    this.next();
    if (!isList && this.take('as')) this.next();
    if (this.take('from')) this.#moduleEnd();
    else this.semicolon();
  }
}
