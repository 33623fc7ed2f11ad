import { expect, test } from 'vitest';
import { newQuickMs, nextQuickMs } from '../../src/agent/probes/budget.ts';

/** What a quick pass is taken for after passes that took so long. */
const after = (timed: readonly number[]): number => timed.reduce(nextQuickMs, newQuickMs);

test.each([0.0002, 0.003, 0.02])('quick passes are taken for as long as those that were timed (%d ms)', (ms) => {
  const found = after(Array.from({ length: 60 }, () => ms));
  expect(found).toBeGreaterThan(ms * 0.75);
  expect(found).toBeLessThan(ms * 1.3);
});

test('a collection of garbage within one pass in ten does not count for all', () => {
  const found = after(Array.from({ length: 400 }, (_, index) => (index % 10 === 9 ? 8 : 0.001)));
  expect(found).toBeLessThan(0.002);
});

test('a clock that has not moved makes no pass free', () => {
  expect(after(Array.from({ length: 100 }, () => 0))).toBeGreaterThan(0.00001);
});
