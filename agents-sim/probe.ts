import { RateLimit } from '../src/agent/kinds/rate.ts';
import { Totals } from '../src/agent/kinds/sums.ts';
import { Capture, type HiddenName, type Rules } from '../src/agent/values/capture.ts';
import { evaluate, type Lookup, thisName } from '../src/agent/values/evaluate.ts';
import { HiddenValue, NoValue } from '../src/agent/values/no-value.ts';
import { type Node, parseExpression } from '../src/protocol/expression.ts';
import type {
  Action,
  ActionState,
  AgentErrorCode,
  CaptureData,
  Estimate,
  Place,
  Problem,
  Skipped,
} from '../src/protocol/frames.ts';
import { limits } from '../src/protocol/limits.ts';
import { addsUp } from '../src/protocol/records-hits.ts';
import { parseTemplate } from '../src/protocol/template.ts';
import type { ExpressionResult } from '../src/protocol/value.ts';
import { bind, functionAt } from './bind.ts';
import type { Pass } from './scenario.ts';

/** An action on a simulated agent, and how far it came. */
export interface Probe {
  readonly action: Action;
  state: ActionState;
  at?: Place;
  hits: number;
  maxHits: number;
  skipped: Skipped;
  lastError?: string;
  code?: AgentErrorCode;
  message?: string;
  problem?: Problem;
  /** By `performance.now()`. */
  readonly armedAtMs: number;
  readonly installedAt: number;
  condition?: Node;
  expressions: { text: string; node: Node }[];
  rate?: RateLimit;
  totals?: Totals;
  /** Share of the passes it looks at. */
  readonly sampling: number;
  /** Passes there were, those it looked at, and spans that began. */
  all: number;
  seen: number;
  began: number;
  spentMicros: number;
  maxPauseMicros: number;
}

/** Room for the frame around the values. */
const frameBytes = 16 * 1024;

/** Binds an action to the scenario's files and parses what it evaluates; a probe that cannot be is `failed` or `pending`. */
export function createProbe(action: Action, files: Record<string, string>, sampling = 1): Probe {
  const probe: Probe = {
    action,
    state: 'armed',
    hits: 0,
    maxHits: action.limits.hits,
    skipped: { condition: 0, error: 0, budget: 0, queue: 0 },
    armedAtMs: performance.now(),
    installedAt: Date.now(),
    expressions: [],
    ...{ sampling, all: 0, seen: 0, began: 0, spentMicros: 0, maxPauseMicros: 0 },
  };
  const { condition, kind, log, duration } = action;
  const fail = (code: AgentErrorCode, message: string, problem?: Problem): Probe =>
    Object.assign(probe, { state: 'failed', code, message, problem });

  const template = kind === 'logpoint' ? parseTemplate(log?.template ?? '') : undefined;
  if (template?.ok === false) return fail('bad-expression', template.message);
  const asked = template?.expressions ?? action.expressions;
  if (kind === 'metric' && asked.length !== 1) return fail('unsupported', 'A metric measures one expression.');
  for (const text of [...(condition === undefined ? [] : [condition]), ...asked]) {
    const parsed = parseExpression(text);
    if (!parsed.ok) return fail('bad-expression', `${text}: ${parsed.message}`);
    probe.expressions.push({ text, node: parsed.node });
  }
  if (condition !== undefined) probe.condition = probe.expressions.shift()?.node;
  if (addsUp(action)) probe.totals = new Totals();
  if (log !== undefined) {
    probe.rate = new RateLimit(log.perSecond, performance.now());
    probe.skipped.rate = 0;
  }

  for (const where of [action.where, ...(duration?.to === undefined ? [] : [duration.to])]) {
    const bound = bind(where, files);
    if ('place' in bound) {
      probe.at ??= bound.place;
      const [own, other] = [probe.at, bound.place].map((place) => functionAt(place, files));
      if (own !== other)
        return fail('unsupported', `A span begins and ends in one function, not in ${own} and ${other}.`, { part: 'to' });
    } else if (bound.code === undefined) return Object.assign(probe, { state: 'pending', message: bound.message });
    else return fail(bound.code, bound.message, where === action.where ? bound.problem : { ...bound.problem, part: 'to' });
  }
  return probe;
}

/** Of `count` passes that were looked at; undefined when all were. */
export function estimateOf({ sampling }: Probe, count: number): Estimate | undefined {
  if (sampling >= 1) return undefined;
  const error = Math.ceil((1.96 * Math.sqrt(count * (1 - sampling))) / sampling);
  return { count: Math.round(count / sampling), error };
}

/** What a pass gives: a capture, or undefined with the reason counted or its number added up. */
export function hit(probe: Probe, pass: Pass, rules: Rules): CaptureData | undefined {
  const { hidden } = rules;
  if (probe.state !== 'armed' || probe.at?.file !== pass.file || probe.at.line !== pass.line) return undefined;
  probe.all += 1;
  if (Math.floor(probe.all * probe.sampling) === Math.floor((probe.all - 1) * probe.sampling)) {
    probe.skipped.budget += 1;
    return undefined;
  }
  probe.seen += 1;
  probe.spentMicros += pass.pauseMicros;
  probe.maxPauseMicros = Math.max(probe.maxPauseMicros, pass.pauseMicros);
  const lookup: Lookup = (name) => {
    if (name === thisName) return pass.this;
    const scope = pass.scopes.find(({ values }) => Object.hasOwn(values, name));
    if (scope === undefined) throw new NoValue(`\`${name}\` is not in scope.`);
    return scope.values[name];
  };
  if (!holds(probe, lookup, hidden)) return undefined;
  if (!addUp(probe, pass, lookup, hidden)) return undefined;
  if (probe.rate?.take(performance.now()) === false) {
    probe.skipped.rate = (probe.skipped.rate ?? 0) + 1;
    return undefined;
  }
  return captureOf(probe, probe.at, pass, lookup, rules);
}

function holds(probe: Probe, lookup: Lookup, hidden: HiddenName): boolean {
  if (probe.condition === undefined) return true;
  try {
    if (evaluate(probe.condition, lookup, hidden)) return true;
    probe.skipped.condition += 1;
  } catch (error) {
    if (!(error instanceof NoValue)) throw error;
    probe.skipped.error += 1;
    probe.lastError = error.message;
  }
  return false;
}

/** Adds the pass up where that is what was asked; true when it also gives a hit. */
function addUp(probe: Probe, { durationMs }: Pass, lookup: Lookup, hidden: HiddenName): boolean {
  const { totals, action, hits, maxHits } = probe;
  if (totals === undefined) return true;
  if (action.kind === 'counter') totals.count();
  if (action.kind === 'metric') totals.measure(numberOf(probe, lookup, hidden));
  if (action.kind !== 'duration') return false;
  probe.began += 1;
  if (durationMs === undefined) return false;
  totals.add(durationMs);
  const { thresholdMs } = action.duration ?? {};
  return thresholdMs !== undefined && durationMs > thresholdMs && hits < maxHits;
}

function numberOf({ expressions: [asked] }: Probe, lookup: Lookup, hidden: HiddenName): unknown {
  try {
    return asked === undefined ? undefined : evaluate(asked.node, lookup, hidden);
  } catch (error) {
    if (!(error instanceof NoValue)) throw error;
    return undefined;
  }
}

function captureOf(probe: Probe, bound: Place, pass: Pass, lookup: Lookup, rules: Rules): CaptureData {
  const { hidden } = rules;
  const reading = new Capture(
    {
      depth: probe.action.limits.depth,
      nodes: limits.maxNodes,
      bytes: limits.maxHitBytes - frameBytes,
      deadlineMs: Number.POSITIVE_INFINITY,
    },
    rules,
  );
  const expressions = probe.expressions.map(({ text, node }): ExpressionResult => {
    reading.forget();
    try {
      return { expression: text, value: reading.value(evaluate(node, lookup, hidden), text, 1) };
    } catch (error) {
      if (error instanceof HiddenValue) return { expression: text, value: reading.redact(error.rule) };
      if (!(error instanceof NoValue)) throw error;
      return { expression: text, error: reading.keep(error.message, limits.maxMessageChars) };
    }
  });
  const at = { ...bound, function: pass.function };
  const rest = { pauseMicros: pass.pauseMicros, cut: reading.cut };
  if (probe.action.kind === 'logpoint')
    return { at, stack: [], scopes: [], expressions, ...rest, redacted: { ...reading.redacted } };
  reading.forget();
  const scopes = pass.scopes.map(({ kind, values }) => ({
    kind,
    variables: Object.entries(values).map(([name, value]): [string, ReturnType<Capture['named']>] => [
      name,
      reading.named(name, { kind: 'value', value }, name, 1),
    ]),
  }));
  const took = probe.action.kind === 'duration' && pass.durationMs !== undefined;
  return {
    at,
    stack: [{ function: pass.function, file: at.file, line: at.line }, ...pass.callers],
    ...(pass.this === undefined ? {} : { this: reading.value(pass.this, 'this', 1) }),
    scopes,
    expressions,
    ...rest,
    ...(took ? { durationMicros: Math.round((pass.durationMs ?? 0) * 1_000) } : {}),
    redacted: { ...reading.redacted },
  };
}
