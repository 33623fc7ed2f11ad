import { expect, it } from 'vitest';
import { Crowd } from '../../src/http/crowd.ts';

/** Who goes, one after the other, of those that came from these addresses, one each millisecond. */
function leave(share: number, addresses: string[]): number[] {
  const crowd = new Crowd(share);
  addresses.forEach((address, sinceMs) => {
    crowd.add({ address, sinceMs });
  });
  const order: number[] = [];
  for (let one = crowd.first(Infinity); one; one = crowd.first(Infinity)) {
    order.push(one.sinceMs);
    crowd.delete(one);
  }
  return order;
}

it('of a crowd the oldest go first, unless one network or one site has more than its share', () => {
  expect(leave(2, ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.2'])).toEqual([0, 1, 2, 3]);
  expect(leave(2, ['192.0.2.1', '192.0.2.2', '192.0.2.2', '192.0.2.2', '192.0.2.2'])).toEqual([1, 2, 0, 3, 4]);
  // The last 64 bits are one network, the last 80 one site.
  expect(leave(2, ['192.0.2.1', '2001:db8:0:1::1', '2001:db8:0:1::2', '2001:db8:0:1::3'])).toEqual([1, 0, 2, 3]);
  expect(leave(2, ['192.0.2.1', '2001:db8:0:1::1', '2001:db8:0:2::1', '2001:db8:0:3::1'])).toEqual([1, 0, 2, 3]);
});

it('of a crowd nobody goes who came later than asked, also of those that are too many', () => {
  const crowd = new Crowd(1);
  const [first, ...others] = [0, 10, 20].map((sinceMs) => ({ address: sinceMs === 0 ? '192.0.2.1' : '192.0.2.2', sinceMs }));
  for (const one of [first, ...others]) if (one !== undefined) crowd.add(one);
  expect(crowd.first(10)).toBe(others[0]);
  expect(crowd.first(9)).toBe(first);
  expect(crowd.first(-1)).toBeUndefined();
});
