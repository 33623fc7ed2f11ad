import type { Passes } from '../../protocol/frames.ts';
import { max, min, round } from '../intrinsics.ts';

const { sqrt } = Math;

/** Quantiles of Student's t for 95 %, by degrees of freedom from 1; the formula behind them is within 1 %. */
const quantiles = [12.71, 4.303, 3.182, 2.776];
const normalQuantile = 1.96;
/** The probe can be late by this much, or by this share of its absence, before the thread counts as having been busy. */
const punctualMs = 50;
const punctualShare = 0.2;
/** What our own time leaves of a window at least: it is measured, but V8's part of it is assumed. */
const leastFree = 0.02;
/** Gaps that vary like this may still be chance. */
const ordinaryBurst = 3;

/**
 * How often a line was passed, when the probe was there in windows only. Times are of `monotonicMs`; a few numbers are all it keeps.
 *
 * A window closes because passes have used its time up, so it ends in busy moments and says more of bursts than of quiet: as a whole it
 * would mislead. But it opens when a timer says so. Each absence is therefore judged by the beginning of the window behind it, as long
 * as the absence at most; when that closes earlier, at the k-th pass, k - 1 passes are counted over the time to that pass, which is
 * unbiased for passes that come by chance. The error is the larger one of what chance alone gives (Poisson,
 * both for the window and the absence) and of what successive windows differ by. What no sample can settle is added to it: whether
 * time that the probe itself took held passes up, what happened while the thread was too busy to bring the probe back, whether a burst
 * more or less fell into the absence, and how to weigh two successive windows whose rates differ.
 *
 * It cannot know: passes that follow the rhythm of the windows, bursts that fall into few windows or none, and how much faster a line
 * runs without the probe (V8 interprets a function that has a breakpoint).
 */
export class DutyCycle {
  #seen = 0;
  /** Places that are there, and all there are: one action can have several, which come and go together. */
  #present = 0;
  #places = 0;
  #periodFromMs = 0;
  #armedMs = 0;
  #awayMs = 0;
  /** Seen by places that were there while others were away. */
  #seenAway = 0;
  #seenBefore = 0;

  /** The beginning of the present window: its end, and what was met in it. */
  #sliceEndMs = 0;
  #inSlice = 0;
  #spentInSlice = 0;
  #squaredGaps = 0;
  #lastSpent = 0;
  #lastPassMs = 0;
  #isTimed = false;
  /** The absence that it stands for, 0 for the first window, and whether the thread was too busy to end it in time. */
  #absenceMs = 0;
  #isLate = false;
  /** Milliseconds between passes without our own time, the latest ones most. */
  #gapMs = 0;
  #burstRate = 0;

  /** Over all absences that are judged, and how many these are. */
  readonly #missed: Missed = { passes: 0, chance: 0, difference: 0, doubt: 0 };
  #absences = 0;
  /** By the window behind the last absence; by the latest window of all. */
  #lastRate: Rate | undefined;
  #rate: Rate = noRate;

  /** A place of the probe is there from now on. `dueMs` is when a timer should have brought it back. */
  windowOpened(nowMs: number, dueMs: number = nowMs): void {
    const isBack = this.#present < this.#places;
    if (this.#present === 0 && this.#places === 0) this.#periodFromMs = nowMs;
    this.#present += 1;
    if (!isBack) this.#places += 1;
    if (this.#present < this.#places) return;
    if (isBack) {
      const absenceMs = nowMs - this.#periodFromMs;
      this.#armedMs += absenceMs;
      this.#awayMs += absenceMs;
      this.#periodFromMs = nowMs;
      const lateMs = max(0, nowMs - dueMs);
      this.#absenceMs = absenceMs;
      this.#isLate = lateMs > punctualMs && lateMs > absenceMs * punctualShare;
      this.#seenAway += this.#seen - this.#seenBefore;
      this.#seenBefore = this.#seen;
    }
    this.#sliceEndMs = this.#absenceMs === 0 ? 1 / 0 : nowMs + this.#absenceMs;
    this.#inSlice = 0;
    this.#spentInSlice = 0;
    this.#squaredGaps = 0;
    this.#lastSpent = 0;
    this.#lastPassMs = nowMs;
  }

  /** A pass; with its time by probes that can be taken away. */
  seen(nowMs?: number): void {
    this.#seen += 1;
    if (nowMs === undefined) return;
    this.#isTimed = true;
    const gapMs = nowMs - this.#lastPassMs;
    this.#gapMs += (max(gapMs - this.#lastSpent, gapMs * leastFree) - this.#gapMs) / 8;
    this.#lastPassMs = nowMs;
    if (nowMs <= this.#sliceEndMs) {
      this.#inSlice += 1;
      this.#squaredGaps += gapMs * gapMs;
      this.#spentInSlice += this.#lastSpent;
    }
    this.#lastSpent = 0;
  }

  /** Time that the last pass has cost the program; optional. */
  spent(ms: number): void {
    this.#lastSpent += ms;
  }

  /** A place of the probe is away from now on: its time is used up. */
  windowClosed(nowMs: number): void {
    if (this.#present === 0) return;
    if (this.#present === this.#places) {
      const windowMs = nowMs - this.#periodFromMs;
      this.#armedMs += windowMs;
      if (!this.#isTimed) {
        this.#inSlice = this.#seen - this.#seenBefore;
        this.#lastPassMs = nowMs;
      }
      this.#rate = this.#rateOfSlice(nowMs);
      this.#endAbsence();
      this.#periodFromMs = nowMs;
      this.#seenBefore = this.#seen;
      this.#burstRate = this.#gapMs > 0 ? 1 / this.#gapMs : 0;
    }
    this.#present -= 1;
  }

  /** The probe is gone, for good or until it is installed again: the time from now on does not count. */
  stop(nowMs: number): void {
    while (this.#present > 0 && this.#present === this.#places) this.windowClosed(nowMs);
    if (this.#places > 0 && this.#present < this.#places) this.#endAway(nowMs);
    this.#present = 0;
    this.#places = 0;
  }

  totals(nowMs: number): Pick<Passes, 'seen' | 'estimate' | 'armedMs' | 'awayMs'> {
    const isPresent = this.#present === this.#places;
    const periodMs = this.#places === 0 ? 0 : max(0, nowMs - this.#periodFromMs);
    const awayMs = this.#awayMs + (isPresent ? 0 : periodMs);
    const told = { seen: this.#seen, armedMs: round(this.#armedMs + periodMs), awayMs: round(awayMs) };
    return awayMs === 0 ? told : { ...told, estimate: this.#estimate(nowMs, isPresent, periodMs) };
  }

  #estimate(nowMs: number, isPresent: boolean, periodMs: number): { count: number; error: number } {
    const missed = { ...this.#missed };
    // The absence that is not judged yet: by this window so far, or by the latest one.
    const openMs = isPresent ? this.#absenceMs : periodMs;
    if (openMs > 0) {
      const isJudged = isPresent && (this.#inSlice > 2 || nowMs >= this.#sliceEndMs);
      this.#judge(missed, isJudged ? this.#rateOfSlice(nowMs) : this.#rate, openMs);
    }
    const degrees = this.#absences - (openMs > 0 ? 0 : 1);
    const quantile = degrees < 1 ? 0 : (quantiles[degrees - 1] ?? normalQuantile + 3.05 / degrees);
    const error = max(normalQuantile * sqrt(missed.chance), quantile * sqrt(missed.difference)) + missed.doubt;
    // Some places may have been there meanwhile.
    const count = max(this.#seen, this.#seen - this.#seenAway + missed.passes);
    return { count: round(count), error: round(error + 0.5) };
  }

  /** What the beginning of the window says of passes a millisecond. */
  #rateOfSlice(nowMs: number): Rate {
    const isWhole = nowMs >= this.#sliceEndMs;
    const endMs = isWhole ? this.#sliceEndMs : max(this.#lastPassMs, this.#inSlice > 1 ? 0 : nowMs);
    const lengthMs = max(endMs - this.#periodFromMs, 0.001);
    const passes = isWhole ? this.#inSlice : max(0, this.#inSlice - 1);
    const slow = passes / lengthMs;
    const fast = passes / max(lengthMs - this.#spentInSlice, lengthMs * leastFree);
    return {
      perMs: (slow + fast) / 2,
      // One more than was met, so that nothing met is not nothing known.
      variance: (passes + 1) / (lengthMs * lengthMs),
      doubt: (fast - slow) / 2,
      passes,
      lengthMs,
      // The squared coefficient of variation of the gaps: 0 for even passes, 1 for chance, about the size of a burst for bursts.
      burst: max(0, (this.#inSlice * this.#squaredGaps) / (lengthMs * lengthMs) - 1 - ordinaryBurst),
    };
  }

  #endAbsence(): void {
    if (this.#absenceMs === 0) return;
    this.#judge(this.#missed, this.#rate, this.#absenceMs);
    this.#absences += 1;
    this.#lastRate = this.#rate;
    this.#absenceMs = 0;
    this.#isLate = false;
  }

  /** Adds what went by in an absence, by the rate of the window behind it. */
  #judge(missed: Missed, rate: Rate, absenceMs: number): void {
    const { passes, lengthMs } = rate;
    const last = this.#lastRate;
    if (this.#isLate) {
      // One long turn: the line was passed in it as fast as before, or not at all.
      const half = (absenceMs * max(rate.perMs, this.#burstRate)) / 2;
      missed.passes += half;
      missed.doubt += half;
      return;
    }
    missed.passes += rate.perMs * absenceMs;
    missed.doubt += rate.doubt * absenceMs + rate.burst;
    missed.chance += absenceMs * absenceMs * rate.variance + absenceMs * rate.perMs;
    if (last === undefined) return;
    // Each window counts the same, or each millisecond of them: half way between, and the way is doubt.
    const each = (last.passes / last.lengthMs + passes / lengthMs) / 2;
    const way = (each - (last.passes + passes) / (last.lengthMs + lengthMs)) * absenceMs;
    missed.passes -= way / 2;
    missed.doubt += max(way, -way) / 2;
    // Half the square is the variance of the window's part; the absence varies less as it is longer.
    const step = (rate.perMs - last.perMs) * absenceMs;
    const squared = (step * step * (1 + min(1, lengthMs / absenceMs))) / 2;
    // The first absence has no window before it: the first difference counts for both.
    missed.difference += this.#absences === 1 ? 2 * squared : squared;
  }

  #endAway(nowMs: number): void {
    const awayMs = nowMs - this.#periodFromMs;
    this.#armedMs += awayMs;
    this.#awayMs += awayMs;
    this.#seenAway += this.#seen - this.#seenBefore;
    this.#seenBefore = this.#seen;
    this.#absenceMs = awayMs;
    this.#endAbsence();
  }
}

/** Passes, their variance by chance and by the difference of windows, and what is not chance at all. */
interface Missed {
  passes: number;
  chance: number;
  difference: number;
  doubt: number;
}

interface Rate {
  /** Passes a millisecond, the variance of that, and what is not chance of it. */
  perMs: number;
  variance: number;
  doubt: number;
  passes: number;
  lengthMs: number;
  /** Passes of a burst, when there are bursts. */
  burst: number;
}

const noRate: Rate = { perMs: 0, variance: 0, doubt: 0, passes: 0, lengthMs: 1, burst: 0 };
