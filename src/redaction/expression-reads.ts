import { type Node, parseExpression } from '../protocol/expression.ts';
import { isElement } from './expression-paths.ts';

/** The names from a variable on, when the expression only reads what they lead to; elements of lists have the list's name. */
export function plainPathOf(expression: string): string[] | undefined {
  const parsed = parseExpression(expression);
  return parsed.ok ? chainOf(parsed.node) : undefined;
}

/**
 * The names that lead to each value which the expression reads, compares or decides by; where a key is not written down, to what it is
 * looked up in. Types and absence are not read. Undefined when it is not in the grammar.
 */
export function readsOf(expression: string): string[][] | undefined {
  const parsed = parseExpression(expression);
  return parsed.ok ? reads(parsed.node) : undefined;
}

function reads(node: Node): string[][] {
  if (!Array.isArray(node) || saysLittle(node)) return [];
  const chain = chainOf(node);
  return chain === undefined ? (node.slice(1) as Node[]).flatMap(reads) : [chain];
}

function chainOf(node: Node): string[] | undefined {
  if (!Array.isArray(node)) return undefined;
  if (node[0] === 'this') return ['this'];
  if (node[0] === 'name') return node[1].startsWith('#') ? ['this', node[1]] : [node[1]];
  if (node[0] !== 'member') return undefined;
  const key = node[2];
  if (typeof key !== 'string' && typeof key !== 'number') return undefined;
  const target = chainOf(node[1]);
  return target === undefined || isElement(key) ? target : [...target, key as string];
}

/** Whether the part tells only of what type a value is, or whether there is one. */
function saysLittle(node: Exclude<Node, string | number | boolean | null>): boolean {
  if (node[0] === 'unary') return node[1] === 'typeof' && isChain(node[2]);
  return node[0] === 'binary' && /^[!=]==?$/.test(node[1]) && [isAbsent, isChain].every((is) => is(node[2]) || is(node[3]));
}

const isAbsent = (node: Node): boolean => node === null || (Array.isArray(node) && node[0] === 'undefined');
const isChain = (node: Node): boolean => chainOf(node) !== undefined;
