import { type Code, close, newCode, type Scope } from './declarations.ts';
import { Lexer } from './tokens.ts';

const assignments = new Set([
  '=',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '**=',
  '<<=',
  '>>=',
  '>>>=',
  '&=',
  '|=',
  '^=',
  '&&=',
  '||=',
  '??=',
]);
const binaries = new Set('+ - * / % ** << >> >>> & | ^ && || ?? < > <= >= == != === !== in instanceof'.split(' '));
const prefixes = new Set('! ~ + - ++ -- typeof void delete'.split(' '));
/** Operators whose right side may not run. */
const choices = new Set(['&&', '||', '??', '&&=', '||=', '??=', '?', '?.']);
/** Words that are no names. */
export const reserved: ReadonlySet<string> = new Set(
  'break case catch const continue debugger default do else enum export extends finally for if in instanceof return switch throw try var while with'.split(
    ' ',
  ),
);
const values = new Set(['null', 'true', 'false']);
/** Signs behind a word `await` that show that it is a name. */
const behindName = /^(?:[;,)\]}:.?*%<>=&|^]|[!]=|=>|in$|of$|instanceof$|$)/;

/**
 * Reads expressions. It builds no tree: what is wanted are the scopes, the names mentioned in them and where something may have run.
 * The text is known to be valid, as V8 compiled it.
 */
export abstract class ExpressionReader extends Lexer {
  /** Outer ones before the ones inside them. */
  scopes: Scope[] = [];
  scope: Scope;
  code: Code;
  /** Offsets, ascending: behind a call, an assignment and the like; and where it is open whether what follows runs. */
  effects: number[] = [];
  /** Where the last `require` was mentioned. */
  requireAt = -1;
  /** Whether a parenthesis opens the parameters of an arrow function, by its offset. */
  #arrows = new Map<number, boolean>();

  constructor(source: string) {
    super(source);
    this.code = newCode('script', 0);
    this.scope = this.open('module', 0, this.code);
  }

  /** At `function`, `class`, the `{` of an object, the parameters of an arrow function and its `=>`. */
  protected abstract functionExpression(from: number, name: string, isAsync: boolean): void;
  protected abstract class_(name: string): void;
  protected abstract object(): void;
  protected abstract arrow(from: number, name: string, isAsync: boolean): void;
  protected abstract arrowOf(from: number, name: string, parameter: string): void;
  /** What `goTo` of a subclass must take back. */
  protected abstract count(): number;
  protected abstract cutTo(count: number): void;

  protected open(kind: Scope['kind'], from: number, code?: Code): Scope {
    const scope: Scope = { kind, from, to: from, names: new Map(), outer: this.scope, mentions: [] };
    if (code !== undefined) scope.code = code;
    this.scopes.push(scope);
    this.scope = scope;
    return scope;
  }

  protected close(to: number): void {
    close(this.scope, to);
    this.scope = this.scope.outer as Scope;
  }

  /** Something may have run up to here. */
  protected effect(at = this.lastEnd): void {
    this.effects.push(at);
  }

  expression(isInFor = false): void {
    do this.assignment(isInFor);
    while (this.take(','));
  }

  assignment(isInFor = false): void {
    let isAssigned = false;
    for (;;) {
      if (this.text === 'yield' && this.code.isGenerator) {
        this.next();
        const { text, kind } = this.mark();
        const hasValue = text === '' ? kind !== 'end' : !/^(?:[)\]};,:]|in|of)$/.test(text);
        if (hasValue && !this.newline) {
          this.take('*');
          this.assignment(isInFor);
        }
        this.effect();
        break;
      }
      this.#binary(isInFor);
      if (choices.has(this.text)) this.effect(this.start);
      if (this.take('?')) {
        this.assignment();
        this.expect(':');
      } else if (assignments.has(this.text)) {
        isAssigned = true;
        this.next();
      } else break;
    }
    if (isAssigned) this.effect();
  }

  /** Operands and operators; all levels of precedence alike. */
  #binary(isInFor: boolean): void {
    for (;;) {
      if (this.unary()) return;
      if ((this.kind !== 'sign' && !this.isKeyword) || !binaries.has(this.text) || (isInFor && this.text === 'in')) return;
      if (choices.has(this.text)) this.effect(this.start);
      this.next();
    }
  }

  /** True for an arrow function, which no operator follows. */
  protected unary(): boolean {
    let hasEffect = false;
    let name = this.#nameHere();
    while (this.kind === 'sign' || this.isKeyword) {
      const { text } = this;
      if (text === 'new') {
        hasEffect = true;
        this.next();
        if (this.text === '.') {
          // new.target
          this.next();
          this.next();
          return this.#suffixes('');
        }
      } else if (prefixes.has(text)) {
        hasEffect ||= text === '++' || text === '--' || text === 'delete';
        this.next();
      } else if (text === 'await' && this.kind === 'word' && this.isAwait()) {
        hasEffect = true;
        this.next();
      } else break;
      name = '';
    }
    if (this.#operand(name)) return true;
    if (!this.newline && (this.text === '++' || this.text === '--')) {
      hasEffect = true;
      this.next();
    }
    if (hasEffect) this.effect();
    return false;
  }

  /** Outside of functions it is an operator in modules and a name in scripts. */
  protected isAwait(): boolean {
    if (this.code.isAsync) return true;
    if (this.code.kind !== 'script') return false;
    const behind = this.peek();
    return behind.kind !== 'end' && (behind.text === '' || !behindName.test(behind.text));
  }

  /** The name a function or class gets from what it is assigned to: `name = …` or `name: …`. */
  #nameHere(): string {
    const { before, beforeThat } = this;
    return (before === '=' || before === ':') && /^[^\W\d]|^[$\u0080-\uffff]/.test(beforeThat) ? beforeThat : '';
  }

  #operand(name: string): boolean {
    const { start, text } = this;
    if (this.kind === 'sign') {
      if (text === '(') {
        if (this.#tryArrow(start, name, false)) return true;
      } else if (text === '[') this.#list(']');
      else if (text === '{') this.object();
      else if (text === '`') this.#template();
      else if (text === '/' || text === '/=') {
        this.regexp();
        this.next();
      } else this.fail();
    } else if (this.kind === 'word' && !this.isKeyword) {
      this.next();
      if (this.text === '=>' && !this.newline) {
        this.arrowOf(start, name, text);
        return true;
      }
      this.scope.mentions.push(text);
    } else if (this.kind === 'word') {
      if (text === 'function') this.functionExpression(start, name, false);
      else if (text === 'class') this.class_(name);
      else if (reserved.has(text)) this.fail();
      else {
        this.next();
        if (text === 'async' && !this.newline && this.kind === 'word' && this.text === 'function')
          this.functionExpression(start, name, true);
        else if (text === 'async' && !this.newline && this.kind === 'word' && this.peek().text === '=>') {
          this.arrow(start, name, true);
          return true;
        } else if (this.text === '=>' && !this.newline) {
          this.arrowOf(start, name, text);
          return true;
        } else {
          if (text === 'require') this.requireAt = start;
          if (!values.has(text) && text !== 'import' && text !== 'super') this.scope.mentions.push(text);
          return this.#suffixes(text, start, name);
        }
      }
    } else if (this.kind === 'end') this.fail();
    else this.next();
    return this.#suffixes('');
  }

  /** Members, calls and templates behind an operand that is the name `word`, or something else. */
  #suffixes(word: string, start = 0, name = ''): boolean {
    let callee = word;
    for (;;) {
      const { text } = this;
      if (this.kind !== 'sign') return false;
      if (text === '.' || text === '?.') {
        if (text === '?.') this.effect(this.start);
        this.next();
        if (text === '.' || this.kind === ('word' as string) || this.kind === ('private' as string)) this.next();
      } else if (text === '[') {
        this.next();
        this.expression();
        this.expect(']');
      } else if (text === '(') {
        if (callee === 'async' && !this.newline) {
          if (this.#tryArrow(start, name, true)) return true;
        } else this.#list(')');
        if (callee === 'eval') this.code.hasEval = true;
        if (callee === 'super' && this.code.superAt < 0) this.#superCalled();
        this.effect();
      } else if (text === '`') {
        this.#template();
        this.effect();
      } else return false;
      callee = '';
    }
  }

  /** Of an arrow function, too: `this` is there for all of the constructor. */
  #superCalled(): void {
    for (let scope: Scope | undefined = this.scope; scope !== undefined; scope = scope.outer) {
      if (scope.code === undefined) continue;
      if (scope.code.superAt < 0) scope.code.superAt = this.lastEnd;
      if (scope.code.kind !== 'arrow') return;
    }
  }

  #template(): void {
    while (this.templatePiece()) {
      this.next();
      this.expression();
      if (this.text !== '}') this.fail();
    }
    this.next();
  }

  /** Elements or arguments, with holes and spread, from the opening bracket to behind the closing one. */
  #list(end: ')' | ']'): void {
    this.next();
    while (this.text !== end) {
      if (this.take(',')) continue;
      this.take('...');
      this.assignment();
      if (this.text !== end && this.text !== ',') this.fail();
    }
    this.next();
  }

  /** At a `(`: reads an arrow function, or else what stands in parentheses. */
  #tryArrow(start: number, name: string, isAsync: boolean): boolean {
    const at = this.start;
    if (this.#arrows.get(at) !== true) {
      const mark = this.mark();
      const reached = { scopes: this.scopes.length, mentions: this.scope.mentions.length, effects: this.effects.length };
      const count = this.count();
      this.#list(')');
      const isArrow = (this.text as string) === '=>' && !this.newline;
      this.#arrows.set(at, isArrow);
      if (!isArrow) return false;
      // What was read as values are parameters: read them again.
      this.goTo(mark);
      this.cutTo(count);
      this.scopes.length = reached.scopes;
      this.scope.mentions.length = reached.mentions;
      this.effects.length = reached.effects;
    }
    this.arrow(start, name, isAsync);
    return true;
  }
}
