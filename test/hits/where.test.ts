import { describe, expect, it } from 'vitest';
import { type Fit, Where } from '../../src/hits/where.ts';
import { parseExpression } from '../../src/protocol/expression.ts';
import type { ViewedHit } from '../../src/redaction/view.ts';
import { viewed } from './viewed.ts';

const order = {
  total: 12.5,
  id: 'o-1',
  items: [{ sku: 'a' }, { sku: 'b' }],
  coupon: null,
  none: undefined,
  big: { $: 'bigint', text: '9007199254740993' },
  nan: { $: 'number', text: 'NaN' },
  at: { $: 'date', iso: '2024-01-31T00:00:00.000Z' },
  long: { $: 'string', text: 'beginning', length: 900 },
  deep: { $: 'cut', why: 'depth' },
  part: { $: 'object', fields: [['known', 1]], more: 3 },
  few: { $: 'array', length: 22, elements: [1, 2] },
  'x-id': 7,
  $price: 3,
  byId: { $: 'map', size: 1, entries: [['k', { $: 'object', fields: [['n', 1]] }]] },
};
const again = { $: 'reference', path: 'order.items' };
const variables = {
  order,
  again,
  lost: { $: 'reference', path: 'nowhere' },
  email: 'ada@example.com',
  same: 'Ada@example.com',
  other: 'bob@example.com',
  cvv: '123',
  rate: 0.1,
};

async function fitOf(text: string, hit?: ViewedHit): Promise<Fit> {
  const parsed = parseExpression(text);
  if (!parsed.ok) throw new Error(parsed.message);
  const [own] = await viewed([{ variables, expressions: { 'order.items.length + 1': 3, 'a ?? b': { name: 'x' } } }]);
  return new Where(parsed.node).fits((hit ?? (own as ViewedHit)).hit);
}

describe('a condition over a hit', () => {
  it.each([
    'order.total > 12 && order.total <= 12.5',
    "order.id === 'o-1'",
    "order['x-id'] === 7",
    'order.$price === 3',
    'order.items.length === 2',
    "order.items[1].sku === 'b'",
    "again[0].sku === 'a' && again.length === 2",
    'order.items[2] === undefined',
    'order.coupon == null && order.coupon === null',
    'order.none === undefined',
    'order.coupon?.code === undefined',
    "typeof order === 'object' && typeof order.total === 'number'",
    "'total' in order && !('nope' in order)",
    "order.id.startsWith('o') && order.id.endsWith('1') && order.id.includes('-')",
    'order.few.includes(2)',
    'order.big === order.big',
    'order.nan !== order.nan',
    'order.long.length === 900',
    "order.long !== 'other'",
    "order.long.startsWith('begin')",
    'order.part.known === 1',
    "order.byId['k'].n === 1 && order.byId.size === 1",
    'order.items.length + 1 === 3',
    "(a ?? b).name === 'x'",
    'rate * 10 === 1 ? true : false',
    'order.missing ?? true',
    'email === same',
    'email !== other',
    'email !== null',
  ])('holds: %s', async (text) => expect(await fitOf(text)).toEqual({ fits: true }));

  it.each(['order.total < 0', '!order', 'order.coupon', 'email === other', 'email === undefined', "order.long === 'x'"])(
    'does not hold: %s',
    async (text) => expect(await fitOf(text)).toEqual({ fits: false }),
  );

  it.each([
    ["email === 'ada@example.com'", 'redacted'],
    ["email.startsWith('a')", 'redacted'],
    ['email > 0', 'redacted'],
    ['email.length > 1', 'redacted'],
    ['!email', 'redacted'],
    ['typeof email', 'redacted'],
    ['cvv === cvv', 'redacted'],
    ["cvv === '123'", 'redacted'],
    ['lost.x === 1', 'not shown'],
    ['nope > 1', 'no such variable'],
    ['order.deep.x === 1', 'left out'],
    ['order.part.other === 1', 'left out'],
    ["'other' in order.part", 'left out'],
    ['order.few[5] === 1', 'left out'],
    ['order.few.includes(9)', 'cut'],
    ["order.long.includes('zzz')", 'cut'],
    ['order.coupon.code', 'null'],
    ['order.at > 5', 'object'],
    ['order.items === order', 'object'],
    ['order.big + 1', 'bigint'],
  ])('is undecided, and says why: %s', async (text, why) => {
    expect(await fitOf(text)).toEqual({ fits: undefined, why: expect.stringContaining(why) });
  });

  it('finds the tag of a marker that an answer showed', async () => {
    const [hit] = await viewed([{ variables }]);
    const marker = hit?.hit.variables.email as string;
    expect(await fitOf(`email === '${marker}'`, hit)).toEqual({ fits: true });
    expect(await fitOf(`other === '${marker}'`, hit)).toEqual({ fits: false });
  });

  it('does not take a missing variable for one that was cut', async () => {
    const [hit] = await viewed([{ variables: { a: 1 }, capture: { cut: ['time'] } }]);
    expect(await fitOf('b === 1', hit)).toMatchObject({ why: expect.stringContaining('the hit was cut') });
  });
});
