import { type Node, parseExpression } from '../../protocol/expression.ts';
import type { Action, AgentErrorCode, Place, Skipped, StateFrame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { monotonicMs } from '../intrinsics.ts';
import type { HiddenName } from '../values/capture.ts';

/** A parsed condition or watch expression. */
export interface Watched {
  text: string;
  node: Node;
  /** Names looked up in scope. */
  names: string[];
}

/** An action as this process carries it out. */
export interface Watch {
  id: string;
  rev: number;
  where: Action['where'];
  condition: Watched | undefined;
  expressions: Watched[];
  maxHits: number;
  depth: number;
  /** By `monotonicMs`. */
  expiresAtMs: number;
  state: StateFrame['state'];
  at: Place[];
  hits: number;
  skipped: Skipped;
  lastError: string | undefined;
  /** Something the bridge does not know yet. */
  isChanged: boolean;
  /** Pauses that were far too long. */
  strikes: number;
  /** Defects of ours in a row. */
  failures: number;
}

/** Why an action cannot be carried out. */
export interface Failure {
  code: AgentErrorCode;
  message: string;
}

/** Reads an action as something that may be hostile: parses its texts again and keeps every number within its ceiling. */
export function readAction(action: Action, hidden: HiddenName): Watch | Failure {
  if (action.kind !== 'snapshot') return { code: 'unsupported', message: 'This agent takes snapshots only.' };
  if (action.expressions.length > limits.maxExpressions) {
    return { code: 'too-many', message: `At most ${limits.maxExpressions} expressions are read at a hit.` };
  }
  const { file, line, column } = action.where;
  if (file === '' || !Number.isInteger(line) || line < 1 || (column !== undefined && (!Number.isInteger(column) || column < 1))) {
    return { code: 'no-such-line', message: 'A place is a file and a line, counted from 1.' };
  }
  const condition = action.condition === undefined ? undefined : read(action.condition);
  if (condition !== undefined && 'code' in condition) return condition;
  const rule = condition === undefined ? undefined : hiddenIn(condition.node, hidden);
  if (rule !== undefined) {
    return { code: 'not-allowed', message: `The condition reads a name that the rule \`${rule}\` hides.` };
  }
  const expressions: Watched[] = [];
  for (const text of action.expressions) {
    const expression = read(text);
    if ('code' in expression) return expression;
    expressions.push(expression);
  }
  const ttlMs = clamp(action.limits.ttlMs, 0, limits.maxTimeoutSeconds * 1_000);
  return {
    id: action.id,
    rev: action.rev,
    where: action.where,
    condition,
    expressions,
    maxHits: clamp(action.limits.hits, limits.minHits, limits.maxHits),
    depth: clamp(action.limits.depth, 0, limits.maxDepth),
    expiresAtMs: monotonicMs() + ttlMs,
    state: 'pending',
    at: [],
    hits: 0,
    skipped: { condition: 0, error: 0, budget: 0, queue: 0 },
    lastError: undefined,
    isChanged: false,
    strikes: 0,
    failures: 0,
  };
}

/** Notes where an action is bound; a file that was loaded twice is one place. */
export function addPlace({ at }: Watch, place: Place): void {
  const isKnown = at.some(({ file, line, column }) => file === place.file && line === place.line && column === place.column);
  if (!isKnown) at.push(place);
}

function read(text: string): Watched | Failure {
  const parsed = parseExpression(text);
  if (parsed.ok) return { text, node: parsed.node, names: parsed.names };
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
