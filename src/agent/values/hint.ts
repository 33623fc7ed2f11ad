import type { Node } from '../../protocol/expression.ts';
import { charCode, isArray, isBoxedPrimitive, isTypedArray, monotonicMs, slice } from '../intrinsics.ts';
import { keysOf } from './capture-fields.ts';
import { push } from './lists.ts';
import { nearestOf } from './nearest.ts';
import { readOwn } from './read.ts';

/** Names of one object that are compared. */
const maxCompared = 100;
/** Longest name that is told, and longest path. */
const maxNameChars = 40;
const maxPathChars = 80;
/** Listing the keys of an object takes time, and a condition can fail at each pass: what was found is told again for so long. */
const keptMs = 1_000;

/**
 * Says of a member that is nowhere, as `itmes` of `order.itmes.length`, which own names of its object are written like it. Names only:
 * nothing is read, and a name that could be data (no identifier, or a long one) is not told.
 */
export function hintFor(owner: Node, name: string): (target: object) => string {
  let told = '';
  let askedMs = Number.NEGATIVE_INFINITY;
  return (target) => {
    // Of lists and texts every index is a key.
    if (isArray(target) || isTypedArray(target) || isBoxedPrimitive(target)) return '';
    if (readOwn(target, name).kind !== 'missing') return '';
    const nowMs = monotonicMs();
    if (nowMs - askedMs < keptMs) return told;
    askedMs = nowMs;
    const near = nearestOf(name, ownNames(target), 2);
    told =
      near.length === 0
        ? ''
        : `: \`${pathOf(owner)}\` has no own \`${slice(name, 0, maxNameChars)}\`; did you mean ${listOf(near)}?`;
    return told;
  };
}

function ownNames(target: object): string[] {
  const { keys } = keysOf(target);
  const names: string[] = [];
  for (let index = 0; index < keys.length && names.length < maxCompared; index += 1) {
    const key = keys[index];
    if (typeof key === 'string' && isPlain(key)) push(names, key);
  }
  return names;
}

/** Letters, digits, `_` and `$`. */
function isPlain(name: string): boolean {
  if (name.length === 0 || name.length > maxNameChars) return false;
  for (let index = 0; index < name.length; index += 1) {
    const code = charCode(name, index);
    const isDigit = code >= 48 && code <= 57;
    const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 36 || code === 95;
    if (!isLetter && !(isDigit && index > 0)) return false;
  }
  return true;
}

/** `order.customer`, as far as the path is written so. */
function pathOf(node: Node): string {
  const path = writtenPath(node);
  return path === undefined || path.length > maxPathChars ? 'the object' : path;
}

function writtenPath(node: Node): string | undefined {
  if (node === null || typeof node !== 'object') return undefined;
  if (node[0] === 'this') return 'this';
  if (node[0] === 'name') return node[1];
  if (node[0] !== 'member' || typeof node[2] !== 'string') return undefined;
  const before = writtenPath(node[1]);
  return before === undefined ? undefined : `${before}.${node[2]}`;
}

function listOf(names: readonly string[]): string {
  let list = '';
  for (let index = 0; index < names.length; index += 1) list += `${index === 0 ? '' : ' or '}\`${names[index]}\``;
  return list;
}
