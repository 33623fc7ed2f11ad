import Bottleneck from 'bottleneck';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { limits } from '../protocol/limits.ts';
import type { Charge } from './charge.ts';

/** How long a call may wait for its turn; clients give up at about a minute. */
const maxQueuedMs = 30_000;
/**
 * How long a caller's limiter is kept after its last call started. Bottleneck drops a limiter with jobs still running, and
 * the next call would start from zero: so longer than the longest call can run.
 */
const keptMs = 2 * limits.maxTimeoutSeconds * 1_000;

/** Bounds how many calls of one caller run and wait at a time, in this process. */
export interface Shaper {
  /** Runs `work` now or in its turn. Throws `too_busy` when too many wait already, or the turn does not come in time. */
  run<T>(charge: Charge, work: () => Promise<T>): Promise<T>;
}

/**
 * Shapes bursts by `concurrent_calls` and `queued_calls` of the caller's role. Half of a caller's places are taken without
 * a limiter, because Bottleneck adds about 5 ms to each job; calls beyond share the other half and the queue.
 */
export function createShaper(clock: Clock): Shaper {
  const groups = new Map<string, Bottleneck.Group>();
  const running = createTally();
  // Bottleneck takes jobs in one after the other, a few milliseconds each, before it looks at `highWater`: a burst would wait
  // there unbounded. So all calls of a caller are counted here, and a refusal comes at once.
  const present = createTally();

  // One group for each pair of numbers: there are at most as many as roles.
  function groupFor(maxConcurrent: number, highWater: number): Bottleneck.Group {
    const name = `${maxConcurrent}/${highWater}`;
    const group =
      groups.get(name) ??
      new Bottleneck.Group({ maxConcurrent, highWater, strategy: Bottleneck.strategy.OVERFLOW, timeout: keptMs });
    groups.set(name, group);
    return group;
  }

  return {
    async run(charge, work) {
      const { principal, quotas } = charge.permit;
      const { concurrentCalls, queuedCalls } = quotas;
      const key = JSON.stringify([principal.org, principal.subject]);
      if (present.of(key) >= concurrentCalls + queuedCalls) throw busy(concurrentCalls, queuedCalls);
      const atOnce = Math.floor(concurrentCalls / 2);
      return present.during(key, () => {
        if (running.of(key) < atOnce) return running.during(key, work);
        const limiter = groupFor(concurrentCalls - atOnce, queuedCalls).key(key);
        return runInTurn(limiter, clock, busy(concurrentCalls, queuedCalls), work);
      });
    },
  };
}

/** Counts what is under way for each key; keys with nothing under way take no memory. */
function createTally() {
  const counts = new Map<string, number>();
  return {
    of: (key: string) => counts.get(key) ?? 0,
    async during<T>(key: string, work: () => Promise<T>): Promise<T> {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      try {
        return await work();
      } finally {
        const left = (counts.get(key) ?? 1) - 1;
        if (left > 0) counts.set(key, left);
        else counts.delete(key);
      }
    },
  };
}

function runInTurn<T>(limiter: Bottleneck, clock: Clock, refusal: Refusal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let waiting = true;
    const giveUp = clock.after(maxQueuedMs, () => {
      waiting = false;
      reject(refusal);
    });
    const turn = async (): Promise<void> => {
      if (!waiting) return;
      waiting = false;
      giveUp();
      try {
        resolve(await work());
      } catch (error) {
        reject(error);
      }
    };
    // Rejects only when the queue is full: what the work throws is told above.
    limiter.schedule(turn).catch(() => {
      giveUp();
      reject(refusal);
    });
  });
}

function busy(concurrent: number, queued: number): Refusal {
  return new Refusal({
    code: 'too_busy',
    message: `This caller has ${concurrent} calls running and up to ${queued} waiting already.`,
    next: 'Let some of them end, then call again.',
    data: { concurrentCalls: concurrent, queuedCalls: queued },
  });
}
