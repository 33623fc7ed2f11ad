import type { Action, ActionKind, AgentPolicy, Engine } from './asked.ts';
import type { Passes, Skipped, Sums } from './counts.ts';
import type { Problem } from './problem.ts';
import type { CutReason, ExpressionResult, Value } from './value.ts';

export * from './asked.ts';
export * from './counts.ts';
export * from './problem.ts';

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
  /** With it the hello is signed (seal.ts), and so are the frames that answer it. Agents of before have none. */
  identity?: Identity;
}

export interface Identity {
  /** Public key that the process made for itself. */
  key: string;
  /** New for each hello. */
  nonce: string;
  /** Its half of the key of this connection. */
  keyShare?: string;
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
  problem?: Problem;
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
  /** As the action had it. */
  traceparent?: string;
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

/** First frame of every connection: the hello has to answer it. */
export interface Challenge {
  t: 'challenge';
  nonce: string;
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

export type BridgeFrame = Challenge | Welcome | Arm | Remove | Ack | PolicyFrame | Locate | BridgeBeat | BridgeError;
