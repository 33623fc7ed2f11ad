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
const promptTools: ReadonlySet<string> = new Set(['cancel_actions', 'get_status', 'list_actions']);
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
 * own. A call that finds a place free takes it, without the 5 ms that Bottleneck adds to a job; calls beyond stand in the
 * caller's limiter, and its head takes the next place that comes free. It is local on purpose: a shared limiter does not
 * survive a restart of its store.
 */
export function createShaper(clock: Clock): Shaper {
  const groups = new Map<number, Bottleneck.Group>();
  const running = createTally();
  // Bottleneck takes jobs in one after the other, a few milliseconds each, before it looks at `highWater`: a burst would wait
  // there unbounded. So all calls of a caller are counted here, and a refusal comes at once.
  const present = createTally();

  // There are at most as many groups as roles.
  function lineOf(key: string, queued: number): Bottleneck {
    const highWater = queued * leftPerWaiting;
    const group =
      groups.get(highWater) ??
      new Bottleneck.Group({ maxConcurrent: 1, highWater, strategy: Bottleneck.strategy.OVERFLOW, timeout: keptMs });
    groups.set(highWater, group);
    return group.key(key);
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
      const start = () => running.during(key, () => work(clock.monotonic() - comeMs));
      const isFree = () => running.of(key) < places;
      // Nobody overtakes those who stand in line.
      const isFirst = present.of(key) === running.of(key);
      return present.during(key, () => {
        if (isFirst && isFree()) return start();
        return inTurn(
          { line: lineOf(key, quotas.queuedCalls), isFree, whenFreed: (go) => running.whenFewer(key, go), start },
          clock,
          signal,
          refusal,
        );
      });
    },
  };
}

/** What a call in line needs to take a place. */
interface Standing<T> {
  line: Bottleneck;
  isFree(): boolean;
  /** Runs `go` once, when the next place comes free. */
  whenFreed(go: () => void): void;
  start(): Promise<T>;
}

/** Starts when it is at the head of the line and a place is free. A caller that leaves is told at once; its turn passes. */
function inTurn<T>(
  { line, isFree, whenFreed, start }: Standing<T>,
  clock: Clock,
  signal: AbortSignal,
  refusal: Refusal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isWaiting = true;
    let wake = () => {};
    const stopWaiting = () => {
      isWaiting = false;
      callOff();
      signal.removeEventListener('abort', leave);
      wake();
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
      while (isWaiting && !isFree()) {
        await new Promise<void>((go) => {
          wake = go;
          whenFreed(go);
        });
      }
      if (!isWaiting) return;
      stopWaiting();
      // Not awaited: the place is counted from here on, and the next in line may look for one.
      start().then(resolve, reject);
    };
    // Rejects only when its queue is full.
    line.schedule(turn).catch(giveUp);
  });
}

/** Counts what is under way for each key; keys with nothing under way take no memory. */
function createTally() {
  const counts = new Map<string, number>();
  const freed = new Map<string, Set<() => void>>();
  return {
    of: (key: string) => counts.get(key) ?? 0,
    /** Runs `go` once when the count goes down: for the head of each line of a key, of which there are two after its limits were changed. */
    whenFewer(key: string, go: () => void): void {
      freed.set(key, (freed.get(key) ?? new Set()).add(go));
    },
    async during<T>(key: string, work: () => Promise<T>): Promise<T> {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      try {
        return await work();
      } finally {
        const left = (counts.get(key) ?? 1) - 1;
        if (left > 0) counts.set(key, left);
        else counts.delete(key);
        const heads = freed.get(key) ?? [];
        freed.delete(key);
        for (const go of heads) go();
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
