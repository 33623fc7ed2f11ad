import { limits } from '../../protocol/limits.ts';
import type { Value } from '../../protocol/value.ts';
import {
  boxedValues,
  bufferBytes,
  dateIso,
  dateTime,
  isArgumentsObject,
  isArray,
  isArrayBuffer,
  isBoxedPrimitive,
  isDate,
  isInteger,
  isMap,
  isNativeError,
  isProxy,
  isRegExp,
  isSet,
  isSharedArrayBuffer,
  isTypedArray,
  mapEntries,
  mapNext,
  mapSize,
  ownKeys,
  regexpFlags,
  regexpSource,
  sameValue,
  setNext,
  setSize,
  setValues,
  sharedBufferBytes,
  symbolText,
  typedArrayLength,
  typedArrayName,
} from '../intrinsics.ts';
import type { Capture } from './capture.ts';
import { classNameOf, functionName, readInherited, readOwn } from './read.ts';

interface Visit {
  capture: Capture;
  target: object;
  path: string;
  level: number;
  className: string | undefined;
}

/** Objects that have nothing inside to open. */
const leaves: [is: (value: unknown) => boolean, show: (visit: Visit) => Value][] = [
  [isDate, ({ target }) => ({ $: 'date', iso: isoOf(target as Date) })],
  [isRegExp, ({ capture, target }) => ({ $: 'regexp', text: capture.keep(regexpText(target)) })],
];

/** Containers that are not opened field by field; the first that fits shows it. */
const containers: [is: (value: unknown) => boolean, show: (visit: Visit) => Value][] = [
  [isArray, showArray],
  [isTypedArray, showTypedArray],
  [isMap, showMap],
  [isSet, showSet],
  [isNativeError, showError],
  [isArgumentsObject, showArray],
  [isBoxedPrimitive, showBoxed],
  [isArrayBuffer, (visit) => showBuffer(visit, bufferBytes(visit.target))],
  [isSharedArrayBuffer, (visit) => showBuffer(visit, sharedBufferBytes(visit.target))],
];

/** Shows an object or function. `opened` is called before anything inside is shown. */
export function captureObject(capture: Capture, target: object, path: string, level: number, opened: () => void): Value {
  if (isProxy(target)) return { $: 'proxy' };
  if (typeof target === 'function') return { $: 'function', name: capture.keep(functionName(target), limits.maxNameChars) };
  const visit: Visit = { capture, target, path, level, className: undefined };
  for (let index = 0; index < leaves.length; index += 1) {
    const leaf = leaves[index] as (typeof leaves)[number];
    if (leaf[0](target)) return leaf[1](visit);
  }
  const name = classNameOf(target);
  visit.className = name === undefined ? undefined : capture.keep(name, limits.maxNameChars);
  if (level > capture.depth) {
    capture.note('depth');
    const shownName = visit.className ?? (isArray(target) ? 'Array' : undefined);
    return { $: 'cut', why: 'depth', ...(shownName === undefined ? {} : { className: shownName }) };
  }
  opened();
  for (let index = 0; index < containers.length; index += 1) {
    const container = containers[index] as (typeof containers)[number];
    if (container[0](target)) return container[1](visit);
  }
  const { fields, more } = fieldsOf(visit);
  return { $: 'object', ...named(visit), fields, ...(more > 0 ? { more } : {}) };
}

function named({ className }: Visit): { className?: string } {
  return className === undefined || className === 'Array' || className === 'Map' ? {} : { className };
}

/** Own fields in their order, symbols by their description; `skipped` are shown elsewhere. */
function fieldsOf(
  { capture, target, path, level }: Visit,
  skipped: readonly string[] = [],
): { fields: [string, Value][]; more: number } {
  const keys = ownKeys(target);
  const fields: [string, Value][] = [];
  let left = 0;
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string | symbol;
    if (isOneOf(key, skipped)) {
      left += 1;
      continue;
    }
    if (fields.length === limits.maxFields || capture.isFull) break;
    const name = typeof key === 'symbol' ? symbolText(key) : key;
    fields[fields.length] = [
      capture.keep(name, limits.maxNameChars),
      capture.named(name, readOwn(target, key), memberPath(path, name), level + 1),
    ];
  }
  return { fields, more: keys.length - left - fields.length };
}

function isOneOf(key: string | symbol, names: readonly string[]): boolean {
  for (let index = 0; index < names.length; index += 1) if (names[index] === key) return true;
  return false;
}

/** Arrays and `arguments`, by index: naming all keys of a large array would take as long as the array. */
function showArray(visit: Visit): Value {
  const { capture, target, path, level } = visit;
  const read = readOwn(target, 'length');
  const length = read.kind === 'value' && isInteger(read.value) ? (read.value as number) : 0;
  const elements: Value[] = [];
  while (elements.length < length && elements.length < limits.maxElements && !capture.isSpent) {
    const index = elements.length;
    const element = readOwn(target, index);
    const at = `${path}[${index}]`;
    elements[index] =
      element.kind === 'value'
        ? capture.value(element.value, at, level + 1)
        : element.kind === 'missing'
          ? { $: 'undefined' }
          : capture.absent(element.kind);
  }
  const className = isArgumentsObject(target) ? 'Arguments' : visit.className;
  return { $: 'array', ...named({ ...visit, className }), length, elements };
}

function showTypedArray(visit: Visit): Value {
  const { capture, path, level } = visit;
  const target = visit.target as Uint8Array;
  const length = typedArrayLength(target);
  const elements: Value[] = [];
  while (elements.length < length && elements.length < limits.maxElements && !capture.isSpent) {
    elements[elements.length] = capture.value(target[elements.length], path, level + 1);
  }
  return { $: 'array', className: visit.className ?? typedArrayName(target), length, elements };
}

function showSet(visit: Visit): Value {
  const { capture, path, level } = visit;
  const target = visit.target as Set<unknown>;
  const length = setSize(target);
  const values = setValues(target);
  const elements: Value[] = [];
  while (elements.length < limits.maxElements && !capture.isSpent) {
    const next = setNext(values);
    if (next.done === true) break;
    elements[elements.length] = capture.value(next.value, `${path}[${elements.length}]`, level + 1);
  }
  return { $: 'array', className: visit.className ?? 'Set', length, elements };
}

function showMap(visit: Visit): Value {
  const { capture, path, level } = visit;
  const target = visit.target as Map<unknown, unknown>;
  const walk = mapEntries(target);
  const entries: [Value, Value][] = [];
  while (entries.length < limits.maxElements && !capture.isSpent) {
    const next = mapNext(walk);
    if (next.done === true) break;
    const entry = next.value as unknown[];
    const key = entry[0];
    const value = entry[1];
    const at = typeof key === 'string' ? memberPath(path, key) : `${path}[${entries.length}]`;
    const shownKey = capture.value(key, `${at} (key)`, level + 1);
    const read = { kind: 'value', value } as const;
    entries[entries.length] = [
      shownKey,
      typeof key === 'string' ? capture.named(key, read, at, level + 1) : capture.value(value, at, level + 1),
    ];
  }
  return { $: 'map', ...named(visit), size: mapSize(target), entries };
}

/** `cause` and other own fields are shown as fields; `message` may be inherited. */
function showError(visit: Visit): Value {
  const { capture, target } = visit;
  const message = readInherited(target, 'message');
  const stack = readOwn(target, 'stack');
  const { fields } = fieldsOf(visit, ['message', 'stack']);
  return {
    $: 'error',
    className: visit.className ?? 'Error',
    message:
      message.kind === 'value' && typeof message.value === 'string' ? capture.keep(message.value, limits.maxMessageChars) : '',
    ...(stack.kind === 'value' && typeof stack.value === 'string'
      ? { stack: capture.keep(stack.value, limits.maxErrorStackChars) }
      : {}),
    fields,
  };
}

function showBoxed(visit: Visit): Value {
  const { capture, target, path, level } = visit;
  for (let index = 0; index < boxedValues.length; index += 1) {
    try {
      const value = (boxedValues[index] as (self: unknown) => unknown)(target);
      return { $: 'object', ...named(visit), fields: [['value', capture.value(value, path, level + 1)]] };
    } catch {
      // Not this kind of primitive.
    }
  }
  return { $: 'object', ...named(visit), fields: [] };
}

function showBuffer(visit: Visit, byteLength: number): Value {
  return { $: 'object', ...named(visit), fields: [['byteLength', visit.capture.value(byteLength, visit.path, visit.level + 1)]] };
}

function isoOf(date: Date): string {
  const time = dateTime(date);
  return sameValue(time, Number.NaN) ? 'Invalid Date' : dateIso(date);
}

function regexpText(target: object): string {
  let flags = '';
  for (let index = 0; index < regexpFlags.length; index += 1) {
    const flag = regexpFlags[index] as (typeof regexpFlags)[number];
    if (flag[1]?.(target) === true) flags += flag[0];
  }
  return `/${regexpSource(target)}/${flags}`;
}

function memberPath(path: string, name: string): string {
  return `${path}.${name}`;
}
