import { Capture } from '../../src/agent/values/capture.ts';
import { evaluate } from '../../src/agent/values/evaluate.ts';
import { HiddenValue, NoValue } from '../../src/agent/values/no-value.ts';
import { parseExpression } from '../../src/protocol/expression.ts';
import { limits } from '../../src/protocol/limits.ts';
import { compileNameRules } from '../../src/protocol/names.ts';
import { Secrets } from '../../src/protocol/secrets.ts';
import type { ExpressionResult, Value } from '../../src/protocol/value.ts';
import { secretRules } from '../../src/redaction/agent-rules.ts';
import { defaultRedactionPolicy, toAgentRules } from '../../src/redaction/policy.ts';

/** What an agent under the default policy reads of a program's variables. */
export function readingOf(program: Record<string, unknown>) {
  const hidden = compileNameRules(toAgentRules(defaultRedactionPolicy));
  const rules = { hidden, secrets: new Secrets(secretRules, hidden) };
  const capture = () => new Capture({ depth: 3, nodes: 1_000, bytes: 100_000, deadlineMs: Number.POSITIVE_INFINITY }, rules);
  return {
    variables(): Record<string, Value> {
      const reading = capture();
      return Object.fromEntries(Object.entries(program).map(([name, value]) => [name, reading.value(value, name, 1)]));
    },
    /** `counted` is what the agent says it hid in the hit. */
    result(expression: string, counted: Record<string, number> = {}): ExpressionResult {
      const parsed = parseExpression(expression);
      if (!parsed.ok) throw new Error(`${expression}: ${parsed.message}`);
      const reading = capture();
      try {
        const value = evaluate(parsed.node, (name) => program[name], hidden);
        return { expression, value: reading.value(value, expression, 1) };
      } catch (error) {
        if (error instanceof HiddenValue) return { expression, value: reading.redact(error.rule) };
        if (!(error instanceof NoValue)) throw error;
        return { expression, error: reading.keep(error.message, limits.maxMessageChars) };
      } finally {
        Object.assign(counted, reading.redacted);
      }
    },
  };
}
