import type { NameRules } from './names.ts';
import type { SecretRules } from './secret-rules.ts';

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
  /** The span that asked, as in W3C Trace Context. The agent says it again with each hit, and does nothing else with it. */
  traceparent?: string;
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

export interface AgentPolicy {
  /** Names whose values must not leave the process. */
  names: NameRules;
  /** What must not leave the process inside a text. Bridges of before do not send it, and agents of before hide by name only. */
  secrets?: SecretRules;
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
