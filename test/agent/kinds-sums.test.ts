import { describe, expect, it } from 'vitest';
import { finestScale, Histogram } from '../../src/agent/kinds/histogram.ts';
import { RateLimit } from '../../src/agent/kinds/rate.ts';
import { Totals } from '../../src/agent/kinds/sums.ts';
import type { ExponentialHistogram } from '../../src/protocol/frames.ts';
import { merge, percentile, relativeError } from '../../src/protocol/histogram.ts';
import { limits } from '../../src/protocol/limits.ts';

const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
let state = seed;
const random = (): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return (state + 0.5) / 4_294_967_296;
};
const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());

function histogramOf(values: readonly number[]): ExponentialHistogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram.toFrame();
}

function countOf({ zero, positive, negative }: ExponentialHistogram): number {
  return zero + [...positive.counts, ...negative.counts].reduce((sum, count) => sum + count, 0);
}

function expectBounded({ positive, negative, scale }: ExponentialHistogram): void {
  for (const { counts, offset } of [positive, negative]) {
    expect(counts.length).toBeLessThanOrEqual(limits.maxBuckets);
    expect(Number.isInteger(offset)).toBe(true);
    if (counts.length > 0) expect([counts[0], counts.at(-1)].includes(0)).toBe(false);
  }
  expect(scale).toBeLessThanOrEqual(finestScale);
  expect(scale).toBeGreaterThanOrEqual(-10);
}

const shapes: [string, () => number][] = [
  ['lognormal latencies', () => Math.exp(1 + normal())],
  ['uniform', () => random() * 100],
  ['nearly the same', () => 50 + random()],
  ['both signs', () => normal() * 10],
  ['whole numbers with zeros', () => Math.floor(random() * 5)],
  ['of every size', () => (random() < 0.5 ? -1 : 1) * 10 ** (random() * 600 - 300)],
  ['subnormal and largest', () => [5e-324, 1e-310, Number.MAX_VALUE, -Number.MAX_VALUE, 0][Math.floor(random() * 5)] as number],
];

describe(`a histogram (seed ${seed})`, () => {
  it('puts a power of two into the bucket that ends with it, at every scale', () => {
    for (let exponent = -1_022; exponent < 1_024; exponent += 1) {
      const { scale, positive, negative } = histogramOf([2 ** exponent, -(2 ** exponent)]);
      expect(positive).toEqual({ offset: exponent * 2 ** scale - 1, counts: [1] });
      expect(negative).toEqual(positive);
    }
    for (let distance = 0; distance <= 1_000; distance += 7) {
      const { scale, positive } = histogramOf([1, 2 ** distance]);
      expect(positive.offset).toBe(-1);
      expect(positive.offset + positive.counts.length - 1).toBe(Math.ceil(distance * 2 ** scale) - 1);
    }
  });

  it('puts every number into the bucket with bounds around it', () => {
    for (let round = 0; round < 20_000; round += 1) {
      const value = 2 ** (random() * 2_040 - 1_020);
      const { scale, positive } = histogramOf([value]);
      // The logarithm itself is off by some ulps.
      const exact = Math.log2(value) * 2 ** scale;
      expect(positive.offset).toBeLessThan(exact + 1e-6);
      expect(positive.offset + 1).toBeGreaterThan(exact - 1e-6);
    }
  });

  it('takes a subnormal number for the least normal one', () => {
    expect(histogramOf([5e-324])).toEqual(histogramOf([2 ** -1_022]));
    expect(histogramOf([2 ** -1_022 - 5e-324])).toEqual(histogramOf([2 ** -1_022]));
  });

  it('takes zero and -0 as zero', () => {
    expect(histogramOf([0, -0, 0])).toMatchObject({ zero: 3, positive: { counts: [] }, negative: { counts: [] } });
  });

  it.each(shapes)('keeps every count and percentiles within its error: %s', (_, next) => {
    for (const size of [1, 2, 3, 10, 1_000, 5_000]) {
      const values = Array.from({ length: size }, next);
      const histogram = histogramOf(values);
      expectBounded(histogram);
      expect(countOf(histogram)).toBe(size);
      const sorted = [...values].sort((a, b) => a - b);
      const [min, max] = [sorted[0] as number, sorted[size - 1] as number];
      for (const percent of [0, 1, 50, 90, 95, 99, 99.9, 100]) {
        const exact = sorted[Math.max(1, Math.ceil((percent / 100) * size)) - 1] as number;
        const told = percentile(histogram, size, min, max, percent);
        const allowed = Math.abs(exact) * relativeError(histogram.scale) * (1 + 1e-9) + 2 ** -1_022;
        expect(Math.abs(told - exact), `seed ${seed}: ${percent} of ${size}: ${told} for ${exact}`).toBeLessThanOrEqual(allowed);
      }
    }
  });

  it('is as fine as its values allow', () => {
    expect(histogramOf([1, 1]).scale).toBe(finestScale);
    const latencies = histogramOf([2, 1_000]);
    expect(latencies.scale).toBe(4);
    expect(relativeError(4)).toBeCloseTo(0.0217, 3);
    expect(relativeError(finestScale)).toBeLessThan(0.00034);
  });

  it.each(shapes)('merged with others is the histogram of all values: %s', (_, next) => {
    for (let round = 0; round < 30; round += 1) {
      const parts = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
        Array.from({ length: Math.floor(random() * 60) }, () => next() * 2 ** Math.floor(random() * 8)),
      ).map((part) => part.filter(Number.isFinite));
      const merged = merge(parts.map(histogramOf));
      expect(merged, `seed ${seed}`).toEqual(histogramOf(parts.flat()));
    }
  });

  it('merges nothing, one, and what an agent lied about, in bounds', () => {
    expect(merge([])).toEqual({ scale: 0, zero: 0, positive: { offset: 0, counts: [] }, negative: { offset: 0, counts: [] } });
    const one = histogramOf([1, 2, -3, 0]);
    expect(merge([one])).toEqual(one);
    const none = { offset: 0, counts: [] };
    const far = (offset: number): ExponentialHistogram => ({
      scale: 20,
      zero: 0,
      positive: { offset, counts: [1, 1] },
      negative: none,
    });
    const merged = merge([far(-(2 ** 31)), far(2 ** 31 - 2)]);
    expect(merged.positive.counts.length).toBeLessThanOrEqual(limits.maxBuckets);
    expect(countOf(merged)).toBe(4);
    expect(percentile(merged, 4, 1, 9, 50)).toBeGreaterThanOrEqual(1);
    expect(percentile(merged, 4, 1, 9, 50)).toBeLessThanOrEqual(9);
    expect(percentile(merged, 1_000, 1, 9, 99)).toBe(9);
    expect(percentile(merged, 0, 1, 9, 50)).toBeNaN();
  });
});

describe('sums', () => {
  it('of a counter are its passes', () => {
    const totals = new Totals();
    for (let pass = 0; pass < 7; pass += 1) totals.count();
    expect(totals.toFrame()).toEqual({ count: 7 });
    expect(totals.toFrame({ estimate: { count: 70, error: 9 } })).toEqual({ count: 7, estimate: { count: 70, error: 9 } });
  });

  it('of a metric count numbers, and apart from them what is none', () => {
    const totals = new Totals();
    const thrower = { valueOf: () => expect.unreachable('valueOf was called') };
    for (const value of [3, -1, 0.5, 10n, Number.NaN, 1 / 0, '4', null, undefined, thrower, true, 10n ** 400n])
      totals.measure(value);
    expect(totals.toFrame()).toMatchObject({ count: 4, notNumbers: 8, values: { sum: 12.5, min: -1, max: 10 } });
  });

  it('of durations tell the spans that began and have not ended', () => {
    const totals = new Totals();
    expect(totals.toFrame({ began: 2 })).toEqual({ count: 0, unfinished: 2 });
    totals.add(5);
    totals.add(7);
    expect(totals.toFrame({ began: 2 })).toMatchObject({ count: 2, values: { sum: 12, min: 5, max: 7 } });
    expect(totals.toFrame({ began: 2 })).not.toHaveProperty('unfinished');
    expect(totals.toFrame({ began: 3 })).toMatchObject({ unfinished: 1 });
  });

  it('add up without losing small numbers beside large ones', () => {
    const totals = new Totals();
    const values = [1, 1e100, 1, -1e100];
    for (let round = 0; round < 1_000; round += 1) for (const value of values) totals.add(value);
    expect(totals.toFrame().values?.sum).toBe(2_000);
    const tenths = new Totals();
    for (let round = 0; round < 1_000_000; round += 1) tenths.add(0.1);
    expect(tenths.toFrame().values?.sum).toBe(100_000);
  });

  it('stay numbers when they grow beyond what a number can say', () => {
    const totals = new Totals();
    totals.add(Number.MAX_VALUE);
    totals.add(Number.MAX_VALUE);
    totals.add(5);
    const { values } = totals.toFrame();
    expect(values?.sum).toBe(Number.MAX_VALUE);
    expect(JSON.parse(JSON.stringify(values))).toEqual(values);
  });
});

describe('the rate of a logpoint', () => {
  it('is so many at once and then so many a second, however they come', () => {
    const rate = new RateLimit(10, 0);
    const taken = (fromMs: number, toMs: number, everyMs: number): number => {
      let count = 0;
      for (let now = fromMs; now < toMs; now += everyMs) if (rate.take(now)) count += 1;
      return count;
    };
    expect(taken(0, 10, 0.1)).toBe(10);
    expect(taken(10, 5_010, 1)).toBe(50);
    expect(taken(60_000, 60_001, 0.01)).toBe(10);
  });

  it('does not run backwards when the time does', () => {
    const rate = new RateLimit(1, 1_000);
    expect([rate.take(1_000), rate.take(0), rate.take(0), rate.take(999)]).toEqual([true, false, false, false]);
    expect(rate.take(1_999)).toBe(true);
  });
});
