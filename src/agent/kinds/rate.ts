import { max, min } from '../intrinsics.ts';

/** Lines of a logpoint: so many a second, and as many at once after a quiet second. Times are of `monotonicMs`. */
export class RateLimit {
  readonly #perSecond: number;
  #left: number;
  #asOfMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#asOfMs = nowMs;
  }

  /** Whether one more may be written now. */
  take(nowMs: number): boolean {
    this.#left = min(this.#perSecond, this.#left + (max(0, nowMs - this.#asOfMs) / 1_000) * this.#perSecond);
    this.#asOfMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
