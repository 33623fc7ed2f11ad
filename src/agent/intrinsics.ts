import { uncurry } from '../protocol/kept.ts';
import { getter, typedArrayPrototype } from './language.ts';

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
export * from './language.ts';

/**
 * The language as it was when the agent was loaded. Programs patch globals; code that runs at a hit uses only what is kept here,
 * and neither iterates, spreads nor calls a method through a prototype the program can change.
 */

/** Undefined where the engine is too old to have it. */
function optionalGetter<Result>(prototype: object, key: PropertyKey): ((self: object) => Result) | undefined {
  return Reflect.getOwnPropertyDescriptor(prototype, key) === undefined ? undefined : getter(prototype, key);
}

const iteratorNext = (iterator: object) =>
  uncurry((Reflect.getPrototypeOf(iterator) as { next: (this: unknown) => IteratorResult<unknown> }).next);

export const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
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

export const epochMs = Date.now;

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
