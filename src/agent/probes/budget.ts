import { max, min, monotonicMs, round } from '../intrinsics.ts';

/** How much of one core all probes of a process may take, 0–1. */
export const defaultMaxShare = 0.01;
/** Longest pause that one pass should take. */
export const maxPauseMs = 10;
/** Time for reading values at one hit; the rest of the pause is V8's own. */
export const defaultMaxCaptureMs = 5;
/** A pause this many times too long is a strike; so many strikes end the action. */
const strikeFactor = 10;
export const maxStrikes = 3;
/** A place that rested may use what it saved in this time at once: the first hits, which are slow, must not cost the next ones. */
const savedMs = 5_000;
/** How long the breaker keeps an action away after a pause that was far too long. */
const tripMs = { first: 5_000, factor: 4 } as const;
/**
 * A place comes back with what it has saved in this time, and next time in twice that, up to `savedMs`: each return makes V8 throw away
 * the function's fast code, which costs more than the passes.
 */
const firstComebackMs = 1_000;
/** A new place may begin with this, so that its first pass is seen whatever others have spent. */
const leastMs = 0.05;
/** A place that has to rest for another reason than its time is looked at again after this. */
const restMs = 1_000;
/** A place can always take one hit, however many places share the time. */
const minBurstMs = 5;

/** What a quick pass is taken for until some have been timed; the least that one takes; how far one that is timed moves that. */
export const newQuickMs = 0.001;
const leastQuickMs = 0.00005;
const quickStep = 1.25;

/** Something like the median of the passes that are timed: one into which a collection of garbage fell must not count for all. */
export function nextQuickMs(quickMs: number, tookMs: number): number {
  return max(leastQuickMs, quickMs / quickStep, min(quickMs * quickStep, tookMs));
}

/** Whether a pause was so long that its action should not go on. */
export function isStrike(pauseMs: number): boolean {
  return pauseMs > maxPauseMs * strikeFactor;
}

/** Whether one such pause is enough to end the action. */
export function isFarTooLong(pauseMs: number): boolean {
  return pauseMs > maxPauseMs * strikeFactor * maxStrikes;
}

/** How long an action stays away that has tripped so often; undefined when it should not come back. */
export function tripWaitMs(trips: number): number | undefined {
  return trips >= maxStrikes ? undefined : tripMs.first * tripMs.factor ** (trips - 1);
}

/**
 * What places may have saved when they are new: a process has it once. Places that come and go take from it, and fill it again by what
 * they leave and with time, so that arming anew is no way around the budget.
 */
export class Savings {
  #share: number;
  #leftMs: number;
  #asOfMs = monotonicMs();

  constructor(share: number) {
    this.#share = share;
    this.#leftMs = this.#fullMs;
  }

  set share(share: number) {
    this.#share = share;
    this.#leftMs = min(this.#leftMs, this.#fullMs);
  }

  take(ms: number): number {
    const now = monotonicMs();
    this.give((now - this.#asOfMs) * this.#share);
    this.#asOfMs = now;
    const taken = min(ms, this.#leftMs);
    this.#leftMs -= taken;
    return taken;
  }

  give(ms: number): void {
    this.#leftMs = min(this.#fullMs, this.#leftMs + max(0, ms));
  }

  get #fullMs(): number {
    return max(minBurstMs, this.#share * savedMs);
  }
}

/** The time of one place: it fills at the place's share of one core, and every pass takes from it. */
export class Allowance {
  #share: number;
  #leftMs: number;
  #asOfMs = monotonicMs();
  #comebackMs = firstComebackMs / 2;
  #mustRest: (() => boolean) | undefined;

  constructor(share: number, savings: Savings) {
    this.#share = share;
    this.#leftMs = max(leastMs, savings.take(this.#fullMs));
  }

  /** What is left when the place goes. */
  get leftMs(): number {
    this.#fill();
    return this.#leftMs;
  }

  /** The share changes with the number of places. */
  set share(share: number) {
    this.#fill();
    this.#share = share;
    this.#leftMs = min(this.#leftMs, this.#fullMs);
  }

  /** Pays for time taken. False when nothing is left: the place must go until it `mayReturn`. */
  spend(ms: number, nowMs: number = monotonicMs()): boolean {
    this.#fill(nowMs);
    this.#leftMs -= ms;
    if (this.#leftMs <= 0) this.#comebackMs = min(savedMs, this.#comebackMs * 2);
    return this.#leftMs > 0 && this.#mustRest?.() !== true;
  }

  /** The place goes at its next payment, and comes back when this is false. */
  restWhile(mustRest: () => boolean): void {
    this.#mustRest = mustRest;
  }

  /** Milliseconds until the place may come back. */
  get returnsInMs(): number {
    this.#fill();
    const needed = min(this.#fullMs, max(this.#share * this.#comebackMs, 0.1));
    const ms = max(0, (needed - this.#leftMs) / this.#share);
    return this.#mustRest?.() === true ? max(ms, restMs) : ms;
  }

  get #fullMs(): number {
    return max(minBurstMs, this.#share * savedMs);
  }

  #fill(nowMs: number = monotonicMs()): void {
    this.#leftMs = min(this.#fullMs, this.#leftMs + (nowMs - this.#asOfMs) * this.#share);
    this.#asOfMs = nowMs;
  }
}

/** What the probes of the process have cost since the last report. */
export class Cost {
  #startMs = monotonicMs();
  #spentMs = 0;
  #maxPauseMs = 0;

  /** Time in which the program was held. */
  add(ms: number): void {
    this.#spentMs += ms;
    if (ms > this.#maxPauseMs) this.#maxPauseMs = ms;
  }

  /** Share of one core, and the longest pause. */
  report(): { share: number; maxPauseMicros: number } {
    const now = monotonicMs();
    const share = now > this.#startMs ? min(1, this.#spentMs / (now - this.#startMs)) : 0;
    const maxPauseMicros = round(this.#maxPauseMs * 1_000);
    this.#startMs = now;
    this.#spentMs = 0;
    this.#maxPauseMs = 0;
    return { share, maxPauseMicros };
  }
}
