import { describe, expect, it } from 'vitest';
import { createRandom, freshSeed } from '../../agents-sim/random.ts';
import { compare } from '../../src/hits/compare.ts';
import { bestThreshold, type Pair, separation } from '../../src/hits/separation.ts';
import { Table } from '../../src/hits/table.ts';
import { type Pass, viewed } from './viewed.ts';

async function comparisonOf(a: Pass[], b: Pass[], options: { asked?: string[]; tagKey?: (id: string) => string } = {}) {
  const table = new Table();
  for (const hit of await viewed([...a, ...b], options.tagKey)) table.add(hit);
  const groups = [...a.map(() => 'a' as const), ...b.map(() => 'b' as const)];
  const result = await compare(table, groups, new Set(options.asked ?? []));
  return {
    ...result,
    at: (path: string) => result.separators.find((one) => one.path === path),
    paths: result.separators.map(({ path }) => path),
  };
}

const passes = (...all: Record<string, unknown>[]): Pass[] => all.map((variables) => ({ variables }));
const times = (count: number, make: (index: number) => Record<string, unknown>): Pass[] =>
  passes(...Array.from({ length: count }, (_, index) => make(index)));

describe('a comparison', () => {
  it('ranks what separates fully above what separates partly, and counts the rest', async () => {
    const a = times(6, (index) => ({
      tier: 'gold',
      city: index < 5 ? 'Oslo' : 'Graz',
      id: `a${index}`,
      same: 1,
      coin: index % 2,
    }));
    const b = times(6, (index) => ({
      tier: 'none',
      city: index < 5 ? 'Graz' : 'Oslo',
      id: `b${index}`,
      same: 1,
      coin: index % 2,
    }));
    const { separators, counted } = await comparisonOf(a, b);
    expect(separators).toEqual([
      {
        ...{ path: 'tier', separates: 'fully', by: 'value', score: expect.any(Number) },
        a: { types: { string: 6 }, values: [{ value: 'gold', count: 6 }] },
        b: { types: { string: 6 }, values: [{ value: 'none', count: 6 }] },
      },
      expect.objectContaining({
        ...{ path: 'city', separates: 'partly', by: 'value' },
        a: {
          types: { string: 6 },
          values: [
            { value: 'Oslo', count: 5 },
            { value: 'Graz', count: 1 },
          ],
        },
        b: {
          types: { string: 6 },
          values: [
            { value: 'Graz', count: 5 },
            { value: 'Oslo', count: 1 },
          ],
        },
      }),
    ]);
    expect(counted).toMatchObject({
      paths: 6,
      identical: 2,
      alike: 1,
      alwaysDifferent: 1,
      examples: { alwaysDifferent: ['id'] },
    });
  });

  it('tells numbers that all differ by their ranges', async () => {
    const slow = [1_200, 900, 1_050, 1_190].map((durationMs) => ({ took: durationMs }));
    const fast = [3, 20, 7, 5].map((durationMs) => ({ took: durationMs }));
    const { at } = await comparisonOf(passes(...slow), passes(...fast));
    expect(at('took')).toMatchObject({
      separates: 'fully',
      by: 'range',
      limit: 20,
      a: { min: 900, max: 1_200 },
      b: { min: 3, max: 20 },
    });
  });

  it('tells types that differ, and what is there on one side only, without its members', async () => {
    const coupon = (index: number) => ({ coupon: { code: `c${index}`, by: { name: 'x' } }, count: String(index) });
    const { paths, at, counted } = await comparisonOf(
      times(5, coupon),
      times(5, (index) => ({ coupon: null, count: index, extra: index })),
    );
    expect(paths).toEqual(['coupon', 'count', 'extra']);
    expect(at('coupon')).toMatchObject({
      by: 'type',
      separates: 'fully',
      a: { types: { object: 5 } },
      b: { types: { null: 5 } },
    });
    expect(at('count')).toMatchObject({ by: 'type', a: { types: { string: 5 } }, b: { types: { number: 5 } } });
    expect(at('extra')).toMatchObject({ by: 'type', a: { types: { absent: 5 } }, b: { types: { number: 5 } } });
    expect(counted.implied).toBe(3);
  });

  it('tells lengths of lists that differ', async () => {
    const { at } = await comparisonOf(
      times(4, () => ({ list: [] })),
      times(4, (index) => ({ list: [index, index] })),
    );
    expect(at('list.length')).toMatchObject({ separates: 'fully', a: { max: 0 }, b: { min: 2 } });
  });

  it('compares hidden values by their tags, and shows no other', async () => {
    const mail = (email: string) => () => ({ email, pin: '4711' });
    const { at, counted, separators } = await comparisonOf(times(5, mail('ada@example.com')), times(5, mail('bob@example.com')));
    expect(at('email')).toMatchObject({ separates: 'fully', by: 'value', a: { types: { hidden: 5 } } });
    expect(at('email')?.a.values?.[0]?.value).toMatch(/^\[REDACTED:email#/);
    expect(counted).toMatchObject({ hidden: 1, examples: { hidden: ['pin'] } });
    expect(JSON.stringify(separators)).not.toMatch(/ada|bob|4711/);
  });

  it('does not compare tags of different keys', async () => {
    const mail = (actionId: string): Pass[] =>
      Array.from({ length: 5 }, () => ({ actionId, variables: { email: 'ada@example.com' } }));
    const apart = await comparisonOf(mail('act_1'), mail('act_2'));
    expect(apart.paths).toEqual([]);
    expect(apart.counted.hidden).toBe(1);
    const together = await comparisonOf(mail('act_1'), mail('act_2'), { tagKey: () => 'one key' });
    expect(together.counted).toMatchObject({ hidden: 0, identical: together.counted.paths });
  });

  it('knows nothing of what was cut, and holds it against a path', async () => {
    const cut = { o: { $: 'object', fields: [['x', 1]], more: 1 } };
    const whole = (b: number) => () => ({ o: { x: 1, b } });
    const full = await comparisonOf(times(6, whole(1)), times(6, whole(2)));
    const partly = await comparisonOf([...times(4, whole(1)), ...passes(cut, cut)], times(6, whole(2)));
    expect(full.at('o.b')?.separates).toBe('fully');
    expect(partly.at('o.b')).toMatchObject({ separates: 'partly', a: { types: { number: 4, unknown: 2 } } });
    expect(partly.at('o.b')?.score).toBeLessThan(full.at('o.b')?.score ?? 0);
    const gone = await comparisonOf(passes(cut, cut, cut), times(3, whole(2)));
    expect(gone.counted.cut).toBe(1);
  });

  it('only counts numbers that grow with every hit, as clocks do', async () => {
    const clock = (from: number) => times(5, (index) => ({ at: from + index * 7, kind: from }));
    const { paths, counted } = await comparisonOf(
      clock(100).map((pass, index) => ({ ...pass, capturedAt: index })),
      clock(900).map((pass, index) => ({ ...pass, capturedAt: 100 + index })),
    );
    expect(paths).toEqual(['kind']);
    expect(counted).toMatchObject({ growing: 1, examples: { growing: ['at'] } });
  });

  it('of one hit with one tells every difference', async () => {
    const { separators } = await comparisonOf(passes({ x: 1, y: 'a', z: true }), passes({ x: 2, y: 'b', z: true }));
    expect(separators.map(({ path, separates, score }) => ({ path, separates, score }))).toEqual([
      { path: 'x', separates: 'fully', score: 1 },
      { path: 'y', separates: 'fully', score: 1 },
    ]);
  });

  it('leaves out what was asked for', async () => {
    const { paths, counted } = await comparisonOf(
      times(4, () => ({ x: 1, y: 1 })),
      times(4, () => ({ x: 2, y: 2 })),
      { asked: ['x'] },
    );
    expect(paths).toEqual(['y']);
    expect(counted.asked).toBe(1);
  });

  it('leaves out what was asked for under its other names, and what only follows from it', async () => {
    const coupon = { code: 'X', percent: 5 };
    const order = (has: boolean) => ({ id: 'o', coupon: has ? coupon : null });
    const forth = (has: boolean) => ({ order: order(has), booking: { order: { $: 'reference', path: 'order' }, rush: has } });
    const back = (has: boolean) => ({
      booking: { order: order(has), rush: has },
      order: { $: 'reference', path: 'booking.order' },
    });
    for (const make of [forth, back]) {
      const { paths, counted } = await comparisonOf(
        times(4, () => make(true)),
        times(4, () => make(false)),
        { asked: ['order.coupon'] },
      );
      expect(paths).toEqual(['booking.rush']);
      expect(counted).toMatchObject({ asked: 2, implied: 4 });
    }
  });

  it('tells what is at several paths once, and at which', async () => {
    const make = (percent: number) => ({ quote: { percent }, booking: { quote: { $: 'reference', path: 'quote' } } });
    const { separators } = await comparisonOf(
      times(4, () => make(5)),
      times(4, () => make(7)),
    );
    expect(separators).toMatchObject([{ path: 'quote.percent', separates: 'fully', alsoAt: ['booking.quote.percent'] }]);
    expect(separators).toHaveLength(1);
  });

  it('tells paths that are equal without being the same each by itself', async () => {
    const make = (percent: number) => ({ quote: { percent }, other: { percent } });
    const { paths } = await comparisonOf(
      times(4, () => make(5)),
      times(4, () => make(7)),
    );
    expect(paths).toEqual(['quote.percent', 'other.percent']);
  });

  it('tells who called, where the callers differ', async () => {
    const from = (caller: string): Pass[] =>
      Array.from({ length: 4 }, () => ({
        capture: { stack: ['f', caller].map((name) => ({ function: name, file: 'a.ts', line: 1 })) },
      }));
    expect((await comparisonOf(from('retry'), from('main'))).at('@caller')).toMatchObject({
      separates: 'fully',
      a: { values: [{ value: 'retry (a.ts)', count: 4 }] },
    });
  });

  it('names a caller that has no name', async () => {
    const from = (file: string): Pass[] =>
      Array.from({ length: 4 }, () => ({
        capture: { stack: ['f', ''].map((name) => ({ function: name, file, line: 1 })) },
      }));
    expect((await comparisonOf(from('a.ts'), from('b.ts'))).at('@caller')).toMatchObject({
      a: { values: [{ value: '(anonymous) (a.ts)', count: 4 }] },
    });
  });

  it('takes a caller for the same before and after it has awaited', async () => {
    const from = (caller: string, x: number): Pass[] =>
      Array.from({ length: 4 }, () => ({
        variables: { x },
        capture: { stack: ['f', caller].map((name) => ({ function: name, file: 'a.ts', line: 1 })) },
      }));
    const { paths } = await comparisonOf(from('place', 1), from('async place', 2));
    expect(paths).toEqual(['x']);
  });

  it('ranks what separates fully by chance, as a price does, below what separates well', async () => {
    // Ten hits a side: a price is met twice at most; nine of ten slow ones are in hall B, and no fast one.
    const slow = times(10, (index) => ({ price: Math.floor(index / 2) * 10, hall: index < 9 ? 'B' : 'A' }));
    const fast = times(10, (index) => ({ price: Math.floor(index / 2) * 10 + 5, hall: 'A' }));
    const { separators } = await comparisonOf(slow, fast);
    expect(separators.map(({ path, separates }) => [path, separates])).toEqual([
      ['hall', 'partly'],
      ['price', 'fully'],
    ]);
  });

  const seed = Number(process.env.SEED ?? freshSeed());
  it(`finds the one path that matters among noise, and says the same every time (seed ${seed})`, async () => {
    const random = createRandom(seed);
    const noise = () =>
      Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`noise${index}`, random.integer(0, 1 + (index % 12))]));
    const make = (isA: boolean, index: number) => ({
      ...noise(),
      id: random.next(),
      region: isA ? ['eu', 'us'][index % 2] : ['ap', 'af'][index % 2],
    });
    const a = times(20, (index) => make(true, index));
    const b = times(20, (index) => make(false, index));
    const first = await comparisonOf(a, b);
    expect(first.paths[0]).toBe('region');
    expect(first.at('region')?.score).toBeGreaterThan(0.8);
    expect(first.separators.slice(1).every(({ separates, score }) => separates === 'partly' && score < 0.5)).toBe(true);
    expect(await comparisonOf(a, b)).toEqual({ ...first, at: expect.any(Function) });
  });
});

describe('the score', () => {
  /** Average information gain of all ways to deal the labels out, by counting them. */
  function byCounting(sizes: number[], a: number): number {
    const items = sizes.flatMap((size, value) => Array.from({ length: size }, () => value));
    const gains: number[] = [];
    const deal = (at: number, left: number, isA: boolean[]): void => {
      if (at === items.length) {
        if (left === 0)
          gains.push(
            gainOf(
              sizes.map((_, value): Pair => {
                const own = items.flatMap((item, index) => (item === value ? [isA[index]] : []));
                return [own.filter(Boolean).length, own.filter((one) => !one).length];
              }),
            ),
          );
        return;
      }
      deal(at + 1, left, [...isA, false]);
      if (left > 0) deal(at + 1, left - 1, [...isA, true]);
    };
    deal(0, a, []);
    return gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  }
  const part = (count: number, all: number) => (count === 0 ? 0 : -(count / all) * Math.log(count / all));
  const entropy = ([a, b]: Pair) => part(a, a + b) + part(b, a + b);
  const totals = (pairs: Pair[]): Pair => [pairs.reduce((sum, [a]) => sum + a, 0), pairs.reduce((sum, [, b]) => sum + b, 0)];
  function gainOf(pairs: Pair[]): number {
    const all = totals(pairs);
    return entropy(all) - pairs.reduce((sum, pair) => sum + ((pair[0] + pair[1]) / (all[0] + all[1])) * entropy(pair), 0);
  }

  it.each<[Pair[]]>([
    [
      [
        [3, 0],
        [0, 3],
      ],
    ],
    [
      [
        [2, 1],
        [1, 2],
      ],
    ],
    [
      [
        [4, 1],
        [0, 2],
        [1, 3],
      ],
    ],
    [
      [
        [1, 0],
        [1, 0],
        [0, 1],
        [0, 1],
        [1, 1],
      ],
    ],
  ])('is the gain over what chance gains, counted out: %j', (pairs) => {
    const all = totals(pairs);
    const chance = byCounting(
      pairs.map(([a, b]) => a + b),
      all[0],
    );
    expect(separation(pairs)).toBeCloseTo((gainOf(pairs) - chance) / entropy(all), 10);
  });

  it('is nothing for what differs in every hit', () => {
    expect(
      separation([
        [1, 0],
        [1, 0],
        [0, 1],
        [0, 1],
      ]),
    ).toBeCloseTo(0, 12);
  });

  it('of a threshold is at the best place', () => {
    const numbers = [1, 2, 3, 10, 11, 12, 4].map((number) => ({ number, isA: number >= 10 }));
    expect(bestThreshold(numbers)).toMatchObject({
      limit: 4,
      pairs: [
        [0, 4],
        [3, 0],
      ],
    });
    expect(
      bestThreshold([
        { number: 1, isA: true },
        { number: 1, isA: false },
      ]),
    ).toBeUndefined();
  });
});
