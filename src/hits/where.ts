import type { BinaryOperator, Node, PureMethod, UnaryOperator } from '../protocol/expression.ts';
import type { RenderedHit } from '../redaction/render.ts';
import { type Looked, look } from './look.ts';
import { Finder, member } from './path.ts';

/** Whether a hit fits a condition. Undecided: what the condition asks for is not there, was cut, or is redacted. */
export type Fit = { fits: boolean } | { fits: undefined; why: string };

type Value = Looked | typeof stopped;
/** A chain of `?.` that met null or undefined. */
const stopped = { is: 'stopped' } as const;

class Undecided extends Error {}

/**
 * Works out a condition over what a hit shows: the same expressions as in the program (docs/expressions.md), over redacted values. A
 * hidden value can be compared with another hidden one by its tag, and with nothing else.
 */
export class Where {
  readonly #node: Node;
  readonly #finder = new Finder();

  constructor(node: Node) {
    this.#node = node;
  }

  /** Whether it holds for one hit. Never throws. */
  fits(hit: RenderedHit): Fit {
    try {
      return { fits: truthy(this.#value(this.#node, hit)) };
    } catch (error) {
      if (error instanceof Undecided) return { fits: undefined, why: error.message };
      throw error;
    }
  }

  #value(node: Node, hit: RenderedHit): Looked {
    const value = this.#chain(node, hit);
    return value.is === 'stopped' ? scalar(undefined) : value;
  }

  #chain(node: Node, hit: RenderedHit): Value {
    if (node === null || typeof node !== 'object') return scalar(node);
    const found = this.#finder.read(node, hit);
    if (found?.is === 'found') return look(found.value);
    switch (node[0]) {
      case 'undefined':
        return scalar(undefined);
      case 'this':
      case 'name': {
        const name = node[0] === 'this' ? 'this' : node[1];
        throw new Undecided(`${name}: ${found?.why ?? 'it is not in the hit'}`);
      }
      case 'member': {
        const target = this.#chain(node[1], hit);
        if (target.is === 'stopped' || (node[3] !== undefined && isNothing(target))) return stopped;
        return memberOf(target, keyText(this.#value(node[2], hit)));
      }
      case 'call': {
        const target = this.#chain(node[2], hit);
        if (target.is === 'stopped' || (node[4] !== undefined && isNothing(target))) return stopped;
        return scalar(call(node[1], target, this.#value(node[3], hit)));
      }
      case 'unary':
        return scalar(unary(node[1], this.#value(node[2], hit)));
      case 'binary':
        return scalar(binary(node[1], this.#value(node[2], hit), this.#value(node[3], hit)));
      case 'logical': {
        const left = this.#value(node[2], hit);
        if (node[1] === '??') return isNothing(left) ? this.#value(node[3], hit) : left;
        return truthy(left) === (node[1] === '&&') ? this.#value(node[3], hit) : left;
      }
      case 'conditional':
        return this.#value(truthy(this.#value(node[1], hit)) ? node[2] : node[3], hit);
    }
  }
}

type Scalar = Extract<Looked, { is: 'scalar' }>['value'];

function scalar(value: Scalar): Looked {
  if (typeof value === 'string') return look(value);
  return { is: 'scalar', type: value === null ? 'null' : typeof value, value };
}

const isNothing = (value: Looked): boolean => value.is === 'scalar' && (value.value === null || value.value === undefined);

function truthy(value: Looked): boolean {
  if (value.is === 'scalar') return Boolean(value.value);
  if (value.is === 'hidden' && value.isWhole) throw new Undecided('it asks whether a redacted value is true');
  if (value.is === 'unknown') throw new Undecided(value.why);
  return true;
}

function keyText(key: Looked): string {
  if (key.is !== 'scalar') throw new Undecided('a computed key has no plain value');
  return String(key.value);
}

function memberOf(target: Looked, key: string): Looked {
  if (isNothing(target))
    throw new Undecided(`a member of ${target.is === 'scalar' ? String(target.value) : 'nothing'} is asked for`);
  const found = member(target, key);
  if (found.is === 'found') return look(found.value);
  if (found.is === 'unknown') throw new Undecided(found.why);
  return scalar(undefined);
}

function unary(operator: UnaryOperator, operand: Looked): Scalar {
  if (operator === '!') return !truthy(operand);
  if (operator === 'typeof') return typeName(operand);
  const value = plain(operand);
  if (operator === '-') return typeof value === 'bigint' ? -value : -Number(value);
  if (typeof value === 'bigint') throw new Undecided('a bigint is no number');
  return Number(value);
}

function typeName(value: Looked): string {
  if (value.is === 'scalar') return value.value === null ? 'object' : typeof value.value;
  if (value.is === 'beginning') return 'string';
  if (value.is === 'unknown') throw new Undecided(value.why);
  if (value.is === 'hidden') {
    if (value.isWhole) throw new Undecided('it asks for the type of a redacted value');
    return 'string';
  }
  return value.is === 'opaque' && (value.type === 'function' || value.type === 'symbol') ? value.type : 'object';
}

function binary(operator: BinaryOperator, left: Looked, right: Looked): Scalar {
  if (operator === 'in') return hasOwn(right, keyText(left));
  if (operator === '===' || operator === '==') return equal(left, right, operator === '==');
  if (operator === '!==' || operator === '!=') return !equal(left, right, operator === '!=');
  const [a, b] = [plain(left), plain(right)];
  try {
    return calculate(operator, a, b);
  } catch {
    throw new Undecided('a bigint and a number cannot be calculated with each other');
  }
}

function calculate(operator: BinaryOperator, left: Scalar, right: Scalar): Scalar {
  // Every scalar has these operators; what the language refuses of them (a bigint and a number) it throws.
  const [a, b] = [left as number, right as number];
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    default:
      return a % b;
  }
}

/** A value that can be calculated with. */
function plain(value: Looked): Scalar {
  if (value.is === 'scalar') return value.value;
  throw new Undecided(whyNot(value));
}

function whyNot(value: Looked): string {
  if (value.is === 'hidden') return 'it compares a redacted value';
  if (value.is === 'unknown') return value.why;
  return value.is === 'beginning' ? 'a text was cut' : 'it compares an object';
}

function equal(left: Looked, right: Looked, isLoose: boolean): boolean {
  if (left.is === 'unknown' || right.is === 'unknown') throw new Undecided(whyNot(left.is === 'unknown' ? left : right));
  // What is there is not nothing, whatever it is: only scalars can be.
  if (isNothing(left) || isNothing(right)) {
    if (left.is !== 'scalar' || right.is !== 'scalar') return false;
  }
  if (left.is === 'hidden' || right.is === 'hidden') return equalHidden(left, right);
  if (left.is === 'beginning' && right.is === 'scalar') return equalBeginning(left, right.value);
  if (right.is === 'beginning' && left.is === 'scalar') return equalBeginning(right, left.value);
  if (left.is === 'scalar' && right.is === 'scalar') {
    // biome-ignore lint/suspicious/noDoubleEquals: the expression says so
    return isLoose ? left.value == right.value : left.value === right.value;
  }
  if (!isLoose && (left.is === 'scalar' || right.is === 'scalar')) return false;
  throw new Undecided(whyNot(left.is === 'scalar' ? right : left));
}

/** Equal tags mean equal values; without tags nothing can be told. */
function equalHidden(left: Looked, right: Looked): boolean {
  if (left.is !== 'hidden' || right.is !== 'hidden' || !left.isTagged || !right.isTagged) {
    throw new Undecided('it compares a redacted value');
  }
  return left.text === right.text;
}

function equalBeginning({ text, length }: { text: string; length: number }, other: Scalar): boolean {
  if (typeof other !== 'string' || other.length !== length || !other.startsWith(text)) return false;
  throw new Undecided('a text was cut');
}

function hasOwn(target: Looked, key: string): boolean {
  if (target.is === 'unknown' || target.is === 'hidden') throw new Undecided(whyNot(target));
  if (target.is === 'scalar' || target.is === 'beginning' || target.is === 'opaque') throw new Undecided('`in` needs an object');
  if (target.is === 'map') return false;
  const found = member(target, key);
  if (found.is === 'unknown') throw new Undecided(found.why);
  return found.is === 'found';
}

function call(method: PureMethod, target: Looked, argument: Looked): boolean {
  if (target.is === 'list') {
    if (method !== 'includes') throw new Undecided('only texts have this method');
    return includes(target, argument);
  }
  const wanted = plain(argument);
  if (typeof wanted !== 'string') throw new Undecided('a text is needed');
  if (target.is === 'beginning') {
    if (method === 'startsWith' && wanted.length <= target.text.length) return target.text.startsWith(wanted);
    if (method === 'includes' && target.text.includes(wanted)) return true;
    throw new Undecided('a text was cut');
  }
  const text = plain(target);
  if (typeof text !== 'string') throw new Undecided('only texts and lists have this method');
  return text[method](wanted);
}

function includes({ items, isPartial }: Extract<Looked, { is: 'list' }>, wanted: Looked): boolean {
  let undecided = isPartial ? new Undecided('a list was cut') : undefined;
  for (const item of items) {
    try {
      const looked = look(item);
      const bothNaN =
        looked.is === 'scalar' && wanted.is === 'scalar' && Number.isNaN(looked.value) && Number.isNaN(wanted.value);
      if (bothNaN || equal(looked, wanted, false)) return true;
    } catch (error) {
      if (!(error instanceof Undecided)) throw error;
      undecided = error;
    }
  }
  if (undecided !== undefined) throw undecided;
  return false;
}
