import { describe, expect, it } from 'vitest';
import { createWaker } from '../../src/actions/waker.ts';
import { createTestClock } from '../helpers/clock.ts';

const never = new AbortController().signal;

/** Whether a promise is settled once everything that was due has run. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe('whoever waits for a change of an action', () => {
  it('is woken by it, all of them, and nobody who waits for another', async () => {
    const waker = createWaker(createTestClock());
    const [first, second, other] = [waker.next('a', 1_000, never), waker.next('a', 1_000, never), waker.next('b', 1_000, never)];
    waker.wake('a');
    expect(await isDone(first)).toBe(true);
    expect(await isDone(second)).toBe(true);
    expect(await isDone(other)).toBe(false);
  });

  it('goes on by itself when nothing wakes it', async () => {
    const clock = createTestClock();
    const waiting = createWaker(clock).next('a', 1_000, never);
    clock.advance(999);
    expect(await isDone(waiting)).toBe(false);
    clock.advance(1);
    expect(await isDone(waiting)).toBe(true);
  });

  it('goes on when its call is aborted, before or while it waits', async () => {
    const waker = createWaker(createTestClock());
    const gone = new AbortController();
    const waiting = waker.next('a', 1_000, gone.signal);
    expect(await isDone(waiting)).toBe(false);
    gone.abort();
    expect(await isDone(waiting)).toBe(true);
    expect(await isDone(waker.next('a', 1_000, gone.signal))).toBe(true);
  });

  it('can wait again from within a wake', async () => {
    const waker = createWaker(createTestClock());
    const again = waker.next('a', 1_000, never).then(() => waker.next('a', 1_000, never));
    waker.wake('a');
    expect(await isDone(again)).toBe(false);
    waker.wake('a');
    expect(await isDone(again)).toBe(true);
  });
});
