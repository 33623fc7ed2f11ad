import { label, Malformed, oneOf, ownField, type Reader, text, whole } from './check.ts';
import { limits } from './limits.ts';
import type { CutReason, Tagged, Value } from './value.ts';

/** Values one capture may still bring; shared by all values of a frame. */
export interface NodeBudget {
  left: number;
}

const cutReason = oneOf<CutReason>(['depth', 'nodes', 'bytes', 'time']);
const name = label(limits.maxNameChars);
const className = label(limits.maxNameChars);
const count = whole(0, Number.MAX_SAFE_INTEGER);
/** Texts that say a value which JSON cannot, for example the digits of a bigint. */
const exact = text(limits.maxStringChars);

/**
 * Reads values of one frame. What has the wrong type is refused; what is merely too much (deeper, longer or more than
 * `limits` allows) is cut here as an honest agent would have cut it, and says so. At most `budget.left` values are
 * looked at, whatever was sent.
 */
export function valueReader(budget: NodeBudget): Reader<Value> {
  const read = (value: unknown, path: string, depth: number): Value => {
    if (budget.left <= 0) return { $: 'cut', why: 'nodes' };
    budget.left -= 1;
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) throw new Malformed(path, 'a finite number');
      return value;
    }
    if (typeof value === 'string') return cutString(value, value.length);
    if (typeof value !== 'object' || Array.isArray(value)) throw new Malformed(path, 'a value');
    return tagged(value, path, depth);
  };

  const tagged = (value: object, path: string, depth: number): Value => {
    const field = (one: string): unknown => ownField(value, one);
    const named = (): { className?: string } =>
      field('className') === undefined ? {} : { className: className(field('className'), `${path}.className`) };
    const tooDeep = (): Tagged | undefined => (depth > limits.maxDepth ? { $: 'cut', why: 'depth', ...named() } : undefined);

    switch (field('$')) {
      case 'undefined':
        return { $: 'undefined' };
      case 'getter':
        return { $: 'getter' };
      case 'proxy':
        return { $: 'proxy' };
      case 'uninitialised':
        return { $: 'uninitialised' };
      case 'unavailable':
        return { $: 'unavailable' };
      case 'number':
        return { $: 'number', text: exact(field('text'), `${path}.text`) };
      case 'bigint':
        return { $: 'bigint', text: exact(field('text'), `${path}.text`) };
      case 'symbol':
        return { $: 'symbol', text: clip(field('text'), `${path}.text`) };
      case 'regexp':
        return { $: 'regexp', text: clip(field('text'), `${path}.text`) };
      case 'date':
        return { $: 'date', iso: label(40)(field('iso'), `${path}.iso`) };
      case 'function':
        return { $: 'function', name: name(field('name'), `${path}.name`) };
      case 'reference':
        return { $: 'reference', path: label(limits.maxMessageChars)(field('path'), `${path}.path`) };
      case 'string': {
        const whole = count(field('length'), `${path}.length`);
        return cutString(clip(field('text'), `${path}.text`), whole);
      }
      case 'object': {
        const { items, left } = fields(field('fields'), path, depth);
        const more = left + (field('more') === undefined ? 0 : count(field('more'), `${path}.more`));
        return tooDeep() ?? { $: 'object', ...named(), fields: items, ...(more > 0 ? { more } : {}) };
      }
      case 'array': {
        const deep = tooDeep();
        if (deep !== undefined) return deep;
        const elements = array(field('elements'), `${path}.elements`);
        const length = Math.max(count(field('length'), `${path}.length`), elements.length);
        const items = some(elements, limits.maxElements, (one, index) => read(one, `${path}[${index}]`, depth + 1));
        return { $: 'array', ...named(), length, elements: items };
      }
      case 'map': {
        const deep = tooDeep();
        if (deep !== undefined) return deep;
        const entries = array(field('entries'), `${path}.entries`);
        const size = Math.max(count(field('size'), `${path}.size`), entries.length);
        const items = some(entries, limits.maxElements, (entry, index): [Value, Value] => {
          const at = `${path}.entries[${index}]`;
          const [key, item] = pair(entry, at);
          return [read(key, at, depth + 1), read(item, at, depth + 1)];
        });
        return { $: 'map', ...named(), size, entries: items };
      }
      case 'error': {
        const stack =
          field('stack') === undefined ? {} : { stack: clip(field('stack'), `${path}.stack`, limits.maxErrorStackChars) };
        return {
          $: 'error',
          className: className(field('className'), `${path}.className`),
          message: clip(field('message'), `${path}.message`, limits.maxMessageChars),
          ...stack,
          fields: depth > limits.maxDepth ? [] : fields(field('fields'), path, depth).items,
        };
      }
      case 'cut':
        return { $: 'cut', why: cutReason(field('why'), `${path}.why`), ...named() };
      case 'redacted':
        // `marker` is for the bridge to write: an agent could make people read anything there.
        return { $: 'redacted', rule: label(80)(field('rule'), `${path}.rule`) };
      default:
        throw new Malformed(`${path}.$`, 'a known kind of value');
    }
  };

  const fields = (value: unknown, path: string, depth: number): { items: [string, Value][]; left: number } => {
    const all = array(value, `${path}.fields`);
    if (depth > limits.maxDepth) return { items: [], left: all.length };
    const items = some(all, limits.maxFields, (field, index): [string, Value] => {
      const at = `${path}.fields[${index}]`;
      const [key, item] = pair(field, at);
      return [name(key, at), read(item, at, depth + 1)];
    });
    return { items, left: all.length - items.length };
  };

  /** The first `max`, fewer when the budget ends before. */
  const some = <T>(all: unknown[], max: number, one: (item: unknown, index: number) => T): T[] => {
    const items: T[] = [];
    while (items.length < Math.min(max, all.length) && budget.left > 0) items.push(one(all[items.length], items.length));
    return items;
  };

  return (value, path) => read(value, path, 1);
}

function array(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) throw new Malformed(path, 'an array');
  return value;
}

function pair(value: unknown, path: string): [unknown, unknown] {
  if (!Array.isArray(value) || value.length !== 2) throw new Malformed(path, 'a pair');
  return [value[0], value[1]];
}

function clip(value: unknown, path: string, max: number = limits.maxStringChars): string {
  if (typeof value !== 'string') throw new Malformed(path, 'a string');
  return value.slice(0, max);
}

/** A whole string, or its beginning with its whole length. */
function cutString(value: string, length: number): Value {
  const shown = value.slice(0, limits.maxStringChars);
  return length > shown.length ? { $: 'string', text: shown, length } : shown;
}
