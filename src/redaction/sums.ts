import type { Sums } from '../protocol/frames.ts';
import { listedResult } from './allow-list.ts';
import { scrubExpression } from './expression-result.ts';
import type { RedactionPolicy } from './policy.ts';
import { Session } from './session.ts';

/** What a metric has added up, without its numbers where the policy hides what its expression reads: of one pass they are its value. */
export function scrubSums(sums: Sums, expression: string, policy: RedactionPolicy): Sums {
  const { values, ...counts } = sums;
  if (values === undefined) return sums;
  const session = new Session(policy, undefined);
  const isShown = (value: number): boolean => {
    const result = scrubExpression(session, listedResult(session, { expression, value }), []);
    return 'value' in result && result.value === value;
  };
  return isShown(values.min) && isShown(values.max) ? sums : counts;
}
