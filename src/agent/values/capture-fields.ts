import { limits } from '../../protocol/limits.ts';
import type { Value } from '../../protocol/value.ts';
import { monotonicMs, ownKeys, symbolText } from '../intrinsics.ts';
import type { Capture } from './capture.ts';
import { KeptWeakMap, weakGet, weakSet } from './kept.ts';
import { push, thirty } from './lists.ts';
import { readTouchable } from './read.ts';

/** An object that is being shown. */
export interface Visit {
  capture: Capture;
  target: object;
  path: string;
  level: number;
  className: string | undefined;
}

/** What every function has. */
const ofFunctions: readonly string[] = ['length', 'name', 'prototype', 'arguments', 'caller'];
const hiddenOfFunctions: readonly string[] = ['length', 'prototype', 'arguments', 'caller'];

/** So many keys, when listing them took so long, are listed once for an object: V8 has no way to list some of them only. */
const manyKeys = 1_000;
const maxListingMs = 1;
/** The first keys of such objects, and how many there were. */
const listed = new KeptWeakMap<object, { keys: (string | symbol)[]; length: number }>();

/** All own keys; of an object with many, the first ones and how many there are. */
export function keysOf(target: object): { keys: (string | symbol)[]; length: number } {
  const known = weakGet(listed, target);
  if (known !== undefined) return known;
  const startMs = monotonicMs();
  const keys = ownKeys(target);
  const found = { keys, length: keys.length };
  if (keys.length > manyKeys && monotonicMs() - startMs > maxListingMs) {
    found.keys = [];
    for (let index = 0; index < 2 * limits.maxFields; index += 1) push(found.keys, keys[index] as string | symbol);
    weakSet(listed, target, found);
  }
  return found;
}

/** Whether a function has more than every function has. */
export function hasFields(target: object): boolean {
  const { keys } = keysOf(target);
  for (let index = 0; index < keys.length; index += 1) if (!isOneOf(keys[index], ofFunctions)) return true;
  return false;
}

/** Own fields in their order, symbols by their description; `skipped` are shown elsewhere. */
export function fieldsOf(
  { capture, target, path, level }: Visit,
  skipped: readonly string[] = typeof target === 'function' ? hiddenOfFunctions : [],
): { fields: [string, Value][]; more: number } {
  const { keys, length } = keysOf(target);
  const fields = thirty<[string, Value]>();
  let left = 0;
  let count = 0;
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string | symbol;
    if (isOneOf(key, skipped)) {
      left += 1;
      continue;
    }
    if (count === limits.maxFields || capture.isFull) break;
    const name = typeof key === 'symbol' ? symbolText(key) : key;
    fields[count] = [
      capture.keep(name, limits.maxNameChars),
      capture.named(name, readTouchable(target, key), `${path}.${name}`, level + 1),
    ];
    count += 1;
  }
  fields.length = count;
  return { fields, more: length - left - count };
}

function isOneOf(key: unknown, names: readonly string[]): boolean {
  for (let index = 0; index < names.length; index += 1) if (names[index] === key) return true;
  return false;
}

/** The class name, where it is not told by the kind of the value. */
export function named({ className }: Visit): { className?: string } {
  return className === undefined || className === 'Array' || className === 'Map' ? {} : { className };
}
