import { limits } from '../../protocol/limits.ts';
import type { Value } from '../../protocol/value.ts';
import {
  boxedValues,
  dateIso,
  dateTime,
  isArgumentsObject,
  isInteger,
  mapEntries,
  mapNext,
  mapSize,
  regexpFlags,
  regexpSource,
  sameValue,
  setNext,
  setSize,
  setValues,
  typedArrayLength,
  typedArrayName,
} from '../intrinsics.ts';
import { fieldsOf, named, type Visit } from './capture-fields.ts';
import { push, ten } from './lists.ts';
import { readInherited, readTouchable } from './read.ts';

/** Arrays and `arguments`, by index: naming all keys of a large array would take as long as the array. */
export function showArray(visit: Visit): Value {
  const { capture, target, path, level } = visit;
  const read = readTouchable(target, 'length');
  const length = read.kind === 'value' && isInteger(read.value) ? (read.value as number) : 0;
  const elements = ten<Value>();
  let index = 0;
  for (; index < length && index < limits.maxElements && !capture.isSpent; index += 1) {
    const element = readTouchable(target, index);
    const at = `${path}[${index}]`;
    elements[index] =
      element.kind === 'value'
        ? capture.value(element.value, at, level + 1)
        : element.kind === 'missing'
          ? { $: 'undefined' }
          : capture.absent(element.kind);
  }
  elements.length = index;
  const className = isArgumentsObject(target) ? 'Arguments' : visit.className;
  return { $: 'array', ...named({ ...visit, className }), length, elements };
}

export function showTypedArray(visit: Visit): Value {
  const { capture, path, level } = visit;
  const target = visit.target as Uint8Array;
  const length = typedArrayLength(target);
  const elements = ten<Value>();
  let index = 0;
  for (; index < length && index < limits.maxElements && !capture.isSpent; index += 1)
    elements[index] = capture.value(target[index], path, level + 1);
  elements.length = index;
  return { $: 'array', className: visit.className ?? typedArrayName(target), length, elements };
}

export function showSet(visit: Visit): Value {
  const { capture, path, level } = visit;
  const target = visit.target as Set<unknown>;
  const length = setSize(target);
  const values = setValues(target);
  const elements = ten<Value>();
  let index = 0;
  for (; index < limits.maxElements && !capture.isSpent; index += 1) {
    const next = setNext(values);
    if (next.done === true) break;
    elements[index] = capture.value(next.value, `${path}[${index}]`, level + 1);
  }
  elements.length = index;
  return { $: 'array', className: visit.className ?? 'Set', length, elements };
}

export function showMap(visit: Visit): Value {
  const { capture, path, level } = visit;
  const target = visit.target as Map<unknown, unknown>;
  const walk = mapEntries(target);
  const entries = ten<[Value, Value]>();
  let index = 0;
  for (; index < limits.maxElements && !capture.isSpent; index += 1) {
    const next = mapNext(walk);
    if (next.done === true) break;
    const entry = next.value as unknown[];
    const key = entry[0];
    const value = entry[1];
    const at = typeof key === 'string' ? `${path}.${key}` : `${path}[${index}]`;
    const shownKey = capture.value(key, `${at} (key)`, level + 1);
    const read = { kind: 'value', value } as const;
    entries[index] = [
      shownKey,
      typeof key === 'string' ? capture.named(key, read, at, level + 1) : capture.value(value, at, level + 1),
    ];
  }
  entries.length = index;
  return { $: 'map', ...named(visit), size: mapSize(target), entries };
}

/**
 * `cause`, `errors` and other own fields are shown as fields; `message` may be inherited. `stack` begins with the message, so a rule that hides
 * that hides both.
 */
export function showError(visit: Visit): Value {
  const { capture, target } = visit;
  const message = readInherited(target, 'message');
  const stack = readTouchable(target, 'stack');
  const { fields } = fieldsOf(visit, ['message', 'stack']);
  const rule = capture.ruleFor('message');
  const stackRule = rule ?? capture.ruleFor('stack');
  if (rule !== undefined) push(fields, ['message', capture.redact(rule)]);
  if (stackRule !== undefined) push(fields, ['stack', capture.redact(stackRule)]);
  return {
    $: 'error',
    className: visit.className ?? 'Error',
    message:
      rule === undefined && message.kind === 'value' && typeof message.value === 'string'
        ? capture.keep(message.value, limits.maxMessageChars)
        : '',
    ...(stackRule === undefined && stack.kind === 'value' && typeof stack.value === 'string'
      ? { stack: capture.keep(stack.value, limits.maxErrorStackChars) }
      : {}),
    fields,
  };
}

export function showBoxed(visit: Visit): Value {
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

/** A view that is out of the bounds of its buffer has no length. */
export function showBuffer(visit: Visit, bytesOf: (target: object) => number): Value {
  let bytes: number | undefined;
  try {
    bytes = bytesOf(visit.target);
  } catch {
    // Detached, or shrunk.
  }
  return { $: 'object', ...named(visit), fields: [['byteLength', visit.capture.value(bytes, visit.path, visit.level + 1)]] };
}

export function dateText(date: Date): string {
  const time = dateTime(date);
  return sameValue(time, Number.NaN) ? 'Invalid Date' : dateIso(date);
}

export function regexpText(target: object): string {
  let flags = '';
  for (let index = 0; index < regexpFlags.length; index += 1) {
    const flag = regexpFlags[index] as (typeof regexpFlags)[number];
    if (flag[1]?.(target) === true) flags += flag[0];
  }
  return `/${regexpSource(target)}/${flags}`;
}
