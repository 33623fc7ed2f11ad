import { type Node, parseExpression } from '../protocol/expression.ts';
import type { CaptureData } from '../protocol/frames.ts';
import type { ExpressionResult, Value } from '../protocol/value.ts';
import { isHidden, scrubExpression, scrubOwn, shownIn } from './expression-result.ts';
import { tellsHidden } from './hidden-answers.ts';
import { SeenValues } from './seen-values.ts';
import type { Session } from './session.ts';
import type { Steps } from './steps.ts';

/** Deepest nesting that is searched; what nests deeper is no capture of ours. */
const maxDepth = 64;

/**
 * All results of one hit; `seen` are its scrubbed variables. What only reads a value is scrubbed first, because it shows what
 * the others ask about. What would tell a hidden value becomes one marker, whatever it is, an error and an absence too, and
 * `untold` is what the agent had counted in it: the counts of a hit would tell one answer from another.
 */
export function* expressionSteps(
  session: Session,
  results: readonly ExpressionResult[],
  seen: Pick<CaptureData, 'scopes' | 'this'>,
): Steps<{ expressions: ExpressionResult[]; untold: Record<string, number> }> {
  const watched = new Map<string, Value>();
  const reads: (ExpressionResult | undefined)[] = [];
  for (const result of results) {
    if (session.isDue()) yield;
    const parsed = parseExpression(result.expression);
    const read = parsed.ok && isReading(parsed.node) ? scrubExpression(session, result, seen.scopes) : undefined;
    reads.push(read);
    if (parsed.ok && read !== undefined && 'value' in read) watched.set(JSON.stringify(parsed.node), read.value);
  }
  const values = new SeenValues(seen, watched, shownIn(seen.scopes));
  const untold: Record<string, number> = {};
  const judged = (result: ExpressionResult): ExpressionResult => {
    if (!tellsHidden(session, result, values)) return scrubExpression(session, result, seen.scopes);
    const value = 'value' in result ? result.value : null;
    const expression = scrubOwn(session, result.expression);
    if (isHidden(value) && value.rule === 'derived') return { expression, value };
    countHidden(value, untold, 0);
    countMarkers('value' in result ? value : result.error, untold);
    return { expression, value: { $: 'redacted' as const, rule: 'derived', marker: session.hide('derived', undefined) } };
  };
  const expressions: ExpressionResult[] = [];
  for (const [at, result] of results.entries()) {
    if (session.isDue()) yield;
    expressions.push(reads[at] ?? judged(result));
  }
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

/** Adds the markers that the agent put into texts; tags are the bridge's, so it counted those itself. */
function countMarkers(told: Value, counts: Record<string, number>): void {
  for (const [, rule = ''] of JSON.stringify(told).matchAll(/\[REDACTED:([a-z][a-z0-9-]{0,39})\]/g))
    counts[rule] = (counts[rule] ?? 0) + 1;
}
