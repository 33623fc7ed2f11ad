import { expect, it } from 'vitest';
import { createWaker } from '../../src/actions/waker.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { createAsks } from '../../src/replicas/asks.ts';
import { createTestClock } from '../helpers/clock.ts';

/** A clock that says how much is planned on it. */
function counted(): Clock & { planned: Set<object> } {
  const clock = createTestClock();
  const planned = new Set<object>();
  return {
    ...clock,
    planned,
    after(ms, run) {
      const one = {};
      planned.add(one);
      const callOff = clock.after(ms, () => {
        planned.delete(one);
        run();
      });
      return () => {
        planned.delete(one);
        callOff();
      };
    },
  };
}

it('whoever was woken, or left, has nothing planned any more', async () => {
  const clock = counted();
  const waker = createWaker(clock);
  const listener = waker.listen('act_1');
  const leave = new AbortController();
  for (const end of [() => waker.wake('act_1', []), () => leave.abort()]) {
    const woken = listener.next(60_000, leave.signal);
    expect(clock.planned.size).toBe(1);
    end();
    await woken;
    expect(clock.planned.size).toBe(0);
  }
  listener.end();
});

it('a question that was answered is not asked again', async () => {
  const clock = counted();
  const sent: unknown[] = [];
  const asks = createAsks(clock, (_replica, note) => sent.push(note));
  const question = { note: 'locate', ask: 'ask_1', from: 'rep_a', org: 'acme', agent: 'agent-1' } as const;
  const answer = asks.ask('rep_b', question, 6_000, async () => false);
  expect([sent.length, clock.planned.size]).toEqual([1, 1]);
  asks.heard({ note: 'done', ask: 'ask_1' });
  expect(await answer).toEqual({ note: 'done', ask: 'ask_1' });
  expect([sent.length, clock.planned.size]).toEqual([1, 0]);
});
