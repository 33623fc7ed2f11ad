import { monotonicMs } from './intrinsics.ts';

/** How much of one core all probes of a process may take, 0–1. */
export const defaultMaxShare = 0.01;
/** The window the share is kept over; within it a probe may use the whole share at once. */
const windowMs = 1_000;
/** Longest pause that one pass should take. */
export const maxPauseMs = 10;
/** Time for reading values at one hit; the rest of the pause is V8's own. */
export const defaultMaxCaptureMs = 5;
/** A pause this many times too long is a strike; so many strikes end the action. */
const strikeFactor = 10;
export const maxStrikes = 3;

/** Keeps the time probes take within their share, window by window. */
export class Budget {
  /** Milliseconds of one window. */
  readonly maxMs: number;
  /** Counts the windows. */
  window = 1;
  #windowStart = monotonicMs();
  #spentMs = 0;
  #sinceReport = { startMs: monotonicMs(), spentMs: 0, maxPauseMs: 0 };

  constructor(maxShare: number) {
    this.maxMs = maxShare * windowMs;
  }

  /** Pays for time taken. False when the window is spent: no pass may be taken until it ends. */
  spend(ms: number): boolean {
    this.#roll();
    this.#spentMs += ms;
    this.#sinceReport.spentMs += ms;
    return this.#spentMs < this.maxMs;
  }

  /** Pays for one pause of the program. True when it was far too long. */
  pause(ms: number): boolean {
    if (ms > this.#sinceReport.maxPauseMs) this.#sinceReport.maxPauseMs = ms;
    return ms > maxPauseMs * strikeFactor;
  }

  /** Milliseconds until probes may come back. An overdrawn window is paid for by the ones after it. */
  waitMs(): number {
    this.#roll();
    const overdrawn = Math.max(0, Math.ceil(this.#spentMs / this.maxMs) - 1);
    return this.#windowStart + windowMs * Math.max(1, overdrawn) - monotonicMs();
  }

  /** Share of one core since the last report, and the longest pause in it. */
  report(): { share: number; maxPauseMicros: number } {
    const { startMs, spentMs, maxPauseMs } = this.#sinceReport;
    const now = monotonicMs();
    this.#sinceReport = { startMs: now, spentMs: 0, maxPauseMs: 0 };
    return { share: now > startMs ? Math.min(1, spentMs / (now - startMs)) : 0, maxPauseMicros: Math.round(maxPauseMs * 1_000) };
  }

  #roll(): void {
    const windows = Math.floor((monotonicMs() - this.#windowStart) / windowMs);
    if (windows < 1) return;
    this.window += windows;
    this.#windowStart += windows * windowMs;
    this.#spentMs = Math.max(0, this.#spentMs - windows * this.maxMs);
  }
}
