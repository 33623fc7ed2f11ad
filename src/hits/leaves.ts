import { parseExpression } from '../protocol/expression.ts';
import { limits } from '../protocol/limits.ts';
import type { Rendered } from '../redaction/render.ts';
import type { ViewedHit } from '../redaction/view.ts';
import { factOf, facts } from './facts.ts';
import { type Looked, look, ownName } from './look.ts';
import { child, isName, pathOf, scalarText } from './path.ts';
import { followed, referenceOf } from './references.ts';

/** What one path has in one hit. */
export interface Leaf {
  /** Path of the container it stands in; undefined at the top. */
  parent: string | undefined;
  /** As `typeof` says it, or more exactly: null, array, Date, Order, hidden, error. `unknown`: it was left out. */
  type: string;
  /** Equal for equal values; containers have their type's. */
  key: string;
  /** Of everything but containers. */
  shown?: Rendered;
  /** A finite number. */
  number?: number;
  /** Of hidden values: tags of different keys, and markers without a tag, cannot be compared. */
  hidden?: { rules: string; tags: number | undefined };
  /** Of containers: something in it was left out, so a path that is not there may be. */
  isPartial?: true;
  /** Of what a reference led to: the path at which the hit shows it. */
  origin?: string;
  /** The path with `[*]` for keys that are data of the program rather than names, where there are some. */
  folded?: string;
}

/** Paths of one hit that are looked at. An agent of ours captures at most `limits.maxNodes` values; others may send more. */
const maxPaths = 2 * limits.maxNodes;
/** Characters shown of one text. */
const maxShownChars = 200;
/** Deepest value that is opened; agents stop at `limits.maxDepth` below an expression. */
const maxDepth = 16;

/** One hit as paths. */
export interface Leaves {
  byPath: Map<string, Leaf>;
  /** It had more paths than are looked at, or longer ones than can be asked for. */
  isCut: boolean;
}

/**
 * Every path of a hit with what it has; a watch expression wins over the variable of the same path, because it is read deeper.
 * References are followed once all else is there, and not from inside what they refer to.
 */
export function leavesOf({ hit, tags }: ViewedHit): Leaves {
  const leaves: Leaves = { byPath: new Map(), isCut: false };
  const walking: Walking = { leaves, tags, references: [], shown: new Map() };
  for (const fact of facts) {
    const value = factOf(fact, hit);
    if (value !== undefined) add(leaves, fact, leafOf(look(value), value, undefined, tags));
  }
  for (const [name, value] of Object.entries(hit.variables)) walk(walking, { path: ownName(name), depth: 0 }, value);
  for (const result of hit.expressions) {
    const { path, base } = placeOf(result.expression);
    if ('value' in result) walk(walking, { path, base, depth: 0 }, result.value);
    else add(leaves, path, { parent: undefined, type: 'error', key: `error ${result.error}`, shown: result.error });
  }
  const met = walking.references;
  walking.references = undefined;
  for (const { place, to, value } of met ?? []) {
    const target = isInside(place.path, to) ? undefined : followed(value, hit);
    if (target !== undefined) walk(walking, { ...place, origin: walking.shown.get(target) }, target);
  }
  return leaves;
}

/** Whether a path leads back to what it is in: following it would never end. */
const isInside = (path: string, container: string): boolean =>
  path.startsWith(container) && /^[.[]/.test(path.slice(container.length));

interface Walking {
  leaves: Leaves;
  tags: number;
  /** Met so far; undefined once they are followed. */
  references: { place: Place; to: string; value: Rendered }[] | undefined;
  /** Where each value stands that a reference can mean. */
  shown: Map<Rendered, Required<Pick<Place, 'path' | 'base'>>>;
}

/** A chain of names as it is always written; anything else as its author wrote it, in brackets before a member. */
function placeOf(expression: string): { path: string; base?: string } {
  const parsed = parseExpression(expression);
  const path = parsed.ok ? pathOf(parsed.node) : undefined;
  return path === undefined ? { path: expression, base: `(${expression})` } : { path };
}

interface Place {
  path: string;
  /** What its members' paths begin with, where that is not `path`. */
  base?: string;
  parent?: string;
  /** Where a value stands that is met again by reference. */
  origin?: Required<Pick<Place, 'path' | 'base'>> | undefined;
  /** `base` with `[*]` for keys. */
  folded?: string;
  depth: number;
}

function walk(walking: Walking, place: Place, value: Rendered): void {
  const { leaves, tags } = walking;
  const { path, base = path, parent, origin, folded = base, depth } = place;
  const looked = look(value);
  const to = referenceOf(value);
  if (to !== undefined) walking.references?.push({ place, to, value });
  if (to === undefined && typeof value === 'object' && value !== null && !walking.shown.has(value))
    walking.shown.set(value, { path, base });
  add(leaves, path, { ...leafOf(looked, value, parent, tags), ...nameOf(place) });
  if (leaves.byPath.size >= maxPaths) return;
  const below = (key: string | number, isData: boolean): Place => {
    const at = { path: child(base, key), parent: path, depth: depth + 1 };
    const from = origin === undefined ? undefined : child(origin.base, key);
    const pattern = isData ? `${folded}[*]` : child(folded, key);
    return {
      ...at,
      ...(from === undefined ? {} : { origin: { path: from, base: from } }),
      ...(pattern === at.path ? {} : { folded: pattern }),
    };
  };
  const inside = (key: string | number, inner: Rendered, isData: boolean) => {
    if (depth >= maxDepth) leaves.isCut = true;
    else walk(walking, below(key, isData), inner);
  };
  const measured = (key: string, size: number) => {
    const at = below(key, false);
    const leaf = { parent: path, type: 'number', key: `number ${size}`, shown: size, number: size };
    add(leaves, at.path, { ...leaf, ...nameOf(at) });
  };
  switch (looked.is) {
    case 'object':
      for (const [name, field] of looked.fields) inside(name, field, !isName(name));
      break;
    case 'list':
      measured('length', looked.length);
      for (const [index, item] of looked.items.entries()) inside(index, item, false);
      break;
    case 'map':
      measured('size', looked.size);
      for (const [key, entry] of looked.entries) {
        const name = scalarText(key);
        if (name === undefined) leaves.isCut = true;
        else inside(name, entry, true);
      }
      break;
  }
}

/** What else a path is called. */
function nameOf({ origin, folded }: Place): Pick<Leaf, 'origin' | 'folded'> {
  return { ...(origin === undefined ? {} : { origin: origin.path }), ...(folded === undefined ? {} : { folded }) };
}

function add(leaves: Leaves, path: string, leaf: Leaf): void {
  const isNew = !leaves.byPath.has(path);
  if (path.length > limits.maxExpressionChars || (isNew && leaves.byPath.size >= maxPaths)) leaves.isCut = true;
  else leaves.byPath.set(path, leaf);
}

function leafOf(looked: Looked, value: Rendered, parent: string | undefined, tags: number): Leaf {
  switch (looked.is) {
    case 'scalar': {
      const number = typeof looked.value === 'number' && Number.isFinite(looked.value) ? { number: looked.value } : {};
      return { parent, type: looked.type, key: `${looked.type} ${looked.value}`, shown: short(value), ...number };
    }
    case 'beginning':
      return { parent, type: 'string', key: `beginning ${looked.length} ${looked.text}`, shown: short(value) };
    case 'hidden': {
      const rules = looked.text.replace(/#[0-9a-f]{6}\]/g, ']');
      const hidden = { rules, tags: looked.isTagged ? tags : undefined };
      return {
        parent,
        type: looked.isWhole ? 'hidden' : 'string',
        key: `hidden ${looked.text}`,
        shown: short(looked.text),
        hidden,
      };
    }
    case 'opaque':
      return { parent, type: looked.type, key: `${looked.type} ${looked.text}`, shown: value };
    case 'unknown':
      return { parent, type: 'unknown', key: 'unknown' };
    default:
      return { parent, type: looked.type, key: looked.type, ...(looked.isPartial ? { isPartial: true } : {}) };
  }
}

/** A text cut to what is worth showing of one value among many; get_hits shows all of it. */
export function short(value: Rendered): Rendered {
  const isBeginning = typeof value === 'object' && value !== null && !Array.isArray(value) && value.$type === 'string';
  const text = isBeginning ? value.text : value;
  if (typeof text !== 'string' || text.length <= maxShownChars) return value;
  const length = isBeginning && typeof value.length === 'number' ? value.length : text.length;
  return { $type: 'string', text: text.slice(0, maxShownChars).replace(/[\ud800-\udbff]$/, ''), length };
}
