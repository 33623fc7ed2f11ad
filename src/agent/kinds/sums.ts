import type { Estimate, Sums } from '../../protocol/frames.ts';
import { max, min, toNumber } from '../intrinsics.ts';
import { Histogram } from './histogram.ts';

/** Kept: a program can replace `Number`. */
const largest = Number.MAX_VALUE;

/** Adds up numbers: metrics, or durations in milliseconds. */
class Values {
  #sum = 0;
  /** What the sum has lost by rounding (Neumaier's summation). */
  #lost = 0;
  #min = 1 / 0;
  #max = -1 / 0;
  readonly #histogram = new Histogram();

  add(value: number): void {
    const sum = this.#sum + value;
    this.#lost +=
      (this.#sum < 0 ? -this.#sum : this.#sum) >= (value < 0 ? -value : value)
        ? this.#sum - sum + value
        : value - sum + this.#sum;
    this.#sum = sum;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#histogram.record(value);
  }

  toFrame(): NonNullable<Sums['values']> {
    const exact = this.#sum + this.#lost;
    // Too large for a number, for a while or for good: the compensation is lost, and JSON has no infinities.
    const sum = exact - exact === 0 ? exact : max(-largest, min(largest, this.#sum));
    return { sum, min: this.#min, max: this.#max, histogram: this.#histogram.toFrame() };
  }
}

/** What a counter, duration or metric has added up since it was armed. One for each action; runs at every hit. */
export class Totals {
  #count = 0;
  #notNumbers = 0;
  #values: Values | undefined;

  /** A pass of a counter. */
  count(): void {
    this.#count += 1;
  }

  /** The value of a metric, which may be anything: bigints count by their nearest number, all else that is not finite is counted apart. */
  measure(value: unknown): void {
    const number = typeof value === 'bigint' ? toNumber(value) : value;
    if (typeof number === 'number' && number - number === 0) this.add(number);
    else this.#notNumbers += 1;
  }

  /** A finite number: of a metric, or milliseconds of a span that ended. */
  add(value: number): void {
    this.#count += 1;
    this.#values ??= new Values();
    this.#values.add(value);
  }

  /** `began` is the number of spans that began, for durations; `estimate` is of all passes, when some were not seen. */
  toFrame({ began, estimate }: { began?: number; estimate?: Estimate | undefined } = {}): Sums {
    const frame: Sums = { count: this.#count };
    if (estimate !== undefined) frame.estimate = estimate;
    if (this.#values !== undefined) frame.values = this.#values.toFrame();
    if (this.#notNumbers > 0) frame.notNumbers = this.#notNumbers;
    if (began !== undefined && began > this.#count) frame.unfinished = began - this.#count;
    return frame;
  }
}
