import { type Node, parseExpression } from '../../protocol/expression.ts';
import type {
  Action,
  AgentErrorCode,
  DurationOptions,
  LogLevel,
  Place,
  Problem,
  Skipped,
  StateFrame,
} from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { parseTemplate } from '../../protocol/template.ts';
import { monotonicMs } from '../intrinsics.ts';
import { DutyCycle } from '../kinds/estimate.ts';
import { RateLimit } from '../kinds/rate.ts';
import type { Spans } from '../kinds/spans.ts';
import { Totals } from '../kinds/sums.ts';
import type { HiddenName } from '../values/capture.ts';
import { type Expression, prepare } from '../values/pass.ts';

/** What a logpoint writes. */
export interface LogLine {
  texts: readonly string[];
  level: LogLevel;
  toStdout: boolean;
  rate: RateLimit;
}

/** An action as this process carries it out. */
export interface Watch {
  id: string;
  rev: number;
  /** Small and its own among those that live: where its instants stand in a `Token`. */
  slot: number;
  kind: Action['kind'];
  where: Action['where'];
  traceparent: string | undefined;
  condition: Expression | undefined;
  /** Read at a hit; of a metric, the one that is measured. */
  expressions: Expression[];
  log: LogLine | undefined;
  duration: DurationOptions | undefined;
  /** Of counters, durations and metrics. */
  sums: Totals | undefined;
  /** Spans that began; of durations. */
  begun: number | undefined;
  /** Of durations, where no token can be carried. */
  spans: Spans | undefined;
  maxHits: number;
  depth: number;
  /** By `monotonicMs`. */
  expiresAtMs: number;
  state: StateFrame['state'];
  at: Place[];
  engine: StateFrame['engine'];
  hits: number;
  skipped: Required<Skipped>;
  /** Passes, seen and estimated. */
  cycle: DutyCycle;
  spentMs: number;
  maxPauseMs: number;
  armMs: number;
  installedAt: number | undefined;
  lastError: string | undefined;
  /** Something the bridge does not know yet. */
  isChanged: boolean;
  /** When its counts are told although nothing has changed. */
  tellAtMs: number;
  /** Pauses that were far too long. */
  trips: number;
  trippedUntilMs: number;
  /** Defects of ours in a row. */
  failures: number;
  /** Counts the searches for its place, so that an answer that is not wanted any more is known. */
  search: number;
  /** When it was looked for last. */
  searchedMs: number;
}

/** Why an action cannot be carried out. */
export interface Failure {
  code: AgentErrorCode;
  message: string;
  problem?: Problem;
}

/** Whether its hits show the variables around the line. */
export function showsVariables({ kind, duration }: Pick<Watch, 'kind' | 'duration'>): boolean {
  return kind === 'snapshot' || (kind === 'duration' && duration?.thresholdMs !== undefined);
}

/** Reads an action as something that may be hostile: parses its texts again and keeps every number within its ceiling. */
export function readAction(action: Action, slot: number, hidden: HiddenName): Watch | Failure {
  if (action.expressions.length > limits.maxExpressions) {
    return { code: 'too-many', message: `At most ${limits.maxExpressions} expressions are read at a hit.` };
  }
  const { kind, duration } = action;
  for (const where of [action.where, ...(duration?.to === undefined ? [] : [duration.to])]) {
    const { file, line, column } = where;
    if (file === '' || !Number.isInteger(line) || line < 1 || (column !== undefined && (!Number.isInteger(column) || column < 1)))
      return { code: 'no-such-line', message: 'A place is a file and a line, counted from 1.' };
  }
  const shape = problemOf(action);
  if (shape !== undefined) return { code: 'unsupported', message: shape };
  const condition = action.condition === undefined ? undefined : read(action.condition);
  if (condition !== undefined && 'code' in condition) return condition;
  const rule = condition === undefined ? undefined : hiddenIn(condition.node, hidden);
  if (rule !== undefined) {
    return {
      code: 'not-allowed',
      message: `The condition reads a name that the rule \`${rule}\` hides.`,
      problem: { part: 'condition' },
    };
  }
  const template = kind === 'logpoint' ? parseTemplate(action.log?.template ?? '') : undefined;
  if (template?.ok === false) return { code: 'bad-expression', message: template.message.slice(0, limits.maxMessageChars) };
  const expressions: Expression[] = [];
  for (const text of template?.expressions ?? action.expressions) {
    const expression = read(text);
    if ('code' in expression) return expression;
    expressions.push(expression);
  }
  const ttlMs = clamp(action.limits.ttlMs, 0, limits.maxTimeoutSeconds * 1_000);
  const { log } = action;
  return {
    id: action.id,
    rev: action.rev,
    slot,
    kind,
    where: action.where,
    traceparent: action.traceparent,
    condition,
    expressions,
    log:
      log === undefined || template === undefined
        ? undefined
        : {
            texts: template.texts,
            level: log.level,
            toStdout: log.toStdout,
            rate: new RateLimit(clamp(log.perSecond, 1, limits.maxLogsPerSecond), monotonicMs()),
          },
    duration,
    sums: kind === 'counter' || kind === 'duration' || kind === 'metric' ? new Totals() : undefined,
    begun: kind === 'duration' ? 0 : undefined,
    spans: undefined,
    maxHits: clamp(action.limits.hits, limits.minHits, limits.maxHits),
    depth: clamp(action.limits.depth, 0, limits.maxDepth),
    expiresAtMs: monotonicMs() + ttlMs,
    state: 'pending',
    at: [],
    engine: undefined,
    hits: 0,
    skipped: { condition: 0, error: 0, budget: 0, queue: 0, rate: 0 },
    cycle: new DutyCycle(),
    spentMs: 0,
    maxPauseMs: 0,
    armMs: 0,
    installedAt: undefined,
    lastError: undefined,
    isChanged: false,
    tellAtMs: Number.POSITIVE_INFINITY,
    trips: 0,
    trippedUntilMs: 0,
    failures: 0,
    search: 0,
    searchedMs: Number.NEGATIVE_INFINITY,
  };
}

/** The same action offered again may have fewer hits left for one that goes on adding up; never more. */
export function lowerHits(watch: Watch, { limits: { hits } }: Action): void {
  if (watch.sums !== undefined) watch.maxHits = Math.min(watch.maxHits, clamp(hits, limits.minHits, limits.maxHits));
}

/** What an action of its kind must have. */
function problemOf({ kind, expressions, log, duration }: Action): string | undefined {
  switch (kind) {
    case 'snapshot':
    case 'counter':
      return undefined;
    case 'logpoint':
      return log === undefined ? 'A logpoint needs its template.' : undefined;
    case 'metric':
      return expressions.length === 1 ? undefined : 'A metric measures exactly one expression.';
    case 'duration':
      if (duration === undefined) return 'A duration needs its span.';
      return duration.span === 'lines' && duration.to === undefined
        ? 'A duration between lines needs the second line.'
        : undefined;
    default:
      return `This agent does not know actions of the kind ${String(kind).slice(0, 40)}.`;
  }
}

/** The least slot that none of these actions has. */
export function freeSlot(watches: ReadonlyMap<string, Watch>): number {
  const taken = new Set([...watches.values()].map(({ slot }) => slot));
  let slot = 0;
  while (taken.has(slot)) slot += 1;
  return slot;
}

/** Notes where an action is bound; a file that was loaded twice is one place. */
export function addPlace({ at }: Watch, place: Place): void {
  const isKnown = at.some(({ file, line, column }) => file === place.file && line === place.line && column === place.column);
  if (!isKnown) at.push(place);
}

function read(text: string): Expression | Failure {
  const parsed = parseExpression(text);
  if (parsed.ok) {
    const expression: Expression = { text, node: parsed.node, names: parsed.names };
    prepare(expression);
    return expression;
  }
  return { code: 'bad-expression', message: parsed.message.slice(0, limits.maxMessageChars) };
}

/** The rule that hides a name or member the expression spells out. */
function hiddenIn(node: Node, hidden: HiddenName): string | undefined {
  if (node === null || typeof node !== 'object') return undefined;
  if (node[0] === 'name') return hidden(node[1]);
  for (const [index, part] of node.entries()) {
    if (index === 0 || (index === 1 && (node[0] === 'unary' || node[0] === 'binary' || node[0] === 'logical'))) continue;
    if (node[0] === 'member' && index === 2 && typeof part === 'string') {
      const rule = hidden(part);
      if (rule !== undefined) return rule;
    }
    const rule = part === undefined ? undefined : hiddenIn(part as Node, hidden);
    if (rule !== undefined) return rule;
  }
  return undefined;
}

/** NaN and infinities become the lower end. */
function clamp(value: number, min: number, max: number): number {
  return Number.isFinite(value) ? Math.min(max, Math.max(min, Math.floor(value))) : min;
}
