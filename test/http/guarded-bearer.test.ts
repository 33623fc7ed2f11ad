import { expect, it } from 'vitest';
import { guardBearers } from '../../src/http/guarded-bearer.ts';
import { Refusal } from '../../src/lib/refusal.ts';
import { createTestClock } from '../helpers/clock.ts';

const here = '192.0.2.1';

/** Bearers that are good begin with `good`; counts how many were looked at. */
function world() {
  const clock = createTestClock();
  const looked: string[] = [];
  const ended = new Set<string>();
  const guarded = guardBearers(async (bearer) => {
    looked.push(bearer ?? '');
    if (bearer?.startsWith('good') && !ended.has(bearer)) return bearer;
    throw new Refusal({ code: 'invalid_token', message: `no ${bearer}` });
  }, clock);
  const code = (bearer: string, address = here) =>
    guarded(bearer, address).catch((problem: unknown) => (problem instanceof Refusal ? problem.details.code : String(problem)));
  return { clock, looked, ended, code };
}

it('a bearer that is not good, however often it comes, is looked at now and then, and shuts out nobody beside it', async () => {
  const { clock, looked, code } = world();
  for (let second = 0; second < 60; second += 1) {
    for (let turn = 0; turn < 20; turn += 1) expect(await code('of a whole fleet')).toBe('invalid_token');
    clock.advance(1_000);
  }
  expect(looked).toHaveLength(18);
  expect(await code('good and new')).toBe('good and new');
});

it('different ones that are not good end what an address may try, but for those that were good', async () => {
  const { ended, code } = world();
  expect(await code('good before')).toBe('good before');
  for (let turn = 0; turn < 300; turn += 1) expect(await code(`guessed ${turn}`)).toBe('invalid_token');
  expect(await code('guessed 301')).toBe('too_busy');
  expect(await code('good and new')).toBe('too_busy');
  expect(await code('good and new', '192.0.2.2')).toBe('good and new');
  expect(await code('good before')).toBe('good before');
  ended.add('good before');
  for (let turn = 0; turn < 3; turn += 1) expect(await code('good before')).toBe('invalid_token');
  for (const turn of [0, 299]) expect(await code(`guessed ${turn}`)).toBe('invalid_token');
});

it('one that became good comes in at once, or seconds later where it was tried again and again', async () => {
  const { clock, ended, code } = world();
  ended.add('good again');
  expect(await code('good again')).toBe('invalid_token');
  ended.delete('good again');
  expect(await code('good again')).toBe('good again');
  ended.add('good again');
  for (let turn = 0; turn < 3; turn += 1) expect(await code('good again')).toBe('invalid_token');
  ended.delete('good again');
  expect(await code('good again')).toBe('invalid_token');
  expect(await code('good again', '192.0.2.2')).toBe('good again');
  clock.advance(10_000);
  expect(await code('good again')).toBe('good again');
});
