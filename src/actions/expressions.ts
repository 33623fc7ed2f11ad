import { Refusal } from '../lib/refusal.ts';
import { parseExpression } from '../protocol/expression.ts';
import type { ActionRecord } from './action.ts';
import { expressionField } from './agent-refusals.ts';

/** Refuses what is not in the safe grammar before anything is sent to an agent, which checks the same again. */
export function checkExpressions({
  kind,
  condition,
  expressions,
}: Pick<ActionRecord, 'kind' | 'condition' | 'expressions'>): void {
  if (condition !== undefined) check(condition, 'condition');
  for (const [index, expression] of expressions.entries()) check(expression, expressionField({ kind }, index));
}

function check(text: string, field: string): void {
  const parsed = parseExpression(text);
  if (parsed.ok) return;
  throw new Refusal({
    code: 'invalid_expression',
    message: `${parsed.message} (at character ${parsed.position} of ${JSON.stringify(text.slice(0, 200))})`,
    field,
    next:
      parsed.hint ??
      'Expressions read names, members, indexes and literals, compare and calculate; they call nothing and change nothing.',
    data: { position: parsed.position },
  });
}
