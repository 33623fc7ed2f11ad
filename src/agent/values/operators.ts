import type { BinaryOperator, UnaryOperator } from '../../protocol/expression.ts';
import { toNumber, toText } from '../intrinsics.ts';
import { isLargeBigint } from './large.ts';
import { NoValue } from './no-value.ts';
import { readOwn } from './read.ts';

/** Longest text that `+` may make. */
const maxTextChars = 10_000;
/** Longest text that is compared or searched: both take time that grows with it. */
const maxComparedChars = 100_000;
/** Conversion to boolean never runs code. */
export function truthy(value: unknown): boolean {
  return !!value;
}

/** null or undefined. */
export function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

/** What has properties. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** The key that `[…]` and `in` stand for. Throws `NoValue` for objects. */
export function keyOf(key: unknown): string | symbol {
  if (typeof key === 'symbol' || typeof key === 'string') return key;
  if (isObject(key)) throw new NoValue('An object used as a key would run its own code.');
  return textOf(key);
}

/** `!`, `-`, `+` and `typeof`. */
export function unary(operator: UnaryOperator, value: unknown): unknown {
  switch (operator) {
    case '!':
      return !truthy(value);
    case 'typeof':
      return typeof value;
    case '+':
      return numberOf(value);
    case '-':
      return typeof value === 'bigint' ? -sized(value) : -numberOf(value);
  }
}

/** Operators between two values. Throws `NoValue` where the language would call a conversion of the program. */
export function binary(operator: BinaryOperator, left: unknown, right: unknown): unknown {
  switch (operator) {
    case '===':
      return strictEqual(left, right);
    case '!==':
      return !strictEqual(left, right);
    case '==':
      return looseEqual(left, right);
    case '!=':
      return !looseEqual(left, right);
    case 'in':
      return isIn(left, right);
    case '+':
      if (typeof left === 'string' || typeof right === 'string') return join(textOf(left), textOf(right));
      return arithmetic(operator, left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(operator, left, right);
    default:
      return arithmetic(operator, left, right);
  }
}

/** `===`, in bounded time. */
export function strictEqual(left: unknown, right: unknown): boolean {
  if (typeof left === 'string' && typeof right === 'string') {
    if (left.length !== right.length) return false;
    refuseLong(left, right);
  }
  return left === right;
}

/** `==` of an object and a primitive would call the object's conversion. */
function looseEqual(left: unknown, right: unknown): boolean {
  if (isNothing(left) || isNothing(right)) return isNothing(left) && isNothing(right);
  if (isObject(left) !== isObject(right)) throw new NoValue('Comparing an object with `==` would run its own code; use `===`.');
  refuseLong(left, right);
  // biome-ignore lint/suspicious/noDoubleEquals: the expression says `==`, and no conversion can run code here
  return left == right;
}

function isIn(key: unknown, target: unknown): boolean {
  if (!isObject(target)) throw new NoValue('`in` needs an object on its right.');
  const read = readOwn(target, keyOf(key));
  if (read.kind === 'proxy') throw new NoValue('`in` would ask a proxy, and proxies are not touched.');
  return read.kind !== 'missing';
}

function join(left: string, right: string): string {
  if (left.length + right.length > maxTextChars) throw new NoValue(`The text would be longer than ${maxTextChars} characters.`);
  return left + right;
}

function compare(operator: '<' | '<=' | '>' | '>=', left: unknown, right: unknown): boolean {
  const a = comparable(left) as number;
  const b = comparable(right) as number;
  refuseLong(a, b);
  return operator === '<' ? a < b : operator === '<=' ? a <= b : operator === '>' ? a > b : a >= b;
}

function comparable(value: unknown): unknown {
  if (isObject(value)) throw new NoValue('Comparing an object would run its own code; compare its fields.');
  if (typeof value === 'symbol') throw new NoValue('A symbol has no order.');
  return value;
}

function arithmetic(operator: '+' | '-' | '*' | '/' | '%', left: unknown, right: unknown): unknown {
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    if (right === 0n && (operator === '/' || operator === '%')) throw new NoValue('A bigint cannot be divided by zero.');
    return calculate(operator, sized(left) as unknown as number, sized(right) as unknown as number);
  }
  return calculate(operator, numberOf(left), numberOf(right));
}

/** Numbers, or two bigints, which the types of TypeScript cannot say in one. */
function calculate(operator: '+' | '-' | '*' | '/' | '%', a: number, b: number): unknown {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
  }
}

function numberOf(value: unknown): number {
  if (isObject(value)) throw new NoValue('Calculating with an object would run its own code; use its fields.');
  if (typeof value === 'symbol') throw new NoValue('A symbol is not a number.');
  if (typeof value === 'bigint') throw new NoValue('A bigint and a number cannot be mixed.');
  refuseLong(value, '');
  return toNumber(value);
}

function textOf(value: unknown): string {
  if (isObject(value)) throw new NoValue('Turning an object into a text would run its own code; use its fields.');
  if (typeof value === 'symbol') throw new NoValue('A symbol cannot be turned into a text.');
  return typeof value === 'bigint' ? toText(sized(value)) : toText(value);
}

function sized(value: bigint): bigint {
  if (isLargeBigint(value)) throw new NoValue('The bigint has more than 800 bits.');
  return value;
}

/** Throws when comparing or searching the texts would take too long. */
export function refuseLong(left: unknown, right: unknown): void {
  if (
    (typeof left === 'string' && left.length > maxComparedChars) ||
    (typeof right === 'string' && right.length > maxComparedChars)
  ) {
    throw new NoValue(`The text is longer than ${maxComparedChars} characters.`);
  }
}
