import { clearTimeout, setImmediate, setTimeout } from 'node:timers';

// Not from `node:util`: importing that opens the program's stderr in Node 22 and later.
export {
  isArgumentsObject,
  isArrayBuffer,
  isBoxedPrimitive,
  isDate,
  isMap,
  isNativeError,
  isProxy,
  isRegExp,
  isSet,
  isSharedArrayBuffer,
  isTypedArray,
} from 'node:util/types';

/**
 * The language as it was when the agent was loaded. Programs patch globals; code that runs at a hit uses only what is kept here,
 * and neither iterates, spreads nor calls a method through a prototype the program can change.
 */

/** A function that takes the `this` of `method` as its first argument. */
type Uncurried = <This, Args extends unknown[], Result>(
  method: (this: This, ...args: Args) => Result,
) => (self: This, ...args: Args) => Result;
const uncurry: Uncurried = Function.prototype.bind.bind(Function.prototype.call) as unknown as Uncurried;

/** The native getter of an accessor such as `Map.prototype.size`, with its `this` as the argument. */
function getter<Result>(prototype: object, key: PropertyKey): (self: object) => Result {
  const get = Reflect.getOwnPropertyDescriptor(prototype, key)?.get;
  if (get === undefined) throw new TypeError(`No accessor ${String(key)}`);
  return uncurry(get as (this: object) => Result);
}

/** Undefined where the engine is too old to have it. */
function optionalGetter<Result>(prototype: object, key: PropertyKey): ((self: object) => Result) | undefined {
  return Reflect.getOwnPropertyDescriptor(prototype, key) === undefined ? undefined : getter(prototype, key);
}

const typedArrayPrototype = Reflect.getPrototypeOf(Uint8Array.prototype) as object;
const iteratorNext = (iterator: object) =>
  uncurry((Reflect.getPrototypeOf(iterator) as { next: (this: unknown) => IteratorResult<unknown> }).next);

export const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf, setPrototypeOf, defineProperty, deleteProperty } = Reflect;
export const hasOwn = Object.hasOwn;
export const isArray = Array.isArray;
export const toText = String;
export const toNumber = Number;
export const isInteger = Number.isInteger;
export const sameValue = Object.is;
export const objectPrototype = Object.prototype;
export const ErrorClass = Error;
export const captureStackTrace = Error.captureStackTrace;
export const { load: atomicLoad, store: atomicStore } = Atomics;
export const { min, max, round } = Math;

/** Milliseconds that never go back. */
export const monotonicMs = performance.now.bind(performance);
export const epochMs = Date.now;
export const startTimer = setTimeout;
export const stopTimer = clearTimeout;
export const startImmediate = setImmediate;

export const slice = uncurry(String.prototype.slice);
export const charCode = uncurry(String.prototype.charCodeAt);
export const stringIncludes = uncurry(String.prototype.includes);
export const startsWith = uncurry(String.prototype.startsWith);
export const endsWith = uncurry(String.prototype.endsWith);
export const bigintText = uncurry(BigInt.prototype.toString);
export const bigintWrap = BigInt.asIntN;
export const symbolText = uncurry(Symbol.prototype.toString);

export const mapSize = getter<number>(Map.prototype, 'size');
export const mapEntries = uncurry(Map.prototype.entries);
export const mapNext = iteratorNext(new Map().entries());
export const setSize = getter<number>(Set.prototype, 'size');
export const setValues = uncurry(Set.prototype.values);
export const setNext = iteratorNext(new Set().values());
export const KeptMap = Map;
export const mapGet = uncurry(Map.prototype.get) as <K, V>(map: Map<K, V>, key: K) => V | undefined;
export const mapSet = uncurry(Map.prototype.set) as <K, V>(map: Map<K, V>, key: K, value: V) => Map<K, V>;
export const mapHas = uncurry(Map.prototype.has) as <K, V>(map: Map<K, V>, key: K) => boolean;

export const typedArrayLength = getter<number>(typedArrayPrototype, 'length');
export const typedArrayName = getter<string>(typedArrayPrototype, Symbol.toStringTag);
export const bufferBytes = getter<number>(ArrayBuffer.prototype, 'byteLength');
export const sharedBufferBytes = getter<number>(SharedArrayBuffer.prototype, 'byteLength');
export const dateTime = uncurry(Date.prototype.getTime);
export const dateIso = uncurry(Date.prototype.toISOString);
export const regexpSource = getter<string>(RegExp.prototype, 'source');
/** `flags` itself asks the object's own properties, which a program can define; these read the internal slot. */
export const regexpFlags: [letter: string, has: ((self: object) => boolean) | undefined][] = [
  ['d', optionalGetter(RegExp.prototype, 'hasIndices')],
  ['g', optionalGetter(RegExp.prototype, 'global')],
  ['i', optionalGetter(RegExp.prototype, 'ignoreCase')],
  ['m', optionalGetter(RegExp.prototype, 'multiline')],
  ['s', optionalGetter(RegExp.prototype, 'dotAll')],
  ['u', optionalGetter(RegExp.prototype, 'unicode')],
  ['v', optionalGetter(RegExp.prototype, 'unicodeSets')],
  ['y', optionalGetter(RegExp.prototype, 'sticky')],
];
export const boxedValues = [
  uncurry(String.prototype.valueOf),
  uncurry(Number.prototype.valueOf),
  uncurry(Boolean.prototype.valueOf),
  uncurry(Symbol.prototype.valueOf),
  uncurry(BigInt.prototype.valueOf),
] as ((self: unknown) => unknown)[];
