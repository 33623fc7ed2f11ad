import type { Node, PureMethod } from '../../protocol/expression.ts';
import {
  endsWith,
  hasOwn,
  isArray,
  isMap,
  isProxy,
  isSet,
  isTypedArray,
  mapGet,
  mapHas,
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
import { hintFor } from './hint.ts';
import { absent, type NamesAtPass, thisName } from './names.ts';
import { HiddenValue, NoValue } from './no-value.ts';
import { binaryOf, isNothing, isObject, keyOf, strictEqual, truthy, unary } from './operators.ts';
import { isUntouchable, readInherited, readOwn, readTouchable } from './read.ts';
import { spend, spendText, startWork } from './work.ts';

export { NoValue, thisName };

/** Gives the value of a name in scope, or of `this`. Throws `NoValue`. */
export type Lookup = (name: string) => unknown;

/** What an expression is worked out over: the names of a pass, or a function that knows them. */
export interface Evaluation {
  names: NamesAtPass | Lookup;
  hidden: HiddenName;
  /** The last member that had no value, and its object: for the sentence about a path that goes on from there. */
  without: { node: Node; owner: object } | undefined;
}

/** A parsed expression, ready to be worked out again and again. Throws `NoValue`. */
export type Compiled = (at: Evaluation) => unknown;

type Member = Extract<Node, readonly ['member', ...unknown[]]>;

/** A chain of `?.` that met null or undefined. */
const stopped = { stopped: true };

/**
 * Works out a parsed expression over real values of the program: own data properties only, and no getter, proxy trap, conversion
 * method, iterator or other function of the program is ever run. Throws `NoValue`.
 */
export function evaluate(node: Node, lookup: Lookup, hidden: HiddenName): unknown {
  startWork();
  return compile(node)({ names: lookup, hidden, without: undefined });
}

/** Makes closures of a parsed expression: no source is generated. Whoever calls them calls `startWork` before. */
export function compile(node: Node): Compiled {
  const run = part(node);
  if (!isChain(node)) return run;
  return (at) => {
    const value = run(at);
    return value === stopped ? undefined : value;
  };
}

/** Whether the node may give `stopped`. */
function isChain(node: Node): boolean {
  if (node === null || typeof node !== 'object') return false;
  if (node[0] === 'member') return node[3] !== undefined || isChain(node[1]);
  return node[0] === 'call' && (node[4] !== undefined || isChain(node[2]));
}

function part(node: Node): Compiled {
  if (node === null || typeof node !== 'object') return () => node;
  switch (node[0]) {
    case 'undefined':
      return () => undefined;
    case 'this':
      return nameReader(thisName);
    case 'name': {
      const read = nameReader(node[1]);
      const refuse = refusal(node[1], node[1]);
      return (at) => {
        refuse(at.hidden);
        return read(at);
      };
    }
    case 'member': {
      const target = part(node[1]);
      const isOptional = node[3] !== undefined;
      const read = memberReader(node);
      return (at) => {
        const value = target(at);
        return value === stopped || (isOptional && isNothing(value)) ? stopped : read(value, at);
      };
    }
    case 'call': {
      const method = node[1];
      const target = part(node[2]);
      const argument = compile(node[3]);
      const isOptional = node[4] !== undefined;
      return (at) => {
        const value = target(at);
        return value === stopped || (isOptional && isNothing(value)) ? stopped : pureCall(method, value, argument(at));
      };
    }
    case 'unary': {
      const operator = node[1];
      const operand = compile(node[2]);
      return (at) => unary(operator, operand(at));
    }
    case 'binary': {
      const apply = binaryOf(node[1]);
      const left = compile(node[2]);
      const right = compile(node[3]);
      return (at) => apply(left(at), right(at));
    }
    case 'logical': {
      const operator = node[1];
      const left = compile(node[2]);
      const right = compile(node[3]);
      if (operator === '&&') return (at) => and(left(at), right, at);
      if (operator === '||') return (at) => or(left(at), right, at);
      return (at) => left(at) ?? right(at);
    }
    case 'conditional': {
      const test = compile(node[1]);
      const yes = compile(node[2]);
      const no = compile(node[3]);
      return (at) => (truthy(test(at)) ? yes(at) : no(at));
    }
  }
}

function and(left: unknown, right: Compiled, at: Evaluation): unknown {
  return truthy(left) ? right(at) : left;
}

function or(left: unknown, right: Compiled, at: Evaluation): unknown {
  return truthy(left) ? left : right(at);
}

/** Looks the position of a name up once for each place. */
function nameReader(name: string): Compiled {
  let known: Map<string, number> | undefined;
  let position: number | undefined;
  return ({ names }) => {
    if (typeof names === 'function') return names(name);
    if (names.positions !== known) {
      known = names.positions;
      position = mapGet(known, name);
    }
    let value: unknown;
    try {
      value = position === undefined ? undefined : names.read(position);
    } catch (error) {
      throw noName(name, names, absent(name, names, error));
    }
    if (value === undefined) {
      if (position === undefined) throw noName(name, names, 'missing');
      if (mapHas(names.early, name)) throw noName(name, names, 'uninitialised');
    }
    return value;
  };
}

function noName(name: string, names: NamesAtPass, why: 'missing' | 'uninitialised'): NoValue {
  const shown = name[0] === '#' ? `this.${name}` : name;
  if (why === 'uninitialised') return new NoValue(`\`${shown}\` is not initialised yet on this line.`);
  if (!mapHas(names.positions, name)) return new NoValue(`\`${shown}\` is not a variable in scope on this line.`);
  if (shown !== name) return new NoValue(`\`this\` has no \`${name}\` here.`);
  return new NoValue(`The engine no longer has \`${shown}\`: the function around the line does not use it.`);
}

/** Throws when a rule hides the name; asks the rules once. */
function refusal(name: string, shown: string): (hidden: HiddenName) => void {
  let known: HiddenName | undefined;
  let rule: string | undefined;
  return (hidden) => {
    if (hidden !== known) {
      rule = hidden(name);
      known = hidden;
    }
    if (rule !== undefined) throw new HiddenValue(shown, rule);
  };
}

/** A key that is not written in the expression may be a value: messages leave it out. */
function memberReader(node: Member): (target: unknown, at: Evaluation) => unknown {
  const key = node[2];
  const hint = hintOf(node[1]);
  if (typeof key === 'string' || typeof key === 'number') {
    const name = toText(key);
    const refuse = refusal(name, name);
    return (target, at) => {
      refuse(at.hidden);
      if (isNothing(target)) throw new NoValue(`\`${toText(target)}\` has no \`${short(name)}\`${hint(at)}`);
      const value = member(target, name, name);
      if (value === undefined && isObject(target)) at.without = { node, owner: target };
      return value;
    };
  }
  const read = compile(key);
  return (target, at) => {
    const name = keyOf(read(at));
    const rule = at.hidden(typeof name === 'symbol' ? symbolText(name) : name);
    if (rule !== undefined) throw new HiddenValue('[…]', rule);
    if (isNothing(target)) throw new NoValue(`\`${toText(target)}\` has no \`[…]\`${hint(at)}`);
    return member(target, name, '[…]');
  };
}

/** What to say of null or undefined that this node gave: why, where that is known, and the full stop. */
function hintOf(node: Node): (at: Evaluation) => string {
  if (node === null || typeof node !== 'object' || node[0] !== 'member' || typeof node[2] !== 'string') return () => '.';
  const tell = hintFor(node[1], node[2]);
  return ({ without }) => (without?.node === node && tell(without.owner)) || '.';
}

function member(target: unknown, name: string | symbol, shown: string): unknown {
  if (typeof target === 'string') return ofText(target, name);
  if (!isObject(target)) return undefined;
  if (name === 'length' && isArray(target) && !isProxy(target)) return target.length;
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
    spendText(target, argument);
    return method === 'includes'
      ? stringIncludes(target, argument)
      : method === 'startsWith'
        ? startsWith(target, argument)
        : endsWith(target, argument);
  }
  if (method !== 'includes' || !isObject(target) || isUntouchable(target) || !isArray(target)) {
    throw new NoValue(`\`${method}\` needs a text${method === 'includes' ? ' or an array' : ''} before it.`);
  }
  const { length } = target;
  if (length > maxSearchedElements) throw new NoValue(`The array has more than ${maxSearchedElements} elements.`);
  for (let index = 0; index < length; index += 1) {
    spend(1);
    const element = readTouchable(target, index);
    const value = element.kind === 'value' ? element.value : undefined;
    if (element.kind !== 'getter' && strictEqual(value, argument)) return true;
    // As in the language, `includes` finds NaN.
    if (typeof value === 'number' && sameValue(value, argument)) return true;
  }
  return false;
}

/** Elements `includes` looks at. */
const maxSearchedElements = 10_000;

function short(name: string): string {
  return name.length <= 40 ? name : `${slice(name, 0, 40)}…`;
}
