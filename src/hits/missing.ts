import { nearestOf } from '../agent/values/nearest.ts';
import type { Node } from '../protocol/expression.ts';
import type { ViewedHit } from '../redaction/view.ts';
import { type Leaf, leavesOf } from './leaves.ts';
import { Finder, pathOf } from './path.ts';

/** Paths proposed, and hits whose paths are searched for them. */
const maxProposed = 3;
const maxSearched = 5;

/** A path that is asked for and that no hit has. */
export interface MissingPath {
  path: string;
  didYouMean?: string[];
}

/** Finds out which of the paths that a condition asks for are in no hit: most often a slip in a name. */
export class MissingPaths {
  readonly #open = new Map<string, Node>();
  readonly #finder = new Finder();
  readonly #hits: ViewedHit[] = [];

  constructor(asked: readonly Node[]) {
    for (const node of asked) collectPaths(node, this.#open);
  }

  /** Looks at one hit. */
  add(viewed: ViewedHit): void {
    if (this.#hits.length < maxSearched) this.#hits.push(viewed);
    for (const [path, node] of this.#open) {
      // What was cut may be there.
      if (this.#finder.read(node, viewed.hit)?.is !== 'absent') this.#open.delete(path);
    }
  }

  /** Those that none of the hits had. */
  told(): MissingPath[] {
    if (this.#hits.length === 0) return [];
    return [...this.#open].map(([path, node]) => {
      const near = didYouMean(node, this.#hits);
      return { path, ...(near.length === 0 ? {} : { didYouMean: near }) };
    });
  }
}

/** Every whole chain of names in an expression, by its path. */
export function collectPaths(node: Node, into: Map<string, Node>): void {
  const path = pathOf(node);
  if (path !== undefined) into.set(path, node);
  else if (Array.isArray(node)) for (const part of node.slice(1)) collectPaths(part as Node, into);
}

/** Paths that are in the hits and that differ from the one asked for by a slip in one name. */
export function didYouMean(node: Node, hits: readonly ViewedHit[]): string[] {
  const known = new Map<string, Leaf>();
  for (const viewed of hits.slice(0, maxSearched)) {
    for (const [path, leaf] of leavesOf(viewed).byPath) known.set(path, leaf);
  }
  const chain = chainOf(node);
  const at = chain.findIndex((path) => !known.has(path));
  const [wrong, whole] = [chain[at], chain.at(-1)];
  if (wrong === undefined || whole === undefined) return [];
  const parent = chain[at - 1];
  const from = parent?.length ?? 0;
  const siblings = [...known].flatMap(([path, leaf]) => (leaf.parent === parent ? [path.slice(from)] : []));
  return nearestOf(wrong.slice(from), siblings, maxProposed).map((name) => `${parent ?? ''}${name}${whole.slice(wrong.length)}`);
}

/** `order`, `order.items`, `order.items[0]`: the paths on the way to the last one. */
function chainOf(node: Node): string[] {
  const path = pathOf(node);
  if (path === undefined || node === null || typeof node !== 'object') return [];
  return node[0] === 'member' ? [...chainOf(node[1]), path] : [path];
}
