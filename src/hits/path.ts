import { type Node, parseExpression } from '../protocol/expression.ts';
import type { Rendered, RenderedHit } from '../redaction/render.ts';
import { type Fact, factOf, facts, isFact } from './facts.ts';
import { type Looked, look, ownName } from './look.ts';
import { followed } from './references.ts';

/** What is at a path of one hit. Unknown is what was cut or hidden before: it may be there. */
export type Found = { is: 'found'; value: Rendered } | { is: 'absent' | 'unknown'; why: string };

/** What was asked for: a fact about the hit, or a path or watch expression. */
export type Path = { fact: Fact } | { node: Node; text: string };

/** Reads a path, as `order.items[0].price`, `@agent` or the text of a watch expression; undefined with a sentence when it is none. */
export function parsePath(text: string): { ok: true; path: Path } | { ok: false; why: string; hint: string } {
  const trimmed = text.trim();
  if (isFact(trimmed)) return { ok: true, path: { fact: trimmed } };
  if (trimmed.startsWith('@')) return { ok: false, why: `There is no ${trimmed}.`, hint: `There are ${facts.join(', ')}.` };
  const parsed = parseExpression(trimmed);
  if (!parsed.ok && trimmed.includes('[*]')) {
    return { ok: false, why: 'A path with [*] stands for several.', hint: 'Take one of its examples from the summary.' };
  }
  if (!parsed.ok) return { ok: false, why: parsed.message, hint: parsed.hint ?? 'Write a path, as order.items[0].price.' };
  return { ok: true, path: { node: parsed.node, text: trimmed } };
}

/** Finds values in hits. Expressions are known by what they mean, not by how they are written. */
export class Finder {
  readonly #meanings = new Map<string, string>();

  /** What the path leads to. */
  at(path: Path, hit: RenderedHit): Found {
    if ('fact' in path) {
      const value = factOf(path.fact, hit);
      return value === undefined ? { is: 'absent', why: 'the hit does not tell' } : { is: 'found', value };
    }
    return this.read(path.node, hit) ?? { is: 'absent', why: 'it is neither a path nor a watch expression of the hit' };
  }

  /** What a name, member or watch expression has; undefined when the node is something else that has to be worked out. */
  read(node: Node, hit: RenderedHit): Found | undefined {
    const found = this.#read(node, hit);
    if (found?.is !== 'found') return found;
    const value = followed(found.value, hit);
    return value === undefined
      ? { is: 'unknown', why: 'it is the same object as another that is not shown' }
      : { is: 'found', value };
  }

  #read(node: Node, hit: RenderedHit): Found | undefined {
    const watched = this.#watched(node, hit);
    if (watched !== undefined) return watched;
    if (node === null || typeof node !== 'object') return undefined;
    if (node[0] === 'this') return variable('this', hit);
    if (node[0] === 'name') return node[1].startsWith('#') ? privateField(node[1], hit) : variable(node[1], hit);
    if (node[0] !== 'member' || (typeof node[2] !== 'string' && typeof node[2] !== 'number')) return undefined;
    const target = this.read(node[1], hit);
    return target?.is === 'found' ? member(look(target.value), String(node[2])) : target;
  }

  #watched(node: Node, hit: RenderedHit): Found | undefined {
    if (hit.expressions.length === 0) return undefined;
    const meaning = JSON.stringify(node);
    const result = hit.expressions.find(({ expression }) => this.#meaningOf(expression) === meaning);
    if (result === undefined) return undefined;
    return 'error' in result ? { is: 'absent', why: 'the expression had no value' } : { is: 'found', value: result.value };
  }

  #meaningOf(expression: string): string {
    const known = this.#meanings.get(expression);
    if (known !== undefined) return known;
    const parsed = parseExpression(expression);
    const meaning = parsed.ok ? JSON.stringify(parsed.node) : '';
    this.#meanings.set(expression, meaning);
    return meaning;
  }
}

function variable(name: string, { variables, cut }: RenderedHit): Found {
  const key = name.startsWith('$') ? `$${name}` : name;
  const value = Object.hasOwn(variables, key) ? variables[key] : undefined;
  if (value !== undefined) return { is: 'found', value };
  // A capture that ran out of time or room may not have come to the outer scopes.
  return isShort(cut) ? { is: 'unknown', why: 'the hit was cut' } : { is: 'absent', why: 'no such variable was captured' };
}

/** Whether a ceiling was met that can leave out whole variables. */
export const isShort = (cut: readonly string[]): boolean => cut.some((reason) => reason !== 'depth');

function privateField(name: string, hit: RenderedHit): Found {
  const own = variable('this', hit);
  return own.is === 'found' ? member(look(own.value), name) : own;
}

/** A member of a value, by the name the program gives it. */
export function member(looked: Looked, key: string): Found {
  switch (looked.is) {
    case 'object': {
      const field = looked.fields.find(([name]) => name === key)?.[1];
      if (field !== undefined) return { is: 'found', value: field };
      return gone(looked.isPartial);
    }
    case 'list': {
      if (key === 'length' || (key === 'size' && looked.type === 'Set')) return { is: 'found', value: looked.length };
      const index = /^(?:0|[1-9]\d{0,9})$/.test(key) ? Number(key) : Number.POSITIVE_INFINITY;
      const item = looked.items[index];
      return item === undefined ? gone(looked.isPartial && index < looked.length) : { is: 'found', value: item };
    }
    case 'map': {
      if (key === 'size') return { is: 'found', value: looked.size };
      const entry = looked.entries.find(([name]) => scalarText(name) === key);
      return entry === undefined ? gone(looked.isPartial) : { is: 'found', value: entry[1] };
    }
    case 'unknown':
      return { is: 'unknown', why: looked.why };
    case 'hidden':
      return { is: 'unknown', why: 'it is redacted' };
    case 'beginning':
      return key === 'length' ? { is: 'found', value: looked.length } : gone(false);
    default:
      if (looked.is === 'scalar' && typeof looked.value === 'string' && key === 'length')
        return { is: 'found', value: looked.value.length };
      return gone(false);
  }
}

const gone = (isUnknown: boolean): Found =>
  isUnknown ? { is: 'unknown', why: 'it was left out' } : { is: 'absent', why: 'there is no such member' };

/** The key of a map entry as a path writes it; undefined for keys that have no short text. */
export function scalarText(key: Rendered): string | undefined {
  return typeof key === 'string' || typeof key === 'number' ? ownName(String(key)) : undefined;
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const privateName = /^#[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** Whether a key can be the name of a field; what cannot is an id, a date or another piece of data. */
export const isName = (key: string): boolean => identifier.test(key) || privateName.test(key);

/** The path of a member, as an expression would name it. */
export function child(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  if (identifier.test(key) || (path === 'this' && privateName.test(key))) return `${path}.${key}`;
  return `${path}[${JSON.stringify(key)}]`;
}

/** The path that a node names; undefined when it is no chain of names. */
export function pathOf(node: Node): string | undefined {
  if (node === null || typeof node !== 'object') return undefined;
  if (node[0] === 'this') return 'this';
  if (node[0] === 'name') return node[1].startsWith('#') ? `this.${node[1]}` : node[1];
  if (node[0] !== 'member' || (typeof node[2] !== 'string' && typeof node[2] !== 'number')) return undefined;
  const target = pathOf(node[1]);
  return target === undefined ? undefined : child(target, node[2]);
}
