import type { AgentBeat } from '../../protocol/frames.ts';
import type { Queue } from './queue.ts';

/** What probes cost since the last time it was told. */
export interface Load {
  actions: number;
  share: number;
  maxPauseMicros: number;
}

/** A beat that tells the load and what waits for the bridge. */
export function beatOf({ actions, share, maxPauseMicros }: Load, { length, dropped }: Queue): AgentBeat {
  return { t: 'beat', ts: Date.now(), actions, queue: { length, dropped }, overhead: { share, maxPauseMicros } };
}
