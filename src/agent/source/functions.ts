import { type ClassFacts, type Code, type Declared, declare, newCode } from './declarations.ts';
import { ExpressionReader, reserved } from './expressions.ts';

/** Reads functions, classes and what they bind. */
export abstract class FunctionReader extends ExpressionReader {
  /** From its `{` to behind its `}`. */
  protected abstract functionBody(): void;

  protected override arrow(from: number, name: string, isAsync: boolean): void {
    this.#function(newCode('arrow', from, { name, isAsync }), undefined, () => {
      if (this.text === '(') this.parameters();
      else this.binding('parameter');
    });
  }

  protected override arrowOf(from: number, name: string, parameter: string): void {
    const code = newCode('arrow', from, { name });
    this.#function(code, undefined, () => declare(this.scope, parameter, 'parameter'), from);
  }

  protected override functionExpression(from: number, name: string, isAsync: boolean): void {
    this.next();
    const isGenerator = this.take('*');
    const own = this.kind === 'word' ? this.text : undefined;
    if (own !== undefined) this.next();
    this.#function(newCode('function', from, { name: own ?? name, isAsync, isGenerator }), own, () => this.parameters());
  }

  /** At `function`: declares it. */
  protected functionDeclaration(from: number, isAsync: boolean): void {
    this.next();
    const isGenerator = this.take('*');
    // `export default function () {}` has none.
    const name = this.kind === 'word' ? this.text : 'default';
    if (this.kind === 'word') {
      this.next();
      declare(this.scope, name, 'function', !isAsync && !isGenerator);
    }
    this.#function(newCode('function', from, { name, isAsync, isGenerator }), undefined, () => this.parameters());
  }

  #function(code: Code, ownName: string | undefined, readParameters: () => unknown, from = this.start): void {
    const outer = this.code;
    code.isStrict = outer.isStrict;
    this.open('function', from, code);
    this.code = code;
    readParameters();
    // The name of a function expression gives way to a parameter or variable of that name.
    let own: Declared | undefined;
    if (ownName !== undefined && !this.scope.names.has(ownName)) {
      own = { name: ownName, isCode: true, readyAfter: -1 };
      this.scope.names.set(ownName, own);
    }
    if (code.kind === 'arrow') this.expect('=>');
    let to: number;
    if (code.kind === 'arrow' && this.text !== '{') {
      const start = this.start;
      this.assignment();
      code.body = { from: start, to: this.lastEnd, isExpression: true };
      to = this.lastEnd;
    } else {
      this.functionBody();
      to = code.body.to;
    }
    code.to = this.lastEnd;
    this.close(to);
    this.code = outer;
  }

  protected parameters(): void {
    this.expect('(');
    while (this.text !== ')') {
      this.take('...');
      this.binding('parameter');
      if (this.take('=')) this.assignment();
      if (this.text !== ')') this.expect(',');
    }
    this.next();
  }

  /** A name or a pattern of names; says what it declares. */
  protected binding(kind: 'parameter' | 'var' | 'lexical'): Declared[] {
    if (this.kind === 'word') {
      if (reserved.has(this.text)) this.fail();
      const found = declare(this.scope, this.text, kind);
      this.next();
      return [found];
    }
    const found: Declared[] = [];
    const end = this.text === '{' ? '}' : ']';
    if (!this.take('{')) this.expect('[');
    while (this.text !== end) {
      if (this.take(',')) continue;
      if (end === '}' && this.text !== '...') {
        const key = this.mark();
        this.key();
        if (!this.take(':')) this.goTo(key);
      } else this.take('...');
      found.push(...this.binding(kind));
      if (this.take('=')) this.assignment();
    }
    this.next();
    return found;
  }

  protected method(code: Code): void {
    this.#function(code, undefined, () => this.parameters());
  }

  protected override class_(nameOutside: string, isDeclaration = false): void {
    const from = this.start;
    const wasStrict = this.code.isStrict;
    this.next();
    this.code.isStrict = true;
    const own = this.kind === 'word' && this.text !== 'extends' ? this.text : undefined;
    const declared = own !== undefined && isDeclaration ? declare(this.scope, own, 'class') : undefined;
    if (own !== undefined) this.next();
    const facts: ClassFacts = { name: own ?? nameOutside, isDerived: false, fields: [] };
    this.open('class', from).class = facts;
    if (own !== undefined) declare(this.scope, own, 'class');
    if (this.take('extends')) {
      facts.isDerived = true;
      this.unary();
    }
    this.expect('{');
    while (this.text !== '}') if (!this.take(';')) this.#member(facts);
    this.close(this.start);
    this.next();
    this.code.isStrict = wasStrict;
    if (declared !== undefined) declared.readyAfter = this.lastEnd;
  }

  #member(home: ClassFacts): void {
    const { start } = this;
    let isStatic = false;
    if (this.kind === 'word' && this.text === 'static') {
      const behind = this.peek();
      if (behind.text === '{') {
        this.next();
        this.#own(newCode('static', start, { name: '<static>', home, isStatic: true }), () => this.functionBody());
        return;
      }
      isStatic = behind.kind !== 'sign' || behind.text === '[' || behind.text === '*';
      if (isStatic) this.next();
    }
    const facts = this.#modifiers();
    const isPrivate = this.kind === 'private';
    const key = this.key();
    if (this.text === '(') {
      const isConstructor = key === 'constructor' && !isStatic;
      const name = isConstructor ? home.name : facts.prefix + key;
      this.method(newCode('method', start, { ...facts, name, home, isStatic, isDerived: isConstructor && home.isDerived }));
      return;
    }
    if (isPrivate) home.fields.push({ name: key, isStatic });
    if (this.text === '=')
      this.#own(newCode('field', start, { name: `<${isStatic ? 'static' : 'instance'} fields>`, home, isStatic }), () => {
        this.next();
        this.assignment();
        this.code.body = { from: start, to: this.lastEnd, isExpression: true };
      });
    if (!this.take(';') && !this.newline && this.text !== '}') this.fail();
  }

  /** Code that V8 runs as a function of its own. */
  #own(code: Code, read: () => void): void {
    const outer = this.code;
    code.isStrict = true;
    this.open('function', this.start, code);
    this.code = code;
    read();
    code.to = this.lastEnd;
    this.close(code.body.to);
    this.code = outer;
  }

  /** The key of a property; its text, where it is not computed. */
  protected key(): string {
    const { text, kind, start, end } = this;
    if (text === '[') {
      this.next();
      this.assignment();
      this.expect(']');
      return '';
    }
    if (kind === 'sign' || kind === 'end') this.fail();
    this.next();
    return kind === 'string' ? this.source.slice(start + 1, end - 1) : text || this.source.slice(start, end);
  }

  protected override object(): void {
    this.next();
    while (this.text !== '}') {
      if (this.take(',')) continue;
      if (this.take('...')) {
        this.assignment();
        continue;
      }
      const { start, kind } = this;
      const facts = this.#modifiers();
      const isWord = this.kind === 'word';
      const key = this.key();
      if (this.text === '(') this.method(newCode('method', start, { ...facts, name: facts.prefix + key }));
      else if (this.take(':')) this.assignment();
      else {
        if (!isWord || kind !== 'word') this.fail();
        this.scope.mentions.push(key);
        if (this.take('=')) this.assignment();
      }
      if (this.text !== '}' && this.text !== ',') this.fail();
    }
    this.next();
  }

  /** `async`, `*`, `get` and `set` before a key. */
  #modifiers(): { isAsync: boolean; isGenerator: boolean; prefix: string } {
    const facts = { isAsync: false, isGenerator: false, prefix: '' };
    if (this.kind === 'word' && (this.text === 'async' || this.text === 'get' || this.text === 'set')) {
      const behind = this.peek();
      const isKey =
        behind.kind === 'sign' ? !(behind.text === '[' || (behind.text === '*' && this.text === 'async')) : behind.kind === 'end';
      if (!isKey && !(this.text === 'async' && behind.newline)) {
        if (this.text === 'async') facts.isAsync = true;
        else facts.prefix = `${this.text} `;
        this.next();
      }
    }
    facts.isGenerator = this.take('*');
    return facts;
  }
}
