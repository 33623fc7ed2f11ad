import { Capture, type HiddenName } from '../src/agent/values/capture.ts';
import { evaluate, thisName } from '../src/agent/values/evaluate.ts';
import { HiddenValue, NoValue } from '../src/agent/values/no-value.ts';
import { type Node, parseExpression } from '../src/protocol/expression.ts';
import type { Action, ActionState, AgentErrorCode, CaptureData, Place, Skipped } from '../src/protocol/frames.ts';
import { limits } from '../src/protocol/limits.ts';
import type { ExpressionResult } from '../src/protocol/value.ts';
import type { Pass } from './scenario.ts';

/** An action on a simulated agent, and how far it came. */
export interface Probe {
  readonly action: Action;
  state: ActionState;
  at?: Place;
  hits: number;
  skipped: Skipped;
  lastError?: string;
  code?: AgentErrorCode;
  message?: string;
  /** By `performance.now()`. */
  endsAtMs: number;
  condition?: Node;
  expressions: { text: string; node: Node }[];
}

/** Room for the frame around the values. */
const frameBytes = 16 * 1024;

/** Binds an action to the scenario's files and parses what it evaluates; a probe that cannot be is `failed` or `pending`. */
export function createProbe(action: Action, files: Record<string, string>): Probe {
  const probe: Probe = {
    action,
    state: 'armed',
    hits: 0,
    skipped: { condition: 0, error: 0, budget: 0, queue: 0 },
    endsAtMs: performance.now() + action.limits.ttlMs,
    expressions: [],
  };
  const fail = (code: AgentErrorCode, message: string): Probe => Object.assign(probe, { state: 'failed', code, message });

  for (const text of [...(action.condition === undefined ? [] : [action.condition]), ...action.expressions]) {
    const parsed = parseExpression(text);
    if (!parsed.ok) return fail('bad-expression', `${text}: ${parsed.message}`);
    probe.expressions.push({ text, node: parsed.node });
  }
  if (action.condition !== undefined) probe.condition = probe.expressions.shift()?.node;

  const found = Object.keys(files).filter((file) => isSuffix(action.where.file, file));
  const [file] = found;
  if (file === undefined) return Object.assign(probe, { state: 'pending', message: 'No such file is loaded yet.' });
  if (found.length > 1) return fail('ambiguous-file', `Several files fit: ${found.slice(0, 10).join(', ')}.`);
  const lines = (files[file] ?? '').split('\n');
  const index = lines.findIndex((line, at) => at >= action.where.line - 1 && isCode(line));
  const text = lines[index];
  if (text === undefined) return fail('no-such-line', `${file} has no code at or after line ${action.where.line}.`);
  probe.at = { file, line: index + 1, column: text.search(/\S/) + 1, text: text.trim().slice(0, limits.maxLineChars) };
  return probe;
}

/** What a pass gives: a capture, or undefined with the reason counted. */
export function hit(probe: Probe, pass: Pass, hidden: HiddenName): CaptureData | undefined {
  if (probe.state !== 'armed' || probe.at?.file !== pass.file || probe.at.line !== pass.line) return undefined;
  const lookup = (name: string): unknown => {
    if (name === thisName) return pass.this;
    const scope = pass.scopes.find(({ values }) => Object.hasOwn(values, name));
    if (scope === undefined) throw new NoValue(`\`${name}\` is not in scope.`);
    return scope.values[name];
  };
  if (probe.condition !== undefined) {
    try {
      if (!evaluate(probe.condition, lookup, hidden)) {
        probe.skipped.condition += 1;
        return undefined;
      }
    } catch (error) {
      if (!(error instanceof NoValue)) throw error;
      probe.skipped.error += 1;
      probe.lastError = error.message;
      return undefined;
    }
  }
  const reading = new Capture(
    {
      depth: probe.action.limits.depth,
      nodes: limits.maxNodes,
      bytes: limits.maxHitBytes - frameBytes,
      deadlineMs: Number.POSITIVE_INFINITY,
    },
    hidden,
  );
  const expressions = probe.expressions.map(({ text, node }): ExpressionResult => {
    reading.forget();
    try {
      return { expression: text, value: reading.value(evaluate(node, lookup, hidden), text, 1) };
    } catch (error) {
      if (error instanceof HiddenValue) return { expression: text, value: reading.redact(error.rule) };
      if (!(error instanceof NoValue)) throw error;
      return { expression: text, error: error.message };
    }
  });
  reading.forget();
  const scopes = pass.scopes.map(({ kind, values }) => ({
    kind,
    variables: Object.entries(values).map(([name, value]): [string, ReturnType<Capture['named']>] => [
      name,
      reading.named(name, { kind: 'value', value }, name, 1),
    ]),
  }));
  const at = { ...probe.at, function: pass.function };
  return {
    at,
    stack: [{ function: pass.function, file: at.file, line: at.line }, ...pass.callers],
    ...(pass.this === undefined ? {} : { this: reading.value(pass.this, 'this', 1) }),
    scopes,
    expressions,
    pauseMicros: pass.pauseMicros,
    cut: reading.cut,
    redacted: { ...reading.redacted },
  };
}

function isSuffix(asked: string, file: string): boolean {
  const path = asked.replace(/^\.?\//, '');
  return file === path || file.endsWith(`/${path}`);
}

/** Neither empty, nor only a comment, nor only brackets. */
function isCode(line: string): boolean {
  const text = line.replace(/\/\/.*$|\/\*.*?\*\//g, '').trim();
  return text !== '' && !/^[\s{}()[\];,]*$/.test(text);
}
