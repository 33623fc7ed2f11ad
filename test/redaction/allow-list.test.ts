import { describe, expect, it } from 'vitest';
import type { ExpressionResult, Value } from '../../src/protocol/value.ts';
import { parsePath } from '../../src/redaction/allow-list.ts';
import { type AllowList, defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { scrubSums } from '../../src/redaction/sums.ts';
import { scrubReportedPlace, scrubThrown } from '../../src/redaction/words.ts';
import { answerOf, array, captureOf, object } from './capture-data.ts';

const listing = (...lists: Partial<AllowList>[]) => ({
  ...defaultRedactionPolicy,
  allowLists: lists.map((list) => ({ names: [], paths: [], ...list })),
});
const marker = '[REDACTED:not-listed]';

async function shown(variables: Record<string, Value>, policy = listing({}), expressions: ExpressionResult[] = []) {
  const { hit, stored } = await answerOf(captureOf(variables, { expressions }), policy);
  return { variables: hit.variables as Record<string, unknown>, expressions: hit.expressions, stored, counts: hit.redacted };
}
const resultOf = async (expression: string, value: Value, policy = listing({ paths: ['order.status'] })) =>
  (await shown({ order: object({ status: 'paid', note: 'ada' }) }, policy, [{ expression, value }])).expressions?.map((result) =>
    'value' in result ? result.value : result,
  )[0];

describe('under an allow-list', () => {
  it('a value is shown only under a listed name or path, and what says nothing stays', async () => {
    const { variables, stored, counts } = await shown(
      {
        order: object({
          status: 'paid',
          note: 'for Ada',
          total: 12.5,
          open: true,
          coupon: null,
          reason: '',
          items: array(object({ sku: 'A-1', price: 3 })),
        }),
        orderStatus: 'late',
        orderStatusNote: 'ask Ada',
        when: { $: 'date', iso: '2026-01-01T00:00:00.000Z' },
        big: { $: 'bigint', text: '12' },
        pattern: { $: 'regexp', text: '/ada/' },
        again: { $: 'reference', path: 'order.items[0]' },
        keyed: { $: 'reference', path: 'byName["Ada"]' },
        missing: { $: 'undefined' },
      },
      listing({ names: ['order status'], paths: ['order.status', 'order.items[].sku'] }),
    );
    expect(variables).toMatchObject({
      order: {
        status: 'paid',
        note: marker,
        total: marker,
        open: true,
        coupon: null,
        reason: '',
        items: [{ sku: 'A-1', price: marker }],
      },
      orderStatus: 'late',
      orderStatusNote: marker,
      when: marker,
      big: marker,
      pattern: marker,
      keyed: marker,
    });
    expect(stored).toContain('order.items[0]');
    expect(stored).not.toMatch(/Ada|12\.5|2026/);
    expect(counts['not-listed']).toBe(8);
  });

  it('everything below a listed name or path is shown, but for what is hidden anyway', async () => {
    const card = object({ number: '4111111111111111', brand: 'visa', cvv: 123 });
    const { variables } = await shown({ order: object({ card, password: 'hunter2', id: 7 }) }, listing({ names: ['order'] }));
    expect(variables.order).toMatchObject({ id: 7, card: { brand: 'visa' } });
    expect(JSON.stringify(variables)).not.toMatch(/hunter2|4111|123"/);
  });

  it('keys of maps and names that look like values are hidden, unless a path with * leads to their values', async () => {
    const entries: [Value, Value][] = [['ada', object({ status: 'x', age: 3 })]];
    const data = { byName: { $: 'map' as const, size: 1, entries }, byId: object({ cus_12345678: object({ status: 'y' }) }) };
    const hidden = await shown(data, listing({ names: ['nothing'] }));
    expect(hidden.stored).not.toMatch(/"ada"|cus_12345678/);
    const starred = await shown(data, listing({ paths: ['byId.*'] }));
    expect(starred.variables.byId).toEqual({ cus_12345678: { status: 'y' } });
  });

  it('messages and stacks of errors are hidden, their class is not', async () => {
    const { stored } = await shown({
      error: {
        $: 'error',
        className: 'TypeError',
        message: 'no Ada',
        stack: 'TypeError: no Ada\n at x',
        fields: [['code', 'E1']],
      },
    });
    expect(stored).toContain('TypeError');
    expect(stored).not.toMatch(/no Ada|"E1"/);
  });

  it('of several lists all must name a value', async () => {
    const policy = listing({ names: ['id', 'status'] }, { names: ['status', 'amount'] });
    expect((await shown({ id: 1, status: 'a', amount: 2 }, policy)).variables).toEqual({
      id: marker,
      status: 'a',
      amount: marker,
    });
  });

  it.each<[string, Value, unknown]>([
    ['order.status', 'paid', 'paid'],
    ['order["status"]', 'paid', 'paid'],
    ['order?.status', 'paid', 'paid'],
    ['order.status.startsWith("p")', true, true],
    ['order.status + ""', 'paid', 'paid'],
    ['typeof order.note', 'string', 'string'],
    ['order.note === undefined', false, false],
    ['null != order.note', true, true],
    ['1 + 1', 2, 2],
    ['order.note', 'ada', marker],
    ['order.open', true, true],
    [
      'order',
      {
        $: 'object',
        fields: [
          ['note', 'ada'],
          ['status', 'paid'],
        ],
      },
      { note: marker, status: 'paid' },
    ],
    ['order.statusNote', 'ada', marker],
    ['order.total > 5', true, marker],
    ['order.total > 5 ? order.status : ""', 'paid', marker],
    ['order.note.startsWith("a") ? 1 : 2', 1, '[REDACTED:derived]'],
    ['typeof (order.total > 5 ? 1 : "")', 'number', marker],
    ['(order.total > 5 ? 1 : null) === null', true, marker],
    ['order[key]', 'ada', marker],
    ['(order ?? other).status', 'paid', marker],
    ['"note" in order', true, marker],
    ['order.size', 12, marker],
    ['order.note.length', 3, marker],
    ['!order.total', false, marker],
  ])('%s gives %j as %j', async (expression, value, expected) => {
    expect(await resultOf(expression, value)).toEqual(expected);
  });

  it('an error of an expression is shown only when all that it reads is listed', async () => {
    const expressions = [
      { expression: 'order.status.x.y', error: 'Cannot read y' },
      { expression: 'users[name].x', error: 'Cannot read x of ada' },
    ];
    const { stored } = await shown({}, listing({ paths: ['order.status'] }), expressions);
    expect(stored).toContain('Cannot read y');
    expect(stored).not.toContain('ada');
  });

  it('a metric shows its numbers only when its expression reads listed values', () => {
    const histogram = { scale: 0, zero: 0, positive: { offset: 0, counts: [1] }, negative: { offset: 0, counts: [] } };
    const sums = { count: 1, values: { min: 2, max: 2, sum: 2, histogram } };
    const policy = listing({ paths: ['order.total'] });
    expect(scrubSums(sums, 'order.total * 2', policy)).toEqual(sums);
    expect(scrubSums(sums, 'order.amount', policy)).toEqual({ count: 1 });
    expect(scrubSums(sums, 'order.amount > 5 ? 1 : 2', policy)).toEqual({ count: 1 });
  });

  it('source text is shown, what the program threw is not', () => {
    const place = { file: 'a.js', line: 1, text: 'const order = load(id);' };
    expect(scrubReportedPlace(place, listing({}))).toEqual(place);
    expect(scrubThrown('no such user: ada', listing({}), 100)).toBe(marker);
    expect(scrubThrown('no such user: ada', defaultRedactionPolicy, 100)).toBe('no such user: ada');
  });

  it('a hit that was captured before the list is shown by it, and a second pass changes nothing', async () => {
    const data = captureOf({ note: 'ada', status: 'paid' });
    const { hit } = await answerOf(data, defaultRedactionPolicy, listing({ names: ['status'] }));
    expect(hit.variables).toEqual({ note: marker, status: 'paid' });
    const twice = await answerOf(data, listing({ names: ['status'] }), listing({ names: ['status', 'more'] }));
    expect(twice.hit.variables).toEqual({ note: marker, status: 'paid' });
  });
});

it.each([
  ['order.items[].sku', ['order', 'items', 'sku']],
  ['grid[][]', ['grid']],
  ['*.id', ['*', 'id']],
  ['a..b', undefined],
  ['a b', undefined],
  ['items[0]', undefined],
  ['', undefined],
])('the path %s is %j', (text, path) => {
  expect(parsePath(text)).toEqual(path);
});
