import type { BinaryOperator, UnaryOperator } from '../../protocol/expression.ts';
import { toNumber, toText } from '../intrinsics.ts';
import { isLargeBigint } from './large.ts';
import { NoValue } from './no-value.ts';
import { readOwn } from './read.ts';
import { spend, spendText } from './work.ts';

/** Longest text that `+` may make. */
const maxTextChars = 10_000;
/** Longest key: V8 keeps every text that was a key in a table of its own. */
const maxKeyChars = 10_000;

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
  if (typeof key === 'symbol') return key;
  if (typeof key === 'string') {
    if (key.length > maxKeyChars) throw new NoValue(`The key is longer than ${maxKeyChars} characters.`);
    return key;
  }
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

/** Works out one operator between two values. Throws `NoValue` where the language would call a conversion of the program. */
export function binaryOf(operator: BinaryOperator): (left: unknown, right: unknown) => unknown {
  switch (operator) {
    case '===':
      return strictEqual;
    case '!==':
      return (left, right) => !strictEqual(left, right);
    case '==':
      return looseEqual;
    case '!=':
      return (left, right) => !looseEqual(left, right);
    case 'in':
      return isIn;
    case '+':
      return (left, right) =>
        typeof left === 'string' || typeof right === 'string'
          ? join(textOf(left), textOf(right))
          : arithmetic(operator, left, right);
    case '<':
      return (left, right) => comparable(left, right) < comparable(right, left);
    case '<=':
      return (left, right) => comparable(left, right) <= comparable(right, left);
    case '>':
      return (left, right) => comparable(left, right) > comparable(right, left);
    case '>=':
      return (left, right) => comparable(left, right) >= comparable(right, left);
    default:
      return (left, right) => arithmetic(operator, left, right);
  }
}

/** `===`, in bounded time. */
export function strictEqual(left: unknown, right: unknown): boolean {
  if (typeof left === 'string' && typeof right === 'string') {
    if (left.length !== right.length) return false;
    spendText(left, right);
  }
  return left === right;
}

/** `==` of an object and a primitive would call the object's conversion. */
function looseEqual(left: unknown, right: unknown): boolean {
  if (isNothing(left) || isNothing(right)) return isNothing(left) && isNothing(right);
  if (isObject(left) !== isObject(right)) throw new NoValue('Comparing an object with `==` would run its own code; use `===`.');
  spendText(left, right);
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
  spend(1);
  return left + right;
}

/** The value, if it can be compared with the other one; the type is what TypeScript takes for every one that can. */
function comparable(value: unknown, other: unknown): number {
  if (isObject(value)) throw new NoValue('Comparing an object would run its own code; compare its fields.');
  if (typeof value === 'symbol') throw new NoValue('A symbol has no order.');
  if (typeof value === 'string') spendText(value, other);
  return value as number;
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
  spendText(value, '');
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
