import type { Action, AgentPolicy, Locate, Located, Remove } from '../../protocol/frames.ts';
import type { AgentConfig } from '../config.ts';
import type { ProcessFacts } from './hello.ts';
import type { Outgoing } from './queue.ts';

/** What the worker tells the main thread; frames from the bridge are checked before they become one of these. */
export type ToMain =
  /** The whole desired set, after every connect. */
  | { kind: 'welcome'; session: string; policy: AgentPolicy; actions: Action[]; bridgeKey: string }
  | { kind: 'arm'; action: Action }
  | { kind: 'remove'; id: string; reason: Remove['reason'] }
  | { kind: 'policy'; policy: AgentPolicy }
  | { kind: 'locate'; query: Locate }
  /** No word from the bridge for too long, or it does not want this agent: every probe goes. */
  | { kind: 'suspend'; reason: string };

/** What the main thread tells the worker. */
export type ToWorker =
  | Outgoing
  | { t: 'located'; answer: Located }
  | { t: 'load'; actions: number; share: number; maxPauseMicros: number }
  | { t: 'stop' };

/** What a worker is started with. */
export interface LinkData {
  config: AgentConfig;
  facts: ProcessFacts;
  gauges: SharedArrayBuffer;
  /** What the key of this process is made from. */
  seed: Uint8Array;
  /** Of the connection before, when this is not the first worker. */
  session?: string;
  /** The key this process trusts, by its settings or since its first welcome. */
  bridgeKey?: string;
}

/** Numbers both threads read without waiting for each other, as indexes into an `Int32Array`. */
export const gauge = {
  /** 1 while no probe may do anything. Index 0, because the probes know only this one. */
  silence: 0,
  /** Messages of the main thread that the worker has taken, since the start. */
  taken: 1,
  /** Frames that the worker holds until they are acknowledged, and their bytes. */
  held: 2,
  heldBytes: 3,
  /** The last `n` given to a frame, so that the next worker goes on from there. */
  lastN: 4,
} as const;

/** Gauges of a process that was just started. */
export function createGauges(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Object.keys(gauge).length * Int32Array.BYTES_PER_ELEMENT));
}
