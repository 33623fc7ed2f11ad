import type { Rendered, RenderedHit } from '../redaction/render.ts';
import { look, ownName } from './look.ts';

/** Values of one hit by the paths that agents write into references. */
type Index = ReadonlyMap<string, Rendered>;

const indices = new WeakMap<RenderedHit, Index>();

/** Values that are looked at to find what a reference means. */
const maxValues = 20_000;

/**
 * What a reference stands for: the same object, where the hit shows it. Undefined when it shows it nowhere, because it was cut or hidden.
 * Anything else is given back as it is.
 */
export function followed(value: Rendered, hit: RenderedHit): Rendered | undefined {
  const path = referenceOf(value);
  if (path === undefined) return value;
  const target = indexOf(hit).get(path);
  return target === undefined || referenceOf(target) !== undefined ? undefined : target;
}

/** The path in a reference; undefined for every other value. */
export function referenceOf(value: Rendered): string | undefined {
  const isFields = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isFields && typeof value.$ref === 'string' ? value.$ref : undefined;
}

function indexOf(hit: RenderedHit): Index {
  const known = indices.get(hit);
  if (known !== undefined) return known;
  const index = new Map<string, Rendered>();
  const walk = (path: string, value: Rendered): void => {
    if (index.size >= maxValues || index.has(path)) return;
    index.set(path, value);
    const looked = look(value);
    if (looked.is === 'object') for (const [name, field] of looked.fields) walk(`${path}.${name}`, field);
    if (looked.is === 'list') for (const [at, item] of looked.items.entries()) walk(`${path}[${at}]`, item);
    if (looked.is !== 'map') return;
    for (const [at, [key, entry]] of looked.entries.entries()) {
      walk(typeof key === 'string' ? `${path}.${ownName(key)}` : `${path}[${at}]`, entry);
    }
  };
  for (const [name, value] of Object.entries(hit.variables)) walk(ownName(name), value);
  for (const result of hit.expressions) if ('value' in result) walk(result.expression, result.value);
  indices.set(hit, index);
  return index;
}
