import {
  type Checked,
  checkFrame,
  clamped,
  exactly,
  flag,
  instant,
  integer,
  known,
  label,
  list,
  Malformed,
  matching,
  oneOf,
  optional,
  plain,
  type Reader,
  record,
  table,
  text,
  traceparent,
  whole,
} from './check.ts';
import { engine, passes, skipped, sums } from './check-counts.ts';
import { type NodeBudget, valueReader } from './check-value.ts';
import {
  type AgentErrorCode,
  type AgentFrame,
  actionKinds,
  agentErrorCodes,
  type Capabilities,
  type CaptureData,
  engines,
  type Hello,
  type LocatedPlace,
  type Place,
  type Problem,
  problemParts,
  type ScopeVariables,
  type StackFrame,
} from './frames.ts';
import { limits } from './limits.ts';
import { nonce, publicKey } from './seal.ts';
import type { ExpressionResult, Value } from './value.ts';

const actionId = plain(80, 1);
const sequence = integer(1, Number.MAX_SAFE_INTEGER);
const rev = integer(0, Number.MAX_SAFE_INTEGER);
const count = whole(0, Number.MAX_SAFE_INTEGER);
const name = plain(limits.maxNameChars, 1);
const message = label(limits.maxMessageChars);
const position = integer(1, 10_000_000);
const hits = integer(0, limits.maxHits);

/** The first `max` of a list, in the agent's order, which puts what matters most first; `left` hears that some stayed out. */
function first<T>(item: Reader<T>, max: number, left: () => void = () => undefined): Reader<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new Malformed(path, 'an array');
    if (value.length > max) left();
    return value.slice(0, max).map((one, index) => item(one, `${path}[${index}]`));
  };
}

const capabilities = record<Capabilities>({
  kinds: known(actionKinds),
  where: known(['line']),
  engines: optional(known(engines)),
  locate: optional(flag),
  conditions: flag,
  expressions: flag,
  pending: flag,
  sourceMaps: flag,
  stops: oneOf(['none', 'thread', 'process']),
  maxActions: whole(0, limits.maxActionsPerAgent),
});

const hello = {
  t: exactly('hello'),
  v: exactly(1),
  agent: record<Hello['agent']>({
    id: matching(/^[A-Za-z0-9_-]{8,64}$/, '8 to 64 characters of A-Z, a-z, 0-9, _ and -'),
    name,
    version: plain(80),
    mode: oneOf(['inproc', 'attach', 'sim']),
  }),
  service: name,
  version: optional(plain(limits.maxNameChars)),
  commit: optional(plain(limits.maxNameChars)),
  environment: optional(plain(limits.maxNameChars)),
  runtime: record<Hello['runtime']>({ language: plain(40, 1), name: plain(80), version: plain(80) }),
  host: plain(limits.maxNameChars),
  pid: integer(0, Number.MAX_SAFE_INTEGER),
  pod: optional(plain(limits.maxNameChars)),
  container: optional(plain(limits.maxNameChars)),
  tags: list(plain(100, 1), 50),
  startedAt: instant,
  now: instant,
  capabilities,
  resume: optional(record<NonNullable<Hello['resume']>>({ session: plain(80, 1), lastN: integer(0, Number.MAX_SAFE_INTEGER) })),
  identity: optional(record<NonNullable<Hello['identity']>>({ key: publicKey, nonce, keyShare: optional(publicKey) })),
};

const placeShape = {
  file: label(limits.maxFileChars),
  line: position,
  column: optional(position),
  function: optional(label(limits.maxNameChars)),
  text: optional(label(limits.maxLineChars)),
  sourceHash: optional(matching(/^[0-9a-f]{16}$/, '16 hex digits')),
};
const place = record<Place>(placeShape);

const neighbours = list(label(limits.maxLineChars), limits.maxLinesAround);
const locatedPlace = record<LocatedPlace>({ ...placeShape, before: neighbours, after: neighbours, score: clamped(0, 1) });

const stackFrame = record<StackFrame>({
  function: label(limits.maxNameChars),
  file: label(limits.maxFileChars),
  line: whole(0, 10_000_000),
  column: optional(whole(0, 10_000_000)),
});

/** Agents of other versions may know more codes; what they say in words is kept. */
const errorCode: Reader<AgentErrorCode> = (value, path) => {
  const code = plain(80)(value, path);
  return agentErrorCodes.find((one) => one === code) ?? 'internal';
};

/** Parts that this version does not know are left out, and of lists what is too much. */
const problem = record<Problem>({
  part: (value) => problemParts.find((one) => one === value),
  index: optional(integer(0, limits.maxExpressions - 1)),
  name: optional(label(limits.maxNameChars)),
  nearest: optional(first(label(limits.maxNameChars), limits.maxNearest)),
  names: optional(first(label(limits.maxNameChars), limits.maxNamesTold)),
  deployed: optional(first(label(limits.maxLineChars), limits.maxLinesAround + 1)),
  lines: optional(first(position, limits.maxLinesTold)),
});

/** One budget of values for the whole capture; expressions are read first, being what was asked for. */
const capture: Reader<CaptureData> = (frame, path) => {
  const budget: NodeBudget = { left: limits.maxNodes };
  let complete = true;
  const left = () => {
    complete = false;
  };
  const value = valueReader(budget);
  const variable: Reader<[string, Value]> = (pair, at) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new Malformed(at, 'a pair');
    return [label(limits.maxNameChars)(pair[0], at), value(pair[1], at)];
  };
  const expression: Reader<ExpressionResult> = (result, at) => {
    const { expression, error, ...rest } = record<{ expression: string; error?: string; value?: Value }>({
      expression: text(limits.maxExpressionChars),
      error: optional(message),
      value: (one, where) => (one === undefined ? undefined : value(one, where)),
    })(result, at);
    if (error !== undefined) return { expression, error };
    if (rest.value === undefined) throw new Malformed(at, 'a value or an error');
    return { expression, value: rest.value };
  };
  const data = record<CaptureData>({
    at: place,
    stack: first(stackFrame, limits.maxStackFrames),
    expressions: list(expression, limits.maxExpressions),
    this: (one, at) => (one === undefined ? undefined : value(one, at)),
    scopes: first(
      record<ScopeVariables>({
        kind: oneOf(['local', 'block', 'catch', 'closure', 'module', 'script']),
        variables: first(variable, limits.maxVariables, left),
      }),
      limits.maxScopes,
      left,
    ),
    pauseMicros: whole(0, 1e12),
    durationMicros: optional(whole(0, 1e15)),
    cut: known(['depth', 'nodes', 'bytes', 'time']),
    redacted: table(count, 200),
  })(frame, path);
  return complete || data.cut.includes('nodes') ? data : { ...data, cut: [...data.cut, 'nodes'] };
};

/** Reads one frame from an agent. Never throws; what comes back is bounded and holds nothing the protocol does not know. */
export function checkAgentFrame(value: unknown): Checked<AgentFrame> {
  return checkFrame<AgentFrame>(value, {
    hello,
    state: {
      t: exactly('state'),
      n: sequence,
      id: actionId,
      rev,
      state: oneOf(['pending', 'armed', 'suspended', 'expired', 'removed', 'failed']),
      at: optional(list(place, 50)),
      hits,
      skipped: optional(skipped),
      engine,
      passes: optional(passes),
      sums: optional(sums),
      lastError: optional(message),
      code: optional(errorCode),
      message: optional(message),
      problem: optional(problem),
    },
    hit: {
      t: exactly('hit'),
      n: sequence,
      id: actionId,
      rev,
      hit: integer(1, limits.maxHits),
      ts: instant,
      capture,
      traceparent,
    },
    beat: {
      t: exactly('beat'),
      ts: instant,
      actions: count,
      queue: record<{ length: number; dropped: number }>({ length: count, dropped: count }),
      overhead: record<{ share: number; maxPauseMicros: number }>({ share: clamped(0, 1_000), maxPauseMicros: clamped(0, 1e12) }),
    },
    error: { t: exactly('error'), code: label(80), message, id: optional(actionId) },
    located: {
      t: exactly('located'),
      q: actionId,
      places: list(locatedPlace, limits.maxPlaces),
      isComplete: flag,
      code: optional(errorCode),
      message: optional(message),
    },
    bye: { t: exactly('bye'), reason: oneOf(['exit', 'config', 'upgrade']) },
  });
}
