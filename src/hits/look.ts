import { isMarker, markerPattern } from '../redaction/marker.ts';
import type { Rendered } from '../redaction/render.ts';

/** What a rendered value is, read back from the JSON of `render`. */
export type Looked =
  | { is: 'scalar'; type: string; value: undefined | null | boolean | number | string | bigint }
  /** A string that was cut: its beginning, and how long it was. */
  | { is: 'beginning'; text: string; length: number }
  /** Hidden as a whole, or a text in which something is hidden. */
  | { is: 'hidden'; text: string; isWhole: boolean; isTagged: boolean }
  /** Has no parts that could be named: a date, a function, an accessor, … */
  | { is: 'opaque'; type: string; text: string }
  /** Was not read here: left out, or shown at another path. */
  | { is: 'unknown'; why: string }
  | { is: 'object'; type: string; fields: [string, Rendered][]; isPartial: boolean }
  | { is: 'list'; type: string; items: Rendered[]; length: number; isPartial: boolean }
  | { is: 'map'; type: string; entries: [Rendered, Rendered][]; size: number; isPartial: boolean };

type Fields = { [name: string]: Rendered };

const leftOut = /^\d+ more of (\d+)$/;
const cutReasons: ReadonlySet<string> = new Set(['depth', 'nodes', 'bytes', 'time']);
const bare: ReadonlySet<string> = new Set(['getter', 'proxy', 'uninitialised', 'unavailable']);
/** Types whose one text says all there is: the field that holds it. */
const texts: Readonly<Record<string, string>> = { symbol: 'text', RegExp: 'text', Date: 'iso', function: 'name' };

/** Reads what `render` wrote. An instance of a class of the program that has the name and the fields of a built-in one passes for it. */
export function look(value: Rendered): Looked {
  if (value === null) return { is: 'scalar', type: 'null', value };
  if (typeof value === 'string') return lookText(value);
  if (typeof value !== 'object') return { is: 'scalar', type: typeof value, value };
  return Array.isArray(value) ? lookList('array', value, undefined) : lookTagged(value);
}

function lookText(text: string): Looked {
  if (!text.includes('[REDACTED:')) return { is: 'scalar', type: 'string', value: text };
  const markers = text.match(markerPattern) ?? [];
  if (markers.length === 0) return { is: 'scalar', type: 'string', value: text };
  return { is: 'hidden', text, isWhole: isMarker(text), isTagged: markers.every((marker) => marker.includes('#')) };
}

function lookList(type: string, elements: Rendered[], length: number | undefined): Looked {
  const last = elements.at(-1);
  const more = isFields(last) && Object.keys(last).length === 1 ? leftOut.exec(String(last.$cut))?.[1] : undefined;
  const items = more === undefined ? elements : elements.slice(0, -1);
  const whole = length ?? (more === undefined ? items.length : Number(more));
  return { is: 'list', type, items, length: whole, isPartial: items.length < whole };
}

function lookTagged(value: Fields): Looked {
  const { $type, $cut, $ref } = value;
  if (typeof $ref === 'string') return { is: 'unknown', why: 'it is the same object as at another path' };
  if (typeof $cut === 'string' && cutReasons.has($cut)) return { is: 'unknown', why: `it was left out (${$cut})` };
  if (typeof $type === 'string') {
    const built = lookBuiltIn($type, value);
    if (built !== undefined) return built;
  }
  const fields = Object.entries(value).filter(([name]) => name !== '$type' && name !== '$cut');
  const type = typeof $type === 'string' ? $type : 'object';
  return { is: 'object', type, fields: fields.map(([name, field]) => [ownName(name), field]), isPartial: $cut !== undefined };
}

function lookBuiltIn($type: string, value: Fields): Looked | undefined {
  const { text, length, elements, entries, size, $cut } = value;
  if (Object.keys(value).length === 1) {
    if ($type === 'undefined') return { is: 'scalar', type: 'undefined', value: undefined };
    if (bare.has($type)) return { is: 'opaque', type: $type, text: '' };
  }
  if (Array.isArray(elements) && typeof length === 'number') return lookList($type, elements, length);
  if (Array.isArray(entries) && typeof size === 'number') {
    const pairs = entries.filter((entry): entry is [Rendered, Rendered] => Array.isArray(entry) && entry.length === 2);
    return { is: 'map', type: $type, entries: pairs, size, isPartial: $cut !== undefined };
  }
  if (typeof text === 'string') {
    if ($type === 'string' && typeof length === 'number') {
      const looked = lookText(text);
      return looked.is === 'hidden' ? { ...looked, isWhole: false } : { is: 'beginning', text, length };
    }
    if ($type === 'number') return { is: 'scalar', type: 'number', value: Number(text) };
    if ($type === 'bigint' && /^-?\d+$/.test(text)) return { is: 'scalar', type: 'bigint', value: BigInt(text) };
  }
  const said = value[texts[$type] ?? ''];
  return typeof said === 'string' ? { is: 'opaque', type: $type, text: said } : lookError($type, value);
}

/** The own fields of an error stand beside its message, as the program would name them. */
function lookError($type: string, value: Fields): Looked | undefined {
  const { message, fields } = value;
  if (typeof message !== 'string' || !isFields(fields)) return undefined;
  const inner = look(fields);
  if (inner.is !== 'object') return undefined;
  const own = Object.entries(value).filter(([name]) => name === 'message' || name === 'stack');
  return { is: 'object', type: $type, fields: [...own, ...inner.fields], isPartial: inner.isPartial };
}

/** The name that the program gave: `render` doubles the first `$`, and puts two before `__proto__`. */
export function ownName(key: string): string {
  if (key === '$$__proto__') return '__proto__';
  return key.startsWith('$$') ? key.slice(1) : key;
}

const isFields = (value: Rendered | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
