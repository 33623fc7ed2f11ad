import type { Action, AgentPolicy, Engine, HitFrame, Locate, Located, Remove, StateFrame } from '../../protocol/frames.ts';
import type { LoadTime } from '../load-time/load-time.ts';
import type { Denied } from '../source/denied.ts';
import { InProcessProbes } from './in-process-probes.ts';

/** What the probes tell the link; every frame's `t` and `n` are the link's business. */
export interface ProbeEvents {
  state(state: Omit<StateFrame, 't' | 'n'>): void;
  hit(hit: Omit<HitFrame, 't' | 'n'>): void;
  /** False while the queue to the bridge is full: nothing is captured then. */
  mayQueue(): boolean;
}

/** Every probe of this process. Nothing here ever throws into the program. */
export interface Probes {
  /** Idempotent by id and rev; a higher rev replaces; answers through `events.state`. */
  arm(action: Action): void;
  /** Answers state 'removed'. */
  remove(id: string, reason: Remove['reason']): void;
  /** The bridge is silent: every probe and the debugger go away at once. */
  suspendAll(reason: string): void;
  /** Names to hide, and the kill switch. */
  setPolicy(policy: AgentPolicy): void;
  /** Where something is in the program as it runs. Never rejects. */
  locate(query: Locate): Promise<Located>;
  readonly count: number;
  /** Since the last call. */
  overhead(): { share: number; maxPauseMicros: number };
  close(): void;
}

/** How the probes of a process are bounded. */
export interface ProbeOptions {
  /** Shared with the link's worker; element 0 becomes 1 when the bridge is silent, even while the main thread is busy. */
  silence?: Int32Array;
  /** Share of one core that probes may cost, 0–1. */
  maxShare?: number;
  /** Milliseconds for reading values at one hit. */
  maxCaptureMs?: number;
  /** Files that were instrumented when they were loaded. */
  loadTime?: LoadTime | undefined;
  /** Ways of observing that may be used; all but live edit without it. */
  engines?: readonly Engine[];
  /** Files that may never be observed; none without it. */
  denied?: Denied;
}

/** Makes the probes of this process; V8's debugger is on only while an action needs it. */
export function createProbes(events: ProbeEvents, options: ProbeOptions = {}): Probes {
  return new InProcessProbes(events, options);
}
