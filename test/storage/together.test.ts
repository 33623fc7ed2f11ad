import { expect, it } from 'vitest';
import { together } from '../../src/storage/together.ts';

/** Writes that end when they are told to. */
function slowly() {
  const writes: { items: number[]; end: (problem?: Error) => void }[] = [];
  const write = (items: number[]) =>
    new Promise<void>((done, fail) => {
      writes.push({ items, end: (problem) => (problem === undefined ? done() : fail(problem)) });
    });
  return { writes, write };
}

it('writes the first at once and what comes meanwhile together, in order, at most so many at a time', async () => {
  const { writes, write } = slowly();
  const append = together(3, write);
  const all = [1, 2, 3, 4, 5].map((item) => append(item));
  expect(writes.map(({ items }) => items)).toEqual([[1]]);
  writes[0]?.end();
  await all[0];
  await expect.poll(() => writes.length).toBe(2);
  writes[1]?.end();
  await all[3];
  await expect.poll(() => writes.length).toBe(3);
  writes[2]?.end();
  await Promise.all(all);
  expect(writes.map(({ items }) => items)).toEqual([[1], [2, 3, 4], [5]]);
});

it('fails those that were in a failed write, and goes on', async () => {
  const { writes, write } = slowly();
  const append = together(10, write);
  const [first, second] = [append(1), append(2)];
  writes[0]?.end(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  await expect.poll(() => writes.length).toBe(2);
  writes[1]?.end();
  await second;
  const third = append(3);
  await expect.poll(() => writes.length).toBe(3);
  writes[2]?.end();
  await third;
  expect(writes.map(({ items }) => items)).toEqual([[1], [2], [3]]);
});
