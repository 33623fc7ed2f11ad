import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { uncurry } from '../protocol/kept.ts';

export {
  charCode,
  indexOf,
  KeptMap,
  mapGet,
  mapHas,
  mapSet,
  slice,
  startsWith,
  stringIncludes,
} from '../protocol/kept.ts';

/** The part of intrinsics.ts that is needed outside of probes, too. */

/** The native getter of an accessor such as `Map.prototype.size`, with its `this` as the argument. */
export function getter<Result>(prototype: object, key: PropertyKey): (self: object) => Result {
  const get = Reflect.getOwnPropertyDescriptor(prototype, key)?.get;
  if (get === undefined) throw new TypeError(`No accessor ${String(key)}`);
  return uncurry(get as (this: object) => Result);
}

export const typedArrayPrototype = Reflect.getPrototypeOf(Uint8Array.prototype) as object;
export const typedArrayLength = getter<number>(typedArrayPrototype, 'length');
export const { setPrototypeOf, defineProperty, deleteProperty } = Reflect;
export const hasOwn = Object.hasOwn;

/** Milliseconds that never go back. */
export const monotonicMs = performance.now.bind(performance);
export const startTimer = setTimeout;
export const stopTimer = clearTimeout;
export const startImmediate = setImmediate;
