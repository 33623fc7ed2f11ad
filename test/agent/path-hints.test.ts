import { describe, expect, test } from 'vitest';
import { evaluate, NoValue } from '../../src/agent/values/evaluate.ts';
import { nearestOf } from '../../src/agent/values/nearest.ts';
import { parseExpression } from '../../src/protocol/expression.ts';

/** Why an expression has no value over these names. */
function why(expression: string, names: Record<string, unknown>): string {
  const parsed = parseExpression(expression);
  if (!parsed.ok) throw new Error(parsed.message);
  try {
    return `It has the value ${String(
      evaluate(
        parsed.node,
        (name) => names[name],
        () => undefined,
      ),
    )}.`;
  } catch (error) {
    if (error instanceof NoValue) return error.message;
    throw error;
  }
}

const order = { id: 1, items: [{ price: 2 }], customer: { address: null, contact: { mail: 'a@b.example' } }, total: 4 };

describe('a path that goes on from a member that is nowhere', () => {
  test.each([
    ['order.itmes.length', '`undefined` has no `length`: `order` has no own `itmes`; did you mean `items`?'],
    ['order.Items[0].price', '`undefined` has no `0`: `order` has no own `Items`; did you mean `items`?'],
    ['order.itmes[order.id]', '`undefined` has no `[…]`: `order` has no own `itmes`; did you mean `items`?'],
    ["order['itmes'].length", '`undefined` has no `length`: `order` has no own `itmes`; did you mean `items`?'],
    ['order.items[0].prices.net', '`undefined` has no `net`: `the object` has no own `prices`; did you mean `price`?'],
    ['order?.custmoer.address', '`undefined` has no `address`: `order` has no own `custmoer`; did you mean `customer`?'],
    ['order.customer.contcat.mail', '`undefined` has no `mail`: `order.customer` has no own `contcat`; did you mean `contact`?'],
  ])('%s is told the nearest own name', (expression, message) => {
    expect(why(expression, { order })).toBe(message);
  });

  test.each([
    ['order.nothing.length', '`undefined` has no `length`.'],
    ['order.customer.address.city', '`null` has no `city`.'],
    ['order.items.lenght.x', '`undefined` has no `x`.'],
    ['order.id.itmes.x', '`undefined` has no `x`.'],
    ['none.length', '`undefined` has no `length`.'],
  ])('%s is not guessed at where nothing is near, the member is there, or its object is a list or no object', (text, message) => {
    expect(why(text, { order })).toBe(message);
  });

  test('two names that are as near are both told', () => {
    expect(why('it.itemz.x', { it: { item: 1, items: 2, other: 3 } })).toContain('did you mean `item` or `items`?');
    expect(why('it.nam.x', { it: { name: 1, names: 2 } })).toContain('did you mean `name`?');
  });

  test('no name that may be data is told', () => {
    const byKey = { 'anna@example.org': 1, 'anna-b': 2, '1anna': 3, ännna: 4, [`anna${'x'.repeat(60)}`]: 5, [Symbol('annb')]: 6 };
    for (const asked of ["it['anna@example.or'].x", "it['anna-c'].x", "it['1annb'].x", 'it.annna.x', 'it.annb.x'])
      expect(why(asked, { it: byKey }), asked).toMatch(/^`undefined` has no `x`\.$/);
  });

  test('nothing of the program is run', () => {
    let ran = 0;
    const run = (): never => {
      ran += 1;
      throw new Error('It ran.');
    };
    const trap = { get: run, ownKeys: run, getOwnPropertyDescriptor: run, getPrototypeOf: run };
    const own = Object.defineProperty({ count: 1 }, 'items', { get: run, enumerable: true });
    expect(why('own.itmes.x', { own })).toContain('did you mean `items`?');
    const behind = Object.create(new Proxy({}, trap), { items: { value: 1 } });
    expect(why('behind.itmes.x', { behind })).toBe('`itmes` is inherited, and only own data is read.');
    expect(why('proxy.itmes.x', { proxy: new Proxy({ items: 1 }, trap) })).toContain('proxies are not touched');
    expect(ran).toBe(0);
  });
});

describe('the nearest names', () => {
  test.each([
    ['ordr', ['total', 'order', 'ordre'], ['order', 'ordre']],
    ['itmes', ['times', 'items', 'item'], ['times', 'items']],
    ['customerNmae', ['customer', 'custom', 'customerNames', 'customerName'], ['customerName', 'customerNames', 'customer']],
    ['a', ['b', 'bc', 'abc'], ['b']],
    ['', ['a'], []],
    ['x'.repeat(41), ['x'.repeat(40)], []],
    ['x'.repeat(40), ['x'.repeat(53), 'x'.repeat(54), 'İ'.repeat(40), 'x'.repeat(39)], ['x'.repeat(39), 'x'.repeat(53)]],
  ])('of %s among %j are %j', (name, names, expected) => {
    expect(nearestOf(name, names, 3)).toEqual(expected);
  });
});
