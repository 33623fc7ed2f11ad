import { describe, expect, test } from 'vitest';
import { findFunction, findMoved, findSnippet } from '../../src/agent/source/search.ts';

const script = `'use strict';
function charge(order) {
  const total = order.items.reduce((sum, item) => sum + item.price, 0);
  if (total > 100) return { total, discount: 'big' };
  return { total };
}
class Cart {
  #items = [];
  total() { return this.#items.length; }
  get size() { return this.#items.length; }
}
Cart.prototype.clear = function () { this.items = []; };
const pay = async (order) => {
  await charge(order);
};
module.exports = { charge, Cart, total: (x) => x };
`;

const typed = `export interface Order { items: Item[]; }
// function charge(order) is old
export class Cart<T extends Item> {
  private readonly items: T[] = [];
  public async total<K>(unit: string, by?: (item: T) => number): Promise<number> {
    if (unit === 'charge') return charge(this.items);
    return 0;
  }
  static of = (items: Item[]): Cart<Item> => new Cart(items);
}
export const charge = async <T,>(items: T[]): Promise<number> => {
  return items.length;
};
export default function* walk(this: Cart<Item>): Iterable<Item> {}
`;

const found = (text: string, name: string) => findFunction(text, name).map((one) => `${one.line} ${one.function} ${one.score}`);

describe('a function', () => {
  test.each<[string, string[]]>([
    ['charge', ['2 charge 1']],
    ['charge()', ['2 charge 1']],
    ['Cart.total', ['9 Cart.total 1', '16 total 0.6']],
    ['total', ['16 total 1', '9 Cart.total 0.9']],
    ['Cart.size', ['10 Cart.size 1']],
    ['Cart.prototype.clear', ['12 Cart.clear 1']],
    ['PAY', ['13 pay 0.5']],
    ['Basket.total', ['16 total 0.6']],
    ['order', []],
    ['', []],
    ['(a[', []],
  ])('%s is found in a script', (name, expected) => {
    expect(found(script, name)).toEqual(expected);
  });

  test.each<[string, string[]]>([
    ['charge', ['11 charge 1']],
    ['Cart.total', ['5 Cart.total 1']],
    ['total', ['5 Cart.total 0.9']],
    ['of', ['9 Cart.of 0.9']],
    ['walk', ['14 walk 1']],
    ['items', []],
    ['charge(items', []],
  ])('%s is found in TypeScript', (name, expected) => {
    expect(found(typed, name)).toEqual(expected);
  });
});

describe('a snippet', () => {
  test.each<[string, string, { line: number; column: number; score: number; function?: string }[]]>([
    ['of a line', 'total > 100', [{ line: 4, column: 7, score: 1, function: 'charge' }]],
    ['spaced in another way', 'if(total>100)return{total,', [{ line: 4, column: 3, score: 0.95, function: 'charge' }]],
    ['with other quotes and no semicolon', 'discount: "big" }', [{ line: 4, column: 36, score: 0.85, function: 'charge' }]],
    ['over lines', 'await charge(order);\n}', [{ line: 14, column: 3, score: 1, function: 'pay' }]],
    [
      'over lines, indented in another way',
      'await charge(order);\n        };',
      [{ line: 14, column: 3, score: 0.95, function: 'pay' }],
    ],
    [
      'of which a line has changed',
      'function charge(order) {\nconst total = 0;\nif (total > 100) return { total, discount: "big" };\nreturn { total };',
      [{ line: 2, column: 1, score: 0.4, function: 'charge' }],
    ],
    ['that is a part of a word', 'reduc', [{ line: 3, column: 29, score: 0.7, function: 'charge' }]],
    ['that is nowhere', 'refund(order)', []],
    ['that is empty', ' ', []],
  ])('%s is found', (_, snippet, expected) => {
    expect(findSnippet(script, snippet)).toEqual(expected);
  });

  test('is found in TypeScript', () => {
    expect(findSnippet(typed, 'return charge( this.items )')).toEqual([{ line: 6, column: 28, score: 0.95 }]);
  });

  test('whole words come before parts of words, and all places are told', () => {
    expect(findSnippet('subtotal; total;\ntotal', 'total').map(({ line, score }) => [line, score])).toEqual([
      [1, 1],
      [2, 1],
      [1, 0.7],
    ]);
  });
});

describe('a line that has moved', () => {
  const lines = script.split('\n');
  const expected = '  return { total };';

  test('is found by its neighbours', () => {
    const moved = ['// new', '// lines', ...lines];
    expect(findMoved(moved, expected, { before: [lines[3] as string], after: ['}'] }, 5)).toEqual({ line: 7 });
  });

  test('is found when it was indented anew and a neighbour changed', () => {
    const moved = ['{', ...lines.map((line) => `\t${line}`)];
    expect(findMoved(moved, expected, { before: ['  changed();', lines[3] as string], after: ['}', 'class Cart {'] }, 5)).toEqual(
      { line: 6 },
    );
  });

  test('is found among equal lines', () => {
    const moved = ['a();', 'same();', 'b();', 'c();', 'same();', 'd();'];
    expect(findMoved(moved, 'same();', { before: ['c();'], after: ['d();'] }, 1)).toEqual({ line: 5 });
  });

  test('is not guessed among equal lines with equal neighbours: the nearest comes first', () => {
    const moved = ['a();', 'same();', 'b();', 'a();', 'same();', 'b();'];
    expect(findMoved(moved, 'same();', { before: ['a();'], after: ['b();'] }, 6)).toEqual({ candidates: [5, 2] });
  });

  test('is not taken for one that stands somewhere else', () => {
    expect(findMoved(['x();', '}', 'y();'], '}', { before: ['a();', 'b();'], after: ['c();'] }, 1)).toEqual({ candidates: [2] });
    expect(findMoved(lines, 'gone();', { before: [lines[3] as string], after: ['}'] }, 5)).toEqual({ candidates: [] });
  });

  test('without a text, its neighbours must all but agree', () => {
    const around = { before: lines.slice(1, 4), after: lines.slice(5, 7) };
    expect(findMoved(['// new', ...lines], '', around, 5)).toEqual({ line: 6 });
    expect(findMoved(['other();', '}'], '', around, 5)).toEqual({ candidates: [] });
    expect(findMoved(lines, '', { before: [], after: [] }, 5)).toEqual({ candidates: [] });
  });
});
