import { describe, expect, it } from 'vitest';
import { createRandom } from '../../agents-sim/random.ts';
import { bytesOf, ChangedItem, Page, type PageStart } from '../../src/hits/pages.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** All pages of the items, each with what it holds. */
function pagesOf(items: unknown[], maxBytes: () => number): Page<unknown>[] {
  const pages: Page<unknown>[] = [];
  let start: PageStart = { at: 0, from: 0 };
  while (start.at < items.length) {
    const page = new Page<unknown>(maxBytes(), JSON.parse(JSON.stringify(start)) as PageStart);
    for (const item of items.slice(start.at)) page.add(item);
    if (page.next.at === start.at && page.next.from <= start.from) throw new Error('The page does not get on.');
    pages.push(page);
    start = page.next;
  }
  return pages;
}

/** What the pages give when their parts are joined. */
function joined(pages: Page<unknown>[]): unknown[] {
  const items: unknown[] = [];
  let text = '';
  for (const { items: whole, part } of pages) {
    if (part !== undefined) {
      expect(part.from).toBe(text.length);
      text += part.text;
      if (text.length === part.of) {
        items.push(JSON.parse(text));
        text = '';
      }
    }
    items.push(...whole);
  }
  expect(text).toBe('');
  return items;
}

const alphabet = ['a', 'é', '東', '😀', '"', '\\', '\n', '\u0001', ' '] as const;

describe('pages', () => {
  it(`give everything exactly once, whatever the budget, and keep to it (seed ${seed})`, () => {
    const random = createRandom(seed);
    for (let round = 0; round < 300; round++) {
      const text = () => Array.from({ length: random.integer(0, 3_000) }, () => random.pick(alphabet)).join('');
      const item = () => ({ number: random.integer(1, 50), [text().slice(0, 20)]: text(), list: [random.integer(0, 9), null] });
      const items = Array.from({ length: random.integer(0, 8) }, item);
      const budgets: number[] = [];
      const maxBytes = () => budgets[budgets.push(random.integer(400, 9_000)) - 1] as number;
      const pages = pagesOf(items, maxBytes);
      expect(joined(pages)).toEqual(items);
      for (const [index, page] of pages.entries()) {
        const held = page.part === undefined ? page.items : page.part;
        expect(bytesOf(held)).toBeLessThanOrEqual(budgets[index] as number);
      }
    }
  });

  it('hold as many items as fit, not one less', () => {
    const items = ['aaaa', 'bbbb', 'cccc'];
    const exact = bytesOf(items.slice(0, 2)) + 1;
    const page = new Page<string>(exact, { at: 0, from: 0 });
    for (const item of items) page.add(item);
    expect(page.items).toEqual(['aaaa', 'bbbb']);
    expect(page.next).toEqual({ at: 2, from: 0 });
  });

  it('never go on inside an item that is not the same any more', () => {
    const [first] = pagesOf(['x'.repeat(2_000)], () => 500);
    const page = new Page<string>(500, first?.next as PageStart);
    expect(() => page.add('y'.repeat(2_000))).toThrow(ChangedItem);
  });
});
