import type { ActionRecord } from '../actions/action.ts';
import type { ScrubbedCapture } from '../redaction/capture.ts';

export interface HitRecord {
  actionId: string;
  /** 1, 2, … over all agents of the action. */
  number: number;
  agentId: string;
  agentName: string;
  /** Milliseconds since the epoch, by the agent's clock. */
  capturedAt: number;
  receivedAt: number;
  capture: ScrubbedCapture;
}

/** One hit as it arrives, not numbered yet. */
export interface IncomingHit {
  org: string;
  actionId: string;
  agentId: string;
  agentName: string;
  /** The agent's own count: a hit sent twice after a reconnect has the same. */
  agentHit: number;
  capturedAt: number;
  /** The same instant by the clock of this bridge, as far as the agent's can be known. */
  takenAt: number;
  receivedAt: number;
  /** Whether it was asked for on the connection that it came by. One that was not is stored only of an action that has ended. */
  isAsked: boolean;
  capture: ScrubbedCapture;
}

/** Why an action ended that has all its hits. */
export const completedReason = 'It has all the hits it asked for.';

/** What becomes of a hit that is not stored. */
export type Declined = 'full' | 'beyond' | 'ended' | 'duplicate' | 'unknown' | 'unasked';

/** What the hits stage asks of storage. */
export interface HitStore {
  /** What `append` would say for certain, asked before the work of redacting it is done; undefined when it may store it. */
  foresee(hit: Pick<IncomingHit, 'org' | 'actionId' | 'agentId' | 'agentHit'>): Promise<Declined | undefined>;
  /**
   * Stores it and counts it on the action in one transaction. `full` and `ended` store nothing: no action ever has more
   * hits than `maxHits`, none of one agent more than `maxHitsPerAgent`. `duplicate` was stored before. The last hit ends the action
   * as `completed` in the same transaction; `ended` is the action then. One that adds up goes on instead, and what is beyond its hits is
   * `beyond`. A hit that `mayComeLate` (late.ts) is stored after the end, which stays as it was, and is paid for again. `unasked` is
   * of an action that is alive, was not asked for, and is not `mayBeOfBefore` of one of its targets.
   */
  append(
    hit: IncomingHit,
  ): Promise<{ outcome: 'stored'; number: number; listeners: string[]; ended?: ActionRecord } | { outcome: Declined }>;
  /** Hits of one action in order, starting after `after`. */
  page(org: string, actionId: string, after: number, limit: number): Promise<HitRecord[]>;
  /** Deletes hits and ended actions older than this. */
  prune(endedBefore: number): Promise<number>;
}
