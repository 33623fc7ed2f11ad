import { limits } from '../../protocol/limits.ts';
import type { Value } from '../../protocol/value.ts';
import {
  bufferBytes,
  isArgumentsObject,
  isArray,
  isArrayBuffer,
  isBoxedPrimitive,
  isDate,
  isMap,
  isNativeError,
  isRegExp,
  isSet,
  isSharedArrayBuffer,
  isTypedArray,
  sharedBufferBytes,
} from '../intrinsics.ts';
import type { Capture } from './capture.ts';
import { fieldsOf, hasFields, named, type Visit } from './capture-fields.ts';
import {
  dateText,
  regexpText,
  showArray,
  showBoxed,
  showBuffer,
  showError,
  showMap,
  showSet,
  showTypedArray,
} from './capture-kinds.ts';
import { isDataView, viewBytes } from './kept.ts';
import { classNameOf, functionName, isUntouchable } from './read.ts';

/** Objects that have nothing inside to open. */
const leaves: [is: (value: unknown) => boolean, show: (visit: Visit) => Value][] = [
  [isDate, ({ target }) => ({ $: 'date', iso: dateText(target as Date) })],
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
  [isArrayBuffer, (visit) => showBuffer(visit, bufferBytes)],
  [isSharedArrayBuffer, (visit) => showBuffer(visit, sharedBufferBytes)],
  [isDataView, (visit) => showBuffer(visit, viewBytes)],
];

/** Shows an object or function. `opened` is called before anything inside is shown. */
export function captureObject(capture: Capture, target: object, path: string, level: number, opened: () => void): Value {
  if (isUntouchable(target)) return { $: 'proxy' };
  const visit: Visit = { capture, target, path, level, className: undefined };
  if (typeof target === 'function') {
    if (level > capture.depth || capture.isSpent || !hasFields(target))
      return { $: 'function', name: capture.keep(functionName(target), limits.maxNameChars) };
    visit.className = 'Function';
    opened();
    return showObject(visit);
  }
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
  return showObject(visit);
}

function showObject(visit: Visit): Value {
  const { fields, more } = fieldsOf(visit);
  return { $: 'object', ...named(visit), fields, ...(more > 0 ? { more } : {}) };
}
