import type { Action } from './frames.ts';

/** Whether passes become hits. The other actions only add up: counters, metrics, and durations that take no snapshot. */
export function recordsHits({ kind, duration }: Pick<Action, 'kind' | 'duration'>): boolean {
  return kind === 'snapshot' || kind === 'logpoint' || (kind === 'duration' && duration?.thresholdMs !== undefined);
}

/** Whether agents tell `Sums` of it. */
export function addsUp({ kind }: Pick<Action, 'kind'>): boolean {
  return kind === 'counter' || kind === 'duration' || kind === 'metric';
}
