import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '../../agents-sim/random.ts';
import { trendOf } from './trend.ts';

const seed = 20;

/** About normal, with deviation 1. */
function normal(random: Random): number {
  return Array.from({ length: 12 }, () => random.next()).reduce((sum, one) => sum + one, -6);
}

/** So many lines of 200 samples that rise by 3 each; each sample keeps this share of how far the one before was off. */
function trends(lines: number, kept: number): ReturnType<typeof trendOf>[] {
  const random = createRandom(seed);
  return Array.from({ length: lines }, () => {
    let off = 0;
    return trendOf(
      Array.from({ length: 200 }, (_, x) => {
        off = kept * off + normal(random);
        return [x, 100 + 3 * x + off] as const;
      }),
    );
  });
}

describe('the trend', () => {
  it('is exact on a line', () => {
    const { slope, margin } = trendOf([0, 1, 2, 5, 9].map((x) => [x, 7 - 2 * x]));
    expect(slope).toBeCloseTo(-2, 9);
    expect(margin).toBeCloseTo(0, 9);
  });

  for (const kept of [0, 0.7])
    it(`has a margin that holds the truth about 95 times in 100, where samples keep ${kept} of the one before`, () => {
      const found = trends(500, kept);
      const held = found.filter(({ slope, margin }) => Math.abs(slope - 3) <= margin).length / found.length;
      expect(held).toBeGreaterThan(0.9);
      expect(held).toBeLessThan(0.99);
    });

  it('says nothing where there is too little to say it by', () => {
    expect(trendOf([]).margin).toBe(Number.POSITIVE_INFINITY);
    expect(
      trendOf([
        [1, 1],
        [2, 2],
      ]).margin,
    ).toBe(Number.POSITIVE_INFINITY);
    expect(
      trendOf([
        [1, 1],
        [1, 2],
        [1, 3],
      ]).margin,
    ).toBe(Number.POSITIVE_INFINITY);
  });
});
