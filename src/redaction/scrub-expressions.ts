import { type Node, parseExpression } from '../protocol/expression.ts';
import type { CaptureData } from '../protocol/frames.ts';
import type { ExpressionResult, Value } from '../protocol/value.ts';
import { isHidden, scrubExpression, scrubOwn, shownIn } from './expression-result.ts';
import { tellsHidden } from './hidden-answers.ts';
import { SeenValues } from './seen-values.ts';
import type { Session } from './session.ts';

/** Deepest nesting that is searched; what nests deeper is no capture of ours. */
const maxDepth = 64;

/**
 * All results of one hit; `seen` are its scrubbed variables. What only reads a value is scrubbed first, because it shows what
 * the others ask about. What would tell a hidden value becomes one marker, whatever it is, an error and an absence too, and
 * `untold` is what the agent had counted in it: the counts of a hit would tell one answer from another.
 */
export function scrubExpressions(
  session: Session,
  results: readonly ExpressionResult[],
  seen: Pick<CaptureData, 'scopes' | 'this'>,
): { expressions: ExpressionResult[]; untold: Record<string, number> } {
  const watched = new Map<string, Value>();
  const reads = results.map((result) => {
    const parsed = parseExpression(result.expression);
    if (!parsed.ok || !isReading(parsed.node)) return undefined;
    const read = scrubExpression(session, result, seen.scopes);
    if ('value' in read) watched.set(JSON.stringify(parsed.node), read.value);
    return read;
  });
  const values = new SeenValues(seen, watched, shownIn(seen.scopes));
  const untold: Record<string, number> = {};
  const expressions = results.map((result, at) => {
    const read = reads[at];
    if (read !== undefined) return read;
    if (!tellsHidden(session, result, values)) return scrubExpression(session, result, seen.scopes);
    const value = 'value' in result ? result.value : null;
    const expression = scrubOwn(session, result.expression);
    if (isHidden(value) && value.rule === 'derived') return { expression, value };
    countHidden(value, untold, 0);
    return { expression, value: { $: 'redacted' as const, rule: 'derived', marker: session.hide('derived', undefined) } };
  });
  return { expressions, untold };
}

/** A name, or members of one. */
function isReading(node: Node): boolean {
  if (!Array.isArray(node)) return false;
  if (node[0] === 'name' || node[0] === 'this') return true;
  return node[0] === 'member' && isReading(node[1]) && (!Array.isArray(node[2]) || isReading(node[2]));
}

/** Adds what is hidden in the value to `counts`, by rule. */
function countHidden(value: Value, counts: Record<string, number>, depth: number): void {
  if (value === null || typeof value !== 'object' || depth > maxDepth) return;
  if (value.$ === 'redacted') counts[value.rule] = (counts[value.rule] ?? 0) + 1;
  const inside =
    value.$ === 'array'
      ? value.elements
      : value.$ === 'map'
        ? value.entries.flat()
        : value.$ === 'object' || value.$ === 'error'
          ? value.fields.map(([, field]) => field)
          : [];
  for (const each of inside) countHidden(each, counts, depth + 1);
}
