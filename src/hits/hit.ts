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
  receivedAt: number;
  capture: ScrubbedCapture;
}

/** What the hits stage asks of storage. */
export interface HitStore {
  /**
   * Stores it and counts it on the action in one transaction. `full` and `ended` store nothing: no action ever has more
   * hits than `maxHits`. `duplicate` was stored before. `last` tells that the action has all its hits now.
   */
  append(
    hit: IncomingHit,
  ): Promise<{ outcome: 'stored'; number: number; last: boolean } | { outcome: 'full' | 'ended' | 'duplicate' | 'unknown' }>;
  /** Hits of one action in order, starting after `after`. */
  page(org: string, actionId: string, after: number, limit: number): Promise<HitRecord[]>;
  /** Deletes hits and ended actions older than this. */
  prune(endedBefore: number): Promise<number>;
}
