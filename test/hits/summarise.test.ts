import { describe, expect, it } from 'vitest';
import { Finder, type Found, parsePath } from '../../src/hits/path.ts';
import { type PathSummary, summarise } from '../../src/hits/summarise.ts';
import { Table } from '../../src/hits/table.ts';
import { type Pass, viewed } from './viewed.ts';

async function summaryOf(passes: Pass[]) {
  const table = new Table();
  for (const hit of await viewed(passes)) table.add(hit);
  const { summary, paths } = await summarise(table);
  return { summary, paths, at: (path: string) => paths.find((one) => one.path === path), table };
}

const orders = [
  { order: { id: 'o-1', total: 10, tier: 'gold', items: [{ price: 5 }, { price: 5 }], note: null } },
  { order: { id: 'o-2', total: 30, tier: 'gold', items: [{ price: 30 }], note: 'late' } },
  { order: { id: 'o-3', total: 20, tier: 'none', items: [], note: null, extra: 1 } },
];

describe('a summary', () => {
  it('counts values, types, ranges and absence at every path, those that vary first', async () => {
    const { summary, paths, at } = await summaryOf(orders.map((variables) => ({ variables: { ...variables, fixed: 'x' } })));
    expect(summary).toEqual({
      ...{ hits: 3, firstHit: 1, lastHit: 3, firstAt: '1970-01-01T00:00:01.000Z', lastAt: '1970-01-01T00:00:03.000Z' },
      ...{ varying: paths.filter((path) => path.types !== undefined).length, constant: 1 + 1 },
    });
    expect(at('order.tier')).toEqual({
      path: 'order.tier',
      types: { string: 3 },
      values: [
        { value: 'gold', count: 2, hit: 1 },
        { value: 'none', count: 1, hit: 3 },
      ],
    });
    expect(at('order.total')).toMatchObject({ types: { number: 3 }, min: 10, max: 30 });
    expect(at('order.items.length')).toMatchObject({ min: 0, max: 2 });
    expect(at('order.items[1].price')).toEqual({
      ...{ path: 'order.items[1].price', types: { number: 1, absent: 2 } },
      ...{ values: [{ value: 5, count: 1, hit: 1 }], min: 5, max: 5 },
    });
    expect(at('order.note')).toMatchObject({ types: { null: 2, string: 1 } });
    expect(at('order.extra')).toMatchObject({ types: { number: 1, absent: 2 } });
    expect(paths.slice(-2)).toEqual([
      { path: '@agent', value: 'agent-1' },
      { path: 'fixed', value: 'x' },
    ]);
    expect(at('order')).toBeUndefined();
  });

  it('shows some of many values, and says how many more there are', async () => {
    const { at } = await summaryOf(
      Array.from({ length: 20 }, (_, index) => ({ variables: { id: `o-${index}`, mod: index % 9 } })),
    );
    expect(at('id')?.values).toHaveLength(3);
    expect(at('id')?.moreValues).toBe(17);
    expect(at('mod')?.values?.[0]).toEqual({ value: 0, count: 3, hit: 1 });
    expect((at('mod')?.values?.length ?? 0) + (at('mod')?.moreValues ?? 0)).toBe(9);
  });

  it('tells what was cut from what is not there', async () => {
    const cut = { $: 'object', fields: [['a', 1]], more: 2 };
    const { at } = await summaryOf([
      { variables: { o: { a: 1, b: 2 }, deep: { x: 1 } } },
      { variables: { o: cut, deep: { $: 'cut', why: 'depth' } } },
      { variables: { o: { a: 1 }, deep: { x: 1 } } },
      { variables: {}, capture: { cut: ['bytes'] } },
      { variables: {} },
    ]);
    expect(at('o.b')?.types).toEqual({ number: 1, unknown: 2, absent: 2 });
    expect(at('deep.x')?.types).toEqual({ number: 2, unknown: 2, absent: 1 });
  });

  it('follows references to what is shown elsewhere, and not in circles', async () => {
    const customer = { name: 'x', tier: 'gold', self: { $: 'reference', path: 'order.customer' } };
    const { at } = await summaryOf([
      { variables: { order: { customer }, customer: { $: 'reference', path: 'order.customer' } } },
      { variables: { customer: { name: 'x', tier: 'none' }, order: { customer: { $: 'reference', path: 'customer' } } } },
      { variables: { order: { customer: { $: 'reference', path: 'gone' } }, customer: { $: 'reference', path: 'customer' } } },
    ]);
    expect(at('customer.tier')).toMatchObject({
      types: { string: 2, unknown: 1 },
      values: [{ value: 'gold' }, { value: 'none' }],
    });
    expect(at('order.customer.tier')).toMatchObject({ types: { string: 2, unknown: 1 } });
    expect(at('order.customer.self')?.types).toEqual({ unknown: 2, absent: 1 });
  });

  it('has only markers where values are hidden, and equal ones as one', async () => {
    const mails = ['ada@example.com', 'ADA@example.com', 'bob@example.com'];
    const { at, paths } = await summaryOf(mails.map((email) => ({ variables: { user: { email, password: `${email}!` } } })));
    expect(at('user.email')).toMatchObject({ types: { hidden: 3 }, values: [{ count: 2 }, { count: 1 }] });
    expect(JSON.stringify(paths)).not.toMatch(/ada|bob/i);
    expect(at('user.email')?.values?.[0]?.value).toMatch(/^\[REDACTED:email#[0-9a-f]{6}\]$/);
  });

  it('has the lines of a logpoint, and the values in them', async () => {
    const { summary, at } = await summaryOf(
      ['a', 'b', 'a'].map((name) => ({ log: ['hello ', ''], expressions: { 'user.key': name } })),
    );
    expect(summary.messages).toEqual([
      { value: 'hello a', count: 2, hit: 1 },
      { value: 'hello b', count: 1, hit: 2 },
    ]);
    expect(at('user.key')).toMatchObject({ types: { string: 3 } });
  });

  it('tells keys that come and go as one path, and those of every hit by themselves', async () => {
    const booking = (total: number) => ({ $: 'object', className: 'Booking', fields: [['total', total]] });
    const map = (...entries: [string, unknown][]) => ({ $: 'map', size: 90, entries });
    const { at, paths, summary } = await summaryOf(
      Array.from({ length: 6 }, (_, index) => ({
        variables: { bookings: map(['first', booking(1)], [`A-${index}`, booking(index * 10)]), last: `A-${index}` },
      })),
    );
    expect(at('bookings[*].total')).toEqual({
      path: 'bookings[*].total',
      types: { number: 6 },
      values: Array.from({ length: 3 }, (_, index) => ({ value: index * 10, count: 1, hit: index + 1 })),
      moreValues: 3,
      ...{ min: 0, max: 50, paths: 6 },
      examples: ['bookings["A-0"].total', 'bookings["A-1"].total', 'bookings["A-2"].total'],
    });
    expect(at('bookings.first.total')).toEqual({ path: 'bookings.first.total', value: 1 });
    expect(paths.map(({ path }) => path)).toEqual([
      'bookings[*].total',
      'last',
      '@agent',
      'bookings.size',
      'bookings.first.total',
    ]);
    expect(summary).toMatchObject({ varying: 2, constant: 3 });
    expect(parsePath('bookings[*].total')).toMatchObject({ ok: false, hint: 'Take one of its examples from the summary.' });
  });

  it('tells fields that come and go by their names', async () => {
    const { paths } = await summaryOf(
      Array.from({ length: 6 }, (_, index) => ({ variables: { order: { [`note${index}`]: index, 'zip-code': index % 2 } } })),
    );
    expect(paths.map(({ path }) => path)).toEqual([
      'order.note0',
      'order["zip-code"]',
      ...['order.note1', 'order.note2', 'order.note3', 'order.note4', 'order.note5'],
      '@agent',
    ]);
  });

  it('cuts long texts, and says how long they are', async () => {
    const { at } = await summaryOf([{ variables: { text: 'x'.repeat(250) } }]);
    expect(at('text')).toEqual({ path: 'text', value: { $type: 'string', text: 'x'.repeat(200), length: 250 } });
  });

  it('does not list what no path can ask for, and says that it is not everything', async () => {
    const wide = Object.fromEntries(Array.from({ length: 2_500 }, (_, index) => [`field${index}`, index]));
    const { table, paths } = await summaryOf([{ variables: { wide } }]);
    expect(table.isCut).toBe(true);
    expect(paths.length).toBeLessThan(2_500);
  });
});

describe('every path of a summary', () => {
  it('is one that get_hits finds again, with the same value', async () => {
    const variables = {
      ...orders[0],
      $scope: { $id: 1 },
      odd: { 'c"d': [1], 'e.f': null, '': 0, ключ: 1 },
      weird: { $: 'map', size: 1, entries: [['k 1', { $: 'object', fields: [['n', 1]] }]] },
      failure: { $: 'error', className: 'TypeError', message: 'm', fields: [['code', 'E1']] },
    };
    const pass: Pass = {
      variables,
      expressions: { 'order.items[0]': { price: 5 }, 'a ?? b': { c: [1] }, 'order . total': 10 },
      capture: { this: { $: 'object', className: 'Cart', fields: [['#secretive', 1]] } },
    };
    const [hit] = await viewed([pass]);
    const { paths } = await summaryOf([pass]);
    const finder = new Finder();
    const found = ({ path }: PathSummary): Found | string => {
      const parsed = parsePath(path);
      return parsed.ok && hit !== undefined ? finder.at(parsed.path, hit.hit) : path;
    };
    for (const one of paths)
      expect({ path: one.path, found: found(one) }).toEqual({ path: one.path, found: { is: 'found', value: one.value } });
    expect(paths.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        ...[
          '@agent',
          'odd["c\\"d"][0]',
          'odd[""]',
          'odd.ключ',
          '$scope.$id',
          'weird.size',
          'failure.code',
          'failure.message',
          'this.#secretive',
        ],
        ...['order.items[0].price', '(a ?? b).c[0]', 'order.total', 'weird["k 1"].n'],
      ]),
    );
  });
});
