import type { NameRules } from './names.ts';
import type { CutReason, ExpressionResult, Value } from './value.ts';

/** Version of the protocol; the WebSocket sub-protocol is `sidelight.v1`. */
export const protocolVersion = 1;
export const subprotocol = 'sidelight.v1';

// ---------------------------------------------------------------------------------------------- agent → bridge

/** First frame of every connection. Instants are milliseconds since the epoch. */
export interface Hello {
  t: 'hello';
  v: 1;
  agent: {
    /** New for each process start, kept over reconnects: 8–64 characters of [A-Za-z0-9_-]. */
    id: string;
    /** For people, for example `shop@web-1/4711`. */
    name: string;
    version: string;
    mode: 'inproc' | 'attach' | 'sim';
  };
  /** `service.name`, `service.version`, `vcs.ref.head.revision`, `deployment.environment.name` of OpenTelemetry. */
  service: string;
  version?: string;
  commit?: string;
  environment?: string;
  runtime: { language: string; name: string; version: string };
  host: string;
  pid: number;
  pod?: string;
  container?: string;
  tags: string[];
  startedAt: number;
  now: number;
  capabilities: Capabilities;
  /** Set on a reconnect of the same process. */
  resume?: { session: string; lastN: number };
}

export interface Capabilities {
  kinds: ActionKind[];
  where: 'line'[];
  /** Ways the agent can observe a line; absent means breakpoints only. */
  engines?: Engine[];
  /** Whether it answers `locate`. */
  locate?: boolean;
  conditions: boolean;
  expressions: boolean;
  pending: boolean;
  sourceMaps: boolean;
  /** What a hit stops for a moment: nothing, the thread or the whole process. */
  stops: 'none' | 'thread' | 'process';
  maxActions: number;
}

export const actionKinds = ['snapshot', 'logpoint', 'counter', 'duration', 'metric'] as const;
export type ActionKind = (typeof actionKinds)[number];

/**
 * How an agent observes a line: a breakpoint of the runtime, code inserted into the running program, or code inserted when the file was
 * loaded.
 */
export const engines = ['breakpoint', 'live-edit', 'load-time'] as const;
export type Engine = (typeof engines)[number];

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** A place in source. Lines and columns count from 1. */
export interface Place {
  file: string;
  line: number;
  column?: number;
  /** The function around it, where known. */
  function?: string;
  /** The text of that line, trimmed and at most 200 characters, where the agent has the source. */
  text?: string;
  /** Hash of the whole source file as it is deployed: the first 16 hex digits of its SHA-256. */
  sourceHash?: string;
}

export type ActionState = 'pending' | 'armed' | 'suspended' | 'expired' | 'removed' | 'failed';

/** Why a pass through the line gave no hit; all are counts since arming. */
export interface Skipped {
  /** The condition was false. */
  condition: number;
  /** The condition could not be evaluated. */
  error: number;
  /** Passes seen while the probe was taken away to keep within its time budget are not counted; these are windows. */
  budget: number;
  /** The queue to the bridge was full. */
  queue: number;
  /** The rate limit of a logpoint was reached. */
  rate?: number;
}

/** A number that was not counted whole. */
export interface Estimate {
  count: number;
  /** Half the width of its 95 % interval. */
  error: number;
}

/** What a probe has met and cost since it was armed; the bridge makes one verdict of it (`explain`). */
export interface Passes {
  /** Passes the probe looked at. */
  seen: number;
  /** All passes, when some went by while it was away; absent when `seen` is all of them. */
  estimate?: Estimate;
  /** Milliseconds since it was installed, and how many of these it was away to keep within its time budget. */
  armedMs: number;
  awayMs: number;
  /** Microseconds the program was held by it: altogether, longest once, and for installing it. */
  spentMicros: number;
  maxPauseMicros: number;
  armMicros: number;
  /** When it was installed; absent while it is not. */
  installedAt?: number;
  /** How often the breaker took it away because one pause was far too long. */
  trips: number;
}

/** The exponential histogram of OpenTelemetry: bucket `i` holds values in (base^i, base^(i+1)], base = 2^(2^-scale). */
export interface ExponentialHistogram {
  scale: number;
  /** Values that are zero. */
  zero: number;
  positive: Buckets;
  negative: Buckets;
}

/** `counts[k]` belongs to bucket `offset + k`; at most 160 of them. */
export interface Buckets {
  offset: number;
  counts: number[];
}

/** What a counter, duration or metric has added up since it was armed. Cumulative: a later one replaces an earlier one. */
export interface Sums {
  /** Passes with the condition true; for a duration, spans that ended; for a metric, passes whose expression was a number. */
  count: number;
  /** Of all of them, when passes went by while the probe was away. */
  estimate?: Estimate;
  /** Of durations (in milliseconds) and metrics; absent while there is none. */
  values?: { sum: number; min: number; max: number; histogram: ExponentialHistogram };
  /** Metric: passes whose expression was not a finite number. */
  notNumbers?: number;
  /** Duration: spans that began and whose end was not seen, because they threw, still run, or the probe was away. */
  unfinished?: number;
}

/** Acknowledges `arm` and `remove`, and tells every later change of one action on this agent. */
export interface StateFrame {
  t: 'state';
  n: number;
  id: string;
  rev: number;
  state: ActionState;
  /** Where it is bound, which may differ from what was asked. */
  at?: Place[];
  hits: number;
  skipped?: Skipped;
  /** How it is observed, and why so, in one sentence. */
  engine?: { name: Engine; why: string };
  passes?: Passes;
  sums?: Sums;
  /** The last error of the condition, in words. */
  lastError?: string;
  code?: AgentErrorCode;
  message?: string;
}

/** Why an agent could not do, or stopped doing, what it was asked. The same for every runtime. */
export const agentErrorCodes = [
  'no-such-file',
  'ambiguous-file',
  'no-such-line',
  'line-mismatch',
  'bad-expression',
  'not-allowed',
  'unsupported',
  'overhead',
  'too-many',
  'internal',
] as const;
export type AgentErrorCode = (typeof agentErrorCodes)[number];

export interface StackFrame {
  function: string;
  file: string;
  line: number;
  column?: number;
}

/** One scope of the paused function, inner first. */
export interface ScopeVariables {
  kind: 'local' | 'block' | 'catch' | 'closure' | 'module' | 'script';
  variables: [name: string, value: Value][];
}

/** What was read at one pass through the location. */
export interface CaptureData {
  at: Place;
  stack: StackFrame[];
  this?: Value;
  scopes: ScopeVariables[];
  expressions: ExpressionResult[];
  /** Time the program's thread was held for this hit, in microseconds. */
  pauseMicros: number;
  /** Of a duration above its threshold: how long the span took, in microseconds. */
  durationMicros?: number;
  cut: CutReason[];
  /** Values hidden inside the agent, by rule. */
  redacted: Record<string, number>;
}

export interface HitFrame {
  t: 'hit';
  n: number;
  id: string;
  rev: number;
  /** 1, 2, … on this agent. */
  hit: number;
  ts: number;
  capture: CaptureData;
}

/** Sent every `beatMs`, both ways. */
export interface AgentBeat {
  t: 'beat';
  ts: number;
  actions: number;
  queue: { length: number; dropped: number };
  /** Share of one core spent in probes since the last beat, 0–1, and the longest pause in it. */
  overhead: { share: number; maxPauseMicros: number };
}

export interface AgentError {
  t: 'error';
  code: string;
  message: string;
  id?: string;
}

export interface Bye {
  t: 'bye';
  reason: 'exit' | 'config' | 'upgrade';
}

/** The answer to `locate`. Not numbered: the bridge asks again when it got none. */
export interface Located {
  t: 'located';
  q: string;
  /** The best first. */
  places: LocatedPlace[];
  /** False when there was no time to look at every script. */
  isComplete: boolean;
  code?: AgentErrorCode;
  message?: string;
}

/** A place that fits a query, with its neighbours. */
export interface LocatedPlace extends Place {
  /** Up to 3 lines before and after it, each at most 200 characters, not trimmed at their beginning. */
  before: string[];
  after: string[];
  /** 0–1: 1 is an exact and complete match. */
  score: number;
}

export type AgentFrame = Hello | StateFrame | HitFrame | AgentBeat | AgentError | Bye | Located;

// ---------------------------------------------------------------------------------------------- bridge → agent

/** What an agent is asked to do. Equal `id` and `rev` mean the same action; a higher `rev` replaces it. */
export interface Action {
  id: string;
  rev: number;
  kind: ActionKind;
  where: Where;
  condition?: string;
  /** Snapshot: read at each hit. Logpoint: those of its template, in order. Metric: exactly one, the number. */
  expressions: string[];
  /** Of a logpoint. */
  log?: LogOptions;
  /** Of a duration. */
  duration?: DurationOptions;
  limits: {
    /** 1–50. */
    hits: number;
    /** 0–3. */
    depth: number;
    /** Milliseconds left to live when the frame was sent, by the agent's own monotonic clock. */
    ttlMs: number;
  };
}

/** A line of a file as written. */
export interface Where {
  /** A path whose end must fit. */
  file: string;
  line: number;
  column?: number;
  /** The text expected there, compared without space around it; another text is refused as `line-mismatch`. */
  expectLine?: string;
  /** Lines expected before and after it, up to 5 each: with them a line that has moved is found again. */
  around?: { before: string[]; after: string[] };
}

/** A line written at each hit, to the caller and perhaps to the program's stdout. */
export interface LogOptions {
  /** Text with `{expression}` in it (protocol/template.ts). */
  template: string;
  level: LogLevel;
  /** Lines a second at most, 1–100. */
  perSecond: number;
  toStdout: boolean;
}

/** From where to where a duration is measured. */
export interface DurationOptions {
  /** The function around the line, from its entry to its end, or from that line to another line of the same function. */
  span: 'function' | 'lines';
  /** The other line; for `lines` only. */
  to?: Where;
  /** A snapshot is taken when a span took longer than this; without it none is. */
  thresholdMs?: number;
}

/** Asks where something is in the program as it runs. One of `function`, `snippet` and `stackLine` is set. */
export interface Locate {
  t: 'locate';
  q: string;
  /** Name of a function or method: `charge`, `Cart.total`. */
  function?: string;
  /** Some characters of source, of one line or several. */
  snippet?: string;
  /** A line of a stack trace: `at charge (/app/dist/pay.js:10:5)`. */
  stackLine?: string;
  /** Only in files whose path ends so. */
  file?: string;
  /** Places wanted, 1–20. */
  limit: number;
}

export interface Welcome {
  t: 'welcome';
  session: string;
  now: number;
  beatMs: number;
  maxSilenceMs: number;
  /** All frames up to this one are stored; the agent forgets them. */
  ackedN: number;
  policy: AgentPolicy;
  /** The whole desired set: the agent arms what is missing and drops what is absent. */
  actions: Action[];
}

export interface AgentPolicy {
  /** Names whose values must not leave the process. */
  names: NameRules;
  /** `true` disarms everything at once and keeps it so. */
  pause: boolean;
  /** What probes may cost; the agent's own ceilings hold too. */
  budget?: Budget;
}

export interface Budget {
  /** Share of one core that all probes of a process may take; 0.01 without it, 0.1 at most. */
  share?: number;
  /** Milliseconds that live edit may hold the program when a probe comes or goes; 50 without it, 5 000 at most. */
  armMs?: number;
  /** Engines that may be used; without it all that the agent itself is set to use. */
  engines?: Engine[];
}

export interface Arm {
  t: 'arm';
  action: Action;
}

export interface Remove {
  t: 'remove';
  id: string;
  reason: 'cancelled' | 'limit' | 'expired' | 'policy';
}

export interface Ack {
  t: 'ack';
  n: number;
}

export interface PolicyFrame {
  t: 'policy';
  policy: AgentPolicy;
}

export interface BridgeBeat {
  t: 'beat';
  ts: number;
}

/** After `auth`, `version` or `revoked` the agent disarms everything and backs off for minutes. */
export interface BridgeError {
  t: 'error';
  code: 'auth' | 'version' | 'revoked' | 'too-big' | 'rate' | 'bad-frame' | 'unsupported' | 'draining';
  message: string;
}

export type BridgeFrame = Welcome | Arm | Remove | Ack | PolicyFrame | Locate | BridgeBeat | BridgeError;
