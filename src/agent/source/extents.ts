import { DeclarationReader } from './declaration-reader.ts';
import type { Scope } from './declarations.ts';

/** A statement that runs: all but blocks, empty ones, function declarations and imports. Offsets into the text. */
export interface Extent {
  from: number;
  to: number;
  /** It is the body of an `if` or a loop, without braces. */
  isBody: boolean;
  /** The part of a loop's head that runs at each turn. */
  repeats: { from: number; to: number } | undefined;
  scope: Scope;
  outer: Extent | undefined;
}

/** Everything read from a script's text. */
export interface Reading {
  source: string;
  scopes: Scope[];
  /** In the order of the text, outer ones first. */
  statements: Extent[];
  /** Offsets, ascending, behind which something may have run, or may not run. */
  effects: number[];
  /** Why nothing may be inserted; the scopes are those found until then when the text could not be read. */
  why?: string;
  isUnreadable?: true;
}

/** Reads a script. Never throws: text that is not JavaScript gives a reason. */
export function read(source: string): Reading {
  const reader = new StatementReader(source);
  const { scopes, statements, effects } = reader;
  const reading = { source, scopes, statements, effects };
  try {
    reader.script();
  } catch {
    // It fails by itself, or for want of stack when the text is nested too deeply.
    return { ...reading, why: 'the text of the script could not be read', isUnreadable: true };
  }
  return reader.hasHtmlComment ? { ...reading, why: 'the script has HTML comments' } : reading;
}

class StatementReader extends DeclarationReader {
  statements: Extent[] = [];
  #around: Extent | undefined;

  script(): void {
    this.next();
    this.#directives();
    while (this.kind !== 'end') this.#statement();
    const { code, scope, source } = this;
    code.body.to = code.to = scope.to = source.length;
  }

  protected override count(): number {
    return this.statements.length;
  }

  protected override cutTo(count: number): void {
    this.statements.length = count;
  }

  protected override functionBody(): void {
    const { code } = this;
    const around = this.#around;
    this.#around = undefined;
    this.expect('{');
    this.#directives();
    code.body.from = this.start;
    this.endsOpen = this.text === '}' && !this.newline && !/[;{]/.test(this.source[this.lastEnd - 1] as string);
    this.#list();
    code.endsOpen = this.endsOpen;
    code.body.to = this.start;
    this.endsOpen = false;
    this.#around = around;
    this.next();
  }

  #directives(): void {
    while (this.kind === 'string') {
      const mark = this.mark();
      this.next();
      const { kind, text } = this.mark();
      const goesOn = this.newline ? kind === 'sign' && !/^(?:[{}!~;#@]|\+\+|--)$/.test(text) : !/^[;}]$/.test(text);
      if ((goesOn && kind !== 'end') || text === 'in' || text === 'instanceof') {
        this.goTo(mark);
        return;
      }
      const directive = this.source.slice(mark.start + 1, mark.end - 1);
      if (directive === 'use strict') this.code.isStrict = true;
      if (directive === 'use asm') this.code.isAsm = true;
      this.take(';');
    }
  }

  #list(): void {
    while (this.text !== '}') {
      if (this.kind === 'end') this.fail();
      this.#statement();
    }
  }

  #block(): void {
    this.open('block', this.start);
    this.expect('{');
    this.#list();
    this.close(this.start);
    this.endsOpen = false;
    this.next();
  }

  /** The body of an `if`, a loop, `with` or a label. */
  #body(isLabelled = false): void {
    // `if (a) function b() {}` is read as if it had braces (ECMA-262, B.3.3).
    const isFunction = this.text === 'function';
    if (isFunction) this.open('block', this.start);
    this.#statement(true, isLabelled);
    if (isFunction) this.close(this.lastEnd);
  }

  /** One statement; the one behind a label is part of that. */
  #statement(isBody = false, isLabelled = false): void {
    if (this.#isPlain()) return;
    if (isLabelled) {
      this.#read(isBody);
      return;
    }
    const { scope, start: from } = this;
    const extent: Extent = { from, to: -1, isBody, repeats: undefined, scope, outer: this.#around };
    this.statements.push(extent);
    this.#around = extent;
    this.#read(isBody);
    extent.to = this.lastEnd;
    this.#around = extent.outer;
  }

  /** Reads what is no statement that runs: a block, an empty statement, a function, an import or export. */
  #isPlain(): boolean {
    const { text } = this;
    if (text === '{') this.#block();
    else if (text === ';') {
      this.endsOpen = false;
      this.next();
    } else if (!this.isKeyword) return false;
    else if (text === 'function') this.function(false);
    else if (text === 'async' || text === 'import' || text === 'export') {
      const behind = this.peek();
      if (text === 'async' && behind.text === 'function' && !behind.newline) this.function(true);
      else if (text === 'import' && behind.text !== '(' && behind.text !== '.') this.import();
      else if (text === 'export' && !this.isExportRun(behind.text)) this.export();
      else return false;
    } else return false;
    return true;
  }

  /** A statement that runs, without its record. */
  #read(isBody: boolean): void {
    const word = this.kind === 'word' ? this.text : '';
    if (word !== '' && this.#isLabel()) {
      this.next();
      this.next();
      this.#body(true);
    } else if (!this.isKeyword) this.#ended(() => this.expression());
    else if (word === 'if') {
      this.#head();
      this.#body();
      if (this.take('else')) this.#body();
    } else if (word === 'for') this.#for();
    else if (word === 'while') {
      this.#head(true);
      this.#body();
    } else if (word === 'do') {
      this.next();
      this.#body();
      if (this.text !== 'while') this.fail();
      this.#head(true);
      this.take(';');
      this.endsOpen = false;
    } else if (word === 'with') {
      this.#head();
      this.open('with', this.start);
      this.#body();
      this.close(this.lastEnd);
    } else if (word === 'switch') this.#switch();
    else if (word === 'try') this.#try();
    else if (word === 'class') {
      this.endsOpen = false;
      this.class_('', true);
    } else if (word === 'export') {
      this.next();
      if (!this.take('default')) this.#read(false);
      else if (this.text === 'class') this.class_('default', true);
      else this.#ended(() => this.assignment());
    } else if (word === 'debugger') this.#ended(() => this.next());
    else if (/^(?:break|continue|return|throw)$/.test(word))
      this.#ended(() => {
        this.next();
        const { kind, text } = this;
        if (!this.newline && kind !== 'end' && text !== ';' && text !== '}') this.expression();
      });
    else if (isBody ? word === 'var' : this.isDeclaration()) this.#ended(() => this.declaration(false));
    else this.#ended(() => this.expression());
  }

  /** What ends by a semicolon, perhaps one that is not written. */
  #ended(read: () => void): void {
    read();
    this.semicolon();
  }

  #isLabel(): boolean {
    let at = this.end;
    while (this.source.charCodeAt(at) < 33) at += 1;
    return this.source[at] === ':' || (this.source[at] === '/' && this.peek().text === ':');
  }

  /** A word and what stands in parentheses behind it. */
  #head(repeats = false): void {
    this.next();
    const from = this.start;
    this.expect('(');
    this.expression();
    this.expect(')');
    if (repeats) this.#repeats(from);
  }

  #repeats(from: number, to = this.lastEnd): void {
    (this.#around as Extent).repeats = { from, to };
  }

  #for(): void {
    this.next();
    this.take('await');
    const from = this.start;
    this.open('block', from);
    this.expect('(');
    if (this.isDeclaration()) this.declaration(true);
    else if (this.text !== ';') this.expression(true);
    if (this.text === 'of' || this.text === 'in') {
      this.#repeats(from);
      const names = this.loopNames;
      this.loopNames = [];
      this.next();
      this.expression();
      this.ready(names, 'lexical');
    } else {
      const test = this.start;
      this.expect(';');
      if (this.text !== ';') this.expression();
      this.expect(';');
      if (this.text !== ')') this.expression();
      this.#repeats(test, this.start);
    }
    this.expect(')');
    this.#body();
    this.close(this.lastEnd - 1);
  }

  #switch(): void {
    this.#head();
    this.open('block', this.start);
    this.scope.clauses = [];
    this.effect(this.start);
    this.expect('{');
    while (this.text !== '}') {
      this.scope.clauses.push(this.start);
      if (!this.take('default')) {
        this.expect('case');
        this.expression();
      }
      this.expect(':');
      while (this.text !== 'case' && this.text !== 'default' && this.text !== '}') {
        if (this.kind === 'end') this.fail();
        this.#statement();
      }
    }
    this.close(this.start);
    this.endsOpen = false;
    this.next();
  }

  #try(): void {
    this.next();
    this.#block();
    if (this.text === 'catch') {
      this.effect(this.start);
      this.next();
      this.open('catch', this.start);
      if (this.take('(')) {
        this.binding('lexical');
        this.expect(')');
      }
      this.#block();
      this.close(this.lastEnd - 1);
    }
    if (this.take('finally')) this.#block();
  }
}
