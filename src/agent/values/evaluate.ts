import type { Node, PureMethod } from '../../protocol/expression.ts';
import {
  endsWith,
  hasOwn,
  isArray,
  isMap,
  isProxy,
  isSet,
  isTypedArray,
  mapSize,
  sameValue,
  setSize,
  slice,
  startsWith,
  stringIncludes,
  symbolText,
  toText,
  typedArrayLength,
} from '../intrinsics.ts';
import type { HiddenName } from './capture.ts';
import { HiddenValue, NoValue } from './no-value.ts';
import { binary, isNothing, isObject, keyOf, refuseLong, strictEqual, truthy, unary } from './operators.ts';
import { readInherited, readOwn } from './read.ts';

export { NoValue };

/** Elements `includes` looks at. */
const maxSearchedElements = 10_000;

/** Gives the value of a name in scope, or of `this`. Throws `NoValue`. */
export type Lookup = (name: string) => unknown;

/** A chain of `?.` that met null or undefined. */
const stopped = { stopped: true };

/**
 * Works out a parsed expression over real values of the program: own data properties only, and no getter, proxy trap, conversion
 * method, iterator or other function of the program is ever run. Throws `NoValue`.
 */
export function evaluate(node: Node, lookup: Lookup, hidden: HiddenName): unknown {
  const value = run(node, lookup, hidden);
  return value === stopped ? undefined : value;
}

/** `this` as a name for `Lookup`; no identifier is written so. */
export const thisName = 'this';

function run(node: Node, lookup: Lookup, hidden: HiddenName): unknown {
  if (node === null || typeof node !== 'object') return node;
  const whole = (part: Node): unknown => evaluate(part, lookup, hidden);
  switch (node[0]) {
    case 'undefined':
      return undefined;
    case 'this':
      return lookup(thisName);
    case 'name':
      refuseHidden(node[1], node[1], hidden);
      return lookup(node[1]);
    case 'member': {
      const target = run(node[1], lookup, hidden);
      if (target === stopped || (node[3] !== undefined && isNothing(target))) return stopped;
      return member(target, whole(node[2]), hidden, typeof node[2] === 'string' || typeof node[2] === 'number');
    }
    case 'call': {
      const target = run(node[2], lookup, hidden);
      if (target === stopped || (node[4] !== undefined && isNothing(target))) return stopped;
      return pureCall(node[1], target, whole(node[3]));
    }
    case 'unary':
      return unary(node[1], whole(node[2]));
    case 'binary':
      return binary(node[1], whole(node[2]), whole(node[3]));
    case 'logical': {
      const left = whole(node[2]);
      const goOn = node[1] === '&&' ? truthy(left) : node[1] === '||' ? !truthy(left) : isNothing(left);
      return goOn ? whole(node[3]) : left;
    }
    case 'conditional':
      return truthy(whole(node[1])) ? whole(node[2]) : whole(node[3]);
  }
}

function refuseHidden(name: string, shown: string, hidden: HiddenName): void {
  const rule = hidden(name);
  if (rule !== undefined) throw new HiddenValue(shown, rule);
}

/** A key that is not `written` in the expression may be a value: messages leave it out. */
function member(target: unknown, key: unknown, hidden: HiddenName, written: boolean): unknown {
  const name = keyOf(key);
  const text = typeof name === 'symbol' ? symbolText(name) : name;
  const shown = written ? text : '[…]';
  refuseHidden(text, shown, hidden);
  if (isNothing(target)) throw new NoValue(`\`${toText(target)}\` has no \`${short(shown)}\`.`);
  if (typeof target === 'string') return ofText(target, name);
  if (!isObject(target)) return undefined;
  const read = readOwn(target, name);
  switch (read.kind) {
    case 'value':
      return read.value;
    case 'missing':
      return sizeOf(target, name) ?? refuseInherited(target, name, shown);
    case 'getter':
      throw new NoValue(`\`${short(shown)}\` is a getter, and getters are not run.`);
    case 'proxy':
      throw new NoValue(`\`${short(shown)}\` would be read from a proxy, and proxies are not touched.`);
    case 'uninitialised':
      throw new NoValue(`\`${short(shown)}\` is not initialised yet.`);
  }
}

/** Piece by piece a text would pass every search for secrets. */
function ofText(target: string, name: string | symbol): number | undefined {
  if (name === 'length') return target.length;
  if (!hasOwn(target as unknown as object, name)) return undefined;
  throw new NoValue('A text can be compared, or tested with `startsWith`, `includes` and `endsWith`, but not taken apart.');
}

/** The two accessors of the language that are worked out here. */
function sizeOf(target: object, name: string | symbol): number | undefined {
  if (name === 'size') return isMap(target) ? mapSize(target) : isSet(target) ? setSize(target) : undefined;
  return name === 'length' && isTypedArray(target) ? typedArrayLength(target) : undefined;
}

/** Saying `undefined` for what the prototype has would be a lie, and reading it may run code. */
function refuseInherited(target: object, name: string | symbol, shown: string): undefined {
  const read = readInherited(target, name);
  if (read.kind === 'missing') return undefined;
  const what =
    read.kind === 'getter' ? 'is a getter of its class, and getters are not run' : 'is inherited, and only own data is read';
  throw new NoValue(`\`${short(shown)}\` ${what}.`);
}

function pureCall(method: PureMethod, target: unknown, argument: unknown): boolean {
  if (typeof target === 'string') {
    if (typeof argument !== 'string') throw new NoValue(`\`${method}\` of a text takes a text.`);
    refuseLong(target, argument);
    return method === 'includes'
      ? stringIncludes(target, argument)
      : method === 'startsWith'
        ? startsWith(target, argument)
        : endsWith(target, argument);
  }
  if (method !== 'includes' || !isObject(target) || isProxy(target) || !isArray(target)) {
    throw new NoValue(`\`${method}\` needs a text${method === 'includes' ? ' or an array' : ''} before it.`);
  }
  const length = readOwn(target, 'length');
  const count = length.kind === 'value' ? (length.value as number) : 0;
  if (count > maxSearchedElements) throw new NoValue(`The array has more than ${maxSearchedElements} elements.`);
  for (let index = 0; index < count; index += 1) {
    const element = readOwn(target, index);
    const value = element.kind === 'value' ? element.value : undefined;
    if (element.kind !== 'getter' && strictEqual(value, argument)) return true;
    // As in the language, `includes` finds NaN.
    if (sameValue(value, argument)) return true;
  }
  return false;
}

function short(name: string): string {
  return name.length <= 40 ? name : `${slice(name, 0, 40)}…`;
}
