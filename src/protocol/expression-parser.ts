import type { BinaryOperator, LogicalOperator, Node, PureMethod, UnaryOperator } from './expression.ts';
import { callRefused, type ExpressionError, explain, keywords, privateRefused } from './expression-refusals.ts';
import { refusal } from './expression-rules.ts';
import type { Token } from './expression-tokens.ts';
import { limits } from './limits.ts';

type Infix =
  | { power: number; kind: 'binary'; operator: BinaryOperator }
  | { power: number; kind: 'logical'; operator: LogicalOperator };

/** Brackets, operators before a value and branches of `?:` inside each other; keeps recursion flat in every runtime. */
export const maxExpressionDepth = 32;

/** Operators between two values by how tightly they bind, loosest first; all group from left to right. */
const infixes = new Map<string, Infix>(
  (
    [
      ['logical', ['??', '||']],
      ['logical', ['&&']],
      ['binary', ['===', '!==', '==', '!=']],
      ['binary', ['<', '<=', '>', '>=', 'in']],
      ['binary', ['+', '-']],
      ['binary', ['*', '/', '%']],
    ] as [Infix['kind'], string[]][]
  ).flatMap(([kind, operators], index) =>
    operators.map((operator) => [operator, { power: index + 1, kind, operator } as Infix] as const),
  ),
);

const constants = new Map<string, { node: Node }>([
  ['null', { node: null }],
  ['true', { node: true }],
  ['false', { node: false }],
  ['undefined', { node: ['undefined'] }],
  ['this', { node: ['this'] }],
]);
const prefixes: ReadonlySet<string> = new Set<UnaryOperator>(['!', '-', '+', 'typeof']);
const methods: ReadonlySet<string> = new Set<PureMethod>(['includes', 'startsWith', 'endsWith']);

/** Doors out of a value into the machinery of the language. */
const forbiddenMembers: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Reads the tokens of one expression by precedence climbing. Throws `ExpressionError`. */
export class Parser {
  readonly #tokens: Token[];
  readonly #names = new Set<string>();
  /** Logical operators between the nearest brackets. */
  #logicals = new Set<LogicalOperator>();
  #next = 0;
  #nodes = 0;
  #depth = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  parse(): { node: Node; names: string[] } {
    const first = this.#token;
    if (first.kind === 'end') throw refusal('no value', 1);
    const node = this.#expression();
    if (this.#token.kind !== 'end') throw this.#unexpected();
    return { node, names: [...this.#names] };
  }

  /** The tokens always finish with one of kind `end`, which is never taken. */
  get #token(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #is(text: string): boolean {
    return this.#token.kind === 'punctuator' && this.#token.text === text;
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#next += 1;
    return true;
  }

  #expect(text: string, toClose: Token): void {
    if (this.#accept(text)) return;
    if (this.#token.kind !== 'end') throw this.#unexpected();
    throw refusal('an open bracket', toClose.position, toClose.text, text);
  }

  #made(node: Node, at: Token): Node {
    this.#nodes += 1;
    if (this.#nodes > limits.maxExpressionNodes) throw refusal('a part too many', at.position, limits.maxExpressionNodes);
    return node;
  }

  #nested<T>(at: Token, read: () => T): T {
    this.#depth += 1;
    if (this.#depth > maxExpressionDepth) throw refusal('a level too many', at.position, maxExpressionDepth);
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #expression(): Node {
    const outer = this.#logicals;
    this.#logicals = new Set();
    const condition = this.#infix(1);
    this.#logicals = outer;
    const question = this.#token;
    if (!this.#accept('?')) return condition;
    return this.#nested(question, () => {
      const yes = this.#expression();
      this.#expect(':', question);
      const no = this.#expression();
      return this.#made(['conditional', condition, yes, no], question);
    });
  }

  #infix(minPower: number): Node {
    let left = this.#prefix();
    for (;;) {
      const token = this.#token;
      const infix = token.kind === 'string' ? undefined : infixes.get(token.text);
      if (infix === undefined || infix.power < minPower) return left;
      this.#next += 1;
      const right = this.#infix(infix.power + 1);
      if (infix.kind === 'logical') this.#refuseMixed(infix.operator, token);
      left = this.#made([infix.kind, infix.operator, left, right] as Node, token);
    }
  }

  /** ECMAScript 13.13: `??` beside `&&` or `||` needs brackets. */
  #refuseMixed(operator: LogicalOperator, token: Token): void {
    this.#logicals.add(operator);
    if (this.#logicals.size === 1 || !this.#logicals.has('??')) return;
    throw refusal('a mix of operators', token.position, token.text);
  }

  #prefix(): Node {
    const token = this.#token;
    if (token.kind === 'string' || !prefixes.has(token.text)) return this.#chain();
    this.#next += 1;
    return this.#nested(token, () => this.#made(['unary', token.text as UnaryOperator, this.#prefix()], token));
  }

  #chain(): Node {
    let target = this.#primary();
    for (;;) {
      const token = this.#token;
      if (this.#accept('[')) {
        target = this.#computed(target, token, false);
      } else if (this.#accept('.')) {
        target = this.#named(target, false);
      } else if (this.#accept('?.')) {
        const bracket = this.#token;
        target = this.#accept('[') ? this.#computed(target, bracket, true) : this.#named(target, true);
      } else {
        return target;
      }
    }
  }

  #computed(target: Node, bracket: Token, optional: boolean): Node {
    const first = this.#token;
    const key = this.#nested(bracket, () => this.#expression());
    this.#expect(']', bracket);
    if (typeof key === 'string') refuseMember(key, first);
    return this.#made(optional ? ['member', target, key, 'optional'] : ['member', target, key], bracket);
  }

  #named(target: Node, optional: boolean): Node {
    const name = this.#token;
    if (name.kind === 'private') return this.#private(target, optional);
    if (name.kind !== 'word') throw this.#unexpected();
    this.#next += 1;
    refuseMember(name.text, name);
    const bracket = this.#token;
    if (!this.#is('('))
      return this.#made(optional ? ['member', target, name.text, 'optional'] : ['member', target, name.text], name);
    if (!methods.has(name.text)) throw callRefused(name);
    this.#next += 1;
    const argument = this.#is(')') ? undefined : this.#nested(bracket, () => this.#expression());
    if (argument === undefined || this.#is(',')) throw refusal('a wrong number of arguments', name.position, name.text);
    this.#expect(')', bracket);
    const method = name.text as PureMethod;
    return this.#made(optional ? ['call', method, target, argument, 'optional'] : ['call', method, target, argument], name);
  }

  /** A private field can be named by its class alone, so it is looked up as a name of that place. */
  #private(target: Node, optional: boolean): Node {
    const name = this.#token;
    const isOfThis = typeof target === 'object' && target?.[0] === 'this' && !optional;
    if (!isOfThis) throw privateRefused(name);
    refuseMember(name.text.slice(1), name);
    this.#next += 1;
    this.#names.add(name.text);
    return this.#made(['name', name.text], name);
  }

  #primary(): Node {
    const token = this.#token;
    if (token.kind === 'string' || token.kind === 'number') {
      this.#next += 1;
      return this.#made(token.value, token);
    }
    if (this.#accept('(')) {
      const node = this.#nested(token, () => this.#expression());
      this.#expect(')', token);
      if (this.#is('=>')) throw this.#unexpected();
      return node;
    }
    if (token.kind !== 'word' || keywords.has(token.text)) throw this.#unexpected();
    this.#next += 1;
    if (this.#is('(')) throw callRefused(token);
    const constant = constants.get(token.text);
    if (constant !== undefined) return this.#made(constant.node, token);
    this.#names.add(token.text);
    return this.#made(['name', token.text], token);
  }

  #unexpected(): ExpressionError {
    return explain(this.#tokens, this.#next);
  }
}

function refuseMember(name: string, at: Token): void {
  if (forbiddenMembers.has(name)) throw refusal('a door to the language', at.position, name);
}
