import { describe, expect, it } from 'vitest';
import { createRandom, freshSeed } from '../../agents-sim/random.ts';
import { Totals } from '../../src/agent/kinds/sums.ts';
import type { Sums } from '../../src/protocol/frames.ts';
import { parseRedactionPolicy } from '../../src/redaction/policy-file.ts';
import { notesOn } from '../../src/tools/action-notes.ts';
import { resultOf } from '../../src/tools/result.ts';
import { action, target } from '../storage/fixtures.ts';

const sumsOf = (values: number[]): Sums => {
  const totals = new Totals();
  for (const value of values) totals.add(value);
  return totals.toFrame();
};
const of = (kind: 'counter' | 'duration' | 'metric', ...sums: (Sums | undefined)[]) =>
  action({
    kind,
    expressions: kind === 'metric' ? ['total'] : [],
    targets: sums.map((one, index) => target(`a${index}`, { sums: one })),
  });
const policies = parseRedactionPolicy('{}', 'redaction.yaml');
const resultFor = (...args: Parameters<typeof of>) => resultOf(of(...args), policies);

describe('the result of an action', () => {
  it('adds up the counts of all agents, estimated ones with their error', () => {
    expect(resultFor('counter', { count: 5 }, { count: 7 })).toEqual({ count: 12 });
    expect(
      resultFor(
        'counter',
        { count: 5 },
        { count: 7, estimate: { count: 70, error: 3 } },
        { count: 1, estimate: { count: 10, error: 4 } },
      ),
    ).toEqual({ count: 13, estimate: { count: 85, error: 5 } });
  });

  it('is none for kinds that only capture, and while no agent has said anything', () => {
    expect(resultOf(action({ targets: [target('a', { sums: { count: 3 } })] }), policies)).toBeUndefined();
    expect(resultFor('counter', undefined)).toBeUndefined();
  });

  it('gives the distribution of the values of all agents as if one had seen them', () => {
    const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? freshSeed());
    const random = createRandom(seed);
    const values = Array.from({ length: 3_000 }, () => Math.exp(random.next() * 12 - 4) - 1);
    const parts = [values.slice(0, 100), values.slice(100, 1_500), values.slice(1_500)];
    const result = resultFor('metric', ...parts.map(sumsOf));
    if (result?.p50 === undefined) throw new Error(`no percentiles, seed ${seed}`);
    const sorted = [...values].sort((a, b) => a - b);
    const { min, max, mean, p50, p95, p99, percentileError = 0, histogram = [] } = result;
    expect([min, max]).toEqual([sorted[0], sorted.at(-1)]);
    expect(mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 6);
    for (const [percent, shown] of [
      [50, p50],
      [95, p95 ?? 0],
      [99, p99 ?? 0],
    ] as const) {
      const exact = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
      expect(Math.abs(shown - exact), `p${percent}, seed ${seed}`).toBeLessThanOrEqual(
        Math.abs(exact) * (percentileError + 1e-3),
      );
    }
    expect(histogram.length).toBeLessThanOrEqual(13);
    expect(histogram.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
    for (const { above, upTo, count } of histogram) {
      const inside = values.filter(
        (value) => value > above * (1 - 1e-3 * Math.sign(above)) && value <= upTo * (1 + 1e-3 * Math.sign(upTo)),
      );
      expect(inside.length, `${above}–${upTo}, seed ${seed}`).toBeGreaterThanOrEqual(count);
    }
  });

  it('says what it could not count, and that durations are milliseconds', () => {
    expect(resultFor('duration', { ...sumsOf([4, 4, 4]), unfinished: 2 })).toMatchObject({
      ...{ count: 3, unfinished: 2, unit: 'ms', min: 4, max: 4, mean: 4, p50: 4, p99: 4 },
      histogram: [{ count: 3 }],
    });
    expect(resultFor('metric', { count: 0, notNumbers: 9 })).toEqual({ count: 0, notNumbers: 9 });
  });

  it('has no numbers that a rule hides: of one pass, the smallest is the value', () => {
    const hidden = (expression: string, ...values: number[]) =>
      resultOf({ ...of('metric', sumsOf(values)), expressions: [expression] }, policies);
    expect(hidden('user.password', 4711)).toEqual({ count: 1 });
    expect(hidden('payment.number', 4_111_111_111_111_111)).toEqual({ count: 1 });
    expect(hidden('user.password.length', 12)).toMatchObject({ min: 12 });
    expect(hidden('order.total', 12)).toMatchObject({ min: 12 });
  });

  it('has the numbers of each agent that the rules of its own source show', () => {
    const perSource = parseRedactionPolicy('sources:\n  - {pool: vault, allow_list: {names: [status]}}\n', 'redaction.yaml');
    const targets = ['vault', 'shop'].map((pool, at) => target(pool, { pool, sums: sumsOf([at + 1]) }));
    expect(resultOf({ ...of('metric'), targets }, perSource)).toMatchObject({ count: 2, min: 2, max: 2 });
  });

  it('is finite and small, whatever agents claim', () => {
    const side = { offset: 2 ** 31 - 161, counts: new Array(160).fill(Number.MAX_SAFE_INTEGER) };
    for (const scale of [-10, 0, 20]) {
      const histogram = { scale, zero: 3, positive: side, negative: { ...side, offset: -(2 ** 31) } };
      const mad = { count: 1, values: { sum: Number.MAX_VALUE, min: Number.MAX_VALUE, max: -Number.MAX_VALUE, histogram } };
      const text = JSON.stringify(resultFor('duration', mad, mad, sumsOf([1])));
      expect(text).not.toContain('null');
      expect(text.length).toBeLessThan(2_000);
    }
  });
});

describe('the notes on an action', () => {
  const passes = { seen: 30, armedMs: 1_000, awayMs: 900, spentMicros: 1, maxPauseMicros: 1, armMicros: 1, trips: 2 };

  it('say how much was sampled, with the error, what tripped, what moved and who runs another version', () => {
    const targets = [
      target('a', {
        at: [{ file: 'f.ts', line: 9, sourceHash: '0'.repeat(16) }],
        passes: { ...passes, estimate: { count: 300, error: 30 } },
      }),
      target('b', {
        at: [{ file: 'f.ts', line: 9, sourceHash: '1'.repeat(16) }],
        state: 'armed',
        skipped: { condition: 0, error: 0, budget: 0, queue: 0, rate: 4 },
      }),
    ];
    const around = { isConnected: () => true, isPaused: false };
    expect(notesOn(action({ expectLine: 'return price;', targets }), around)).toEqual([
      'The expected text has moved from line 7; bound to line 9, where it stands now.',
      'The agents run 2 different versions of "src/shop.ts"; see sourceHash in targets.',
      '1 of 2 agents have not loaded "src/shop.ts" yet; they bind it when it loads. Check the path if it should be loaded.',
      'The line is hot: the probe was away at times to keep within its budget, so not every pass was looked at: 30 of about 300 ± 30 passes (95 % interval).',
      'A breaker took the probe away because one pause was far too long.',
      '4 lines were left out to keep to the lines a second.',
    ]);
    expect(notesOn(action({ kind: 'counter', targets }), around)[3]).toContain('not every pass was counted');
  });

  it('say that an agent is gone, that probes are away, and that a slowed line can have run far more often', () => {
    const told = { seen: 40, armedMs: 1_000, awayMs: 900, spentMicros: 60_000, maxPauseMicros: 300, armMicros: 0, trips: 0 };
    const targets = [target('a', { state: 'armed', passes: told }), target('b', { state: 'suspended' })];
    const notes = notesOn(action({ kind: 'counter', targets }), { isConnected: (id) => id === 'b', isPaused: true });
    expect(notes.join(' ')).toMatch(/1 of 2 agents are not connected any more/);
    expect(notes.join(' ')).toMatch(/1 of 2 agents have taken the probe off/);
    expect(notes.join(' ')).toMatch(/operator has paused/);
    expect(notes.join(' ')).toMatch(/can be far above the estimate/);
  });
});
