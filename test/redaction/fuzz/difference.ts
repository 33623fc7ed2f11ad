import { isDeepStrictEqual } from 'node:util';

/** Where two values of JSON's kind first differ, and what stands there; undefined when they are the same. */
export function firstDifference(left: unknown, right: unknown, path = ''): string | undefined {
  if (isDeepStrictEqual(left, right)) return undefined;
  const isTree = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (isTree(left) && isTree(right)) {
    for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const difference = firstDifference(left[name], right[name], `${path}/${name}`);
      if (difference !== undefined) return difference;
    }
  }
  return `${path}:\n  ${JSON.stringify(left)}\n  ${JSON.stringify(right)}`;
}
