import Bottleneck from 'bottleneck';
import type { Clock } from '../lib/clock.ts';
import { departure, throwIfLeft } from '../lib/left.ts';
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
/** Nobody can leave Bottleneck's queue: calls whose callers left stay in it until their turn, so many for each that may wait. */
const leftPerWaiting = 16;
/** Tools that answer at once and that somebody needs whose places are all taken by waits: to look, to find, to cancel. */
const promptTools: ReadonlySet<string> = new Set(['cancel_action', 'get_status', 'list_actions']);
/** Places of one caller that only these tools may take. */
const promptPlaces = 4;

/** Bounds how many calls of one caller run and wait at a time, in this process. */
export interface Shaper {
  /**
   * Runs `work` now or in its turn, and tells it how long it waited. Throws `too_busy` when too many wait already, or the turn
   * does not come in time. A caller that leaves gives up its turn: then `work` never starts.
   */
  run<T>(charge: Charge, signal: AbortSignal, work: (queuedMs: number) => Promise<T>): Promise<T>;
}

/**
 * Shapes bursts by `concurrent_calls` and `queued_calls` of the caller's role; tools that answer at once have places of their
 * own. Half of the places are taken without a limiter, because Bottleneck adds about 5 ms to each job; calls beyond share the
 * other half and the queue. It is local on purpose: a shared one does not survive a restart of its store.
 */
export function createShaper(clock: Clock): Shaper {
  const groups = new Map<string, Bottleneck.Group>();
  const running = createTally();
  // Bottleneck takes jobs in one after the other, a few milliseconds each, before it looks at `highWater`: a burst would wait
  // there unbounded. So all calls of a caller are counted here, and a refusal comes at once.
  const present = createTally();

  // One group for each pair of numbers: there are at most as many as roles, and one for prompt tools.
  function groupFor(maxConcurrent: number, queued: number): Bottleneck.Group {
    const name = `${maxConcurrent}/${queued}`;
    const highWater = queued * leftPerWaiting;
    const known = groups.get(name);
    if (known !== undefined) return known;
    const group = new Bottleneck.Group({ maxConcurrent, highWater, strategy: Bottleneck.strategy.OVERFLOW, timeout: keptMs });
    groups.set(name, group);
    return group;
  }

  return {
    async run(charge, signal, work) {
      const { principal, quotas, tool } = charge.permit;
      const isPrompt = promptTools.has(tool);
      const places = isPrompt ? promptPlaces : quotas.concurrentCalls;
      const key = JSON.stringify([principal.org, principal.subject, isPrompt]);
      const refusal = busy(places, quotas.queuedCalls);
      throwIfLeft(signal);
      if (present.of(key) >= places + quotas.queuedCalls) throw refusal;
      const comeMs = clock.monotonic();
      const start = () => work(clock.monotonic() - comeMs);
      const atOnce = Math.floor(places / 2);
      return present.during(key, () => {
        if (running.of(key) < atOnce) return running.during(key, start);
        return inTurn(groupFor(places - atOnce, quotas.queuedCalls).key(key), clock, signal, refusal, start);
      });
    },
  };
}

/** Runs `start` when its turn comes. A caller that leaves is told at once; its turn then passes without work. */
function inTurn<T>(
  limiter: Bottleneck,
  clock: Clock,
  signal: AbortSignal,
  refusal: Refusal,
  start: () => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isWaiting = true;
    const stopWaiting = () => {
      isWaiting = false;
      callOff();
      signal.removeEventListener('abort', leave);
    };
    const leave = () => {
      stopWaiting();
      reject(departure(signal));
    };
    const giveUp = () => {
      stopWaiting();
      reject(refusal);
    };
    const callOff = clock.after(maxQueuedMs, giveUp);
    signal.addEventListener('abort', leave, { once: true });
    const turn = async (): Promise<void> => {
      if (!isWaiting) return;
      stopWaiting();
      await start().then(resolve, reject);
    };
    // Rejects only when its queue is full: what the work throws is told above.
    limiter.schedule(turn).catch(giveUp);
  });
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

function busy(concurrent: number, queued: number): Refusal {
  return new Refusal({
    code: 'too_busy',
    message: `This caller has ${concurrent} calls running and up to ${queued} waiting already.`,
    next: 'Let some of them end, then call again.',
    data: { concurrentCalls: concurrent, queuedCalls: queued },
  });
}
