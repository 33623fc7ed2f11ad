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

describe('whoever listens for a change of an action', () => {
  it('is woken by it, all of them, and nobody who listens for another', async () => {
    const waker = createWaker(createTestClock());
    const [first, second, other] = ['a', 'a', 'b'].map((id) => waker.listen(id).next(1_000, never)) as [
      Promise<void>,
      Promise<void>,
      Promise<void>,
    ];
    waker.wake('a', []);
    expect(await isDone(first)).toBe(true);
    expect(await isDone(second)).toBe(true);
    expect(await isDone(other)).toBe(false);
  });

  it('goes on by itself when nothing wakes it', async () => {
    const clock = createTestClock();
    const waiting = createWaker(clock).listen('a').next(1_000, never);
    clock.advance(999);
    expect(await isDone(waiting)).toBe(false);
    clock.advance(1);
    expect(await isDone(waiting)).toBe(true);
  });

  it('goes on when its call is aborted, before or while it waits', async () => {
    const listener = createWaker(createTestClock()).listen('a');
    const gone = new AbortController();
    const waiting = listener.next(1_000, gone.signal);
    expect(await isDone(waiting)).toBe(false);
    gone.abort();
    expect(await isDone(waiting)).toBe(true);
    expect(await isDone(listener.next(1_000, gone.signal))).toBe(true);
  });

  it('does not miss a wake that comes while it is busy, and hears it once', async () => {
    const waker = createWaker(createTestClock());
    const listener = waker.listen('a');
    waker.wake('a', []);
    expect(await isDone(listener.next(1_000, never))).toBe(true);
    const again = listener.next(1_000, never);
    expect(await isDone(again)).toBe(false);
    waker.wake('a', []);
    expect(await isDone(again)).toBe(true);
  });

  it('hears nothing more after its end, and does not keep others from hearing', async () => {
    const waker = createWaker(createTestClock());
    const [gone, stays] = [waker.listen('a'), waker.listen('a')];
    gone.end();
    const [quiet, woken] = [gone.next(1_000, never), stays.next(1_000, never)];
    waker.wake('a', []);
    expect(await isDone(quiet)).toBe(false);
    expect(await isDone(woken)).toBe(true);
  });

  it('looks at it together with all who listen, anew after a wake, a failure and a while', async () => {
    const clock = createTestClock();
    const waker = createWaker(clock);
    const [first, second] = [waker.listen('a'), waker.listen('a')];
    let asked = 0;
    const read = async () => {
      asked += 1;
      if (asked === 3) throw new Error('no database');
      return undefined;
    };
    await Promise.all([first.look(read, 500), second.look(read, 500)]);
    await first.look(read, 500);
    expect(asked).toBe(1);
    waker.wake('a', []);
    await Promise.all([first.look(read, 500), second.look(read, 500)]);
    expect(asked).toBe(2);
    clock.advance(500);
    await expect(first.look(read, 500)).rejects.toThrow('no database');
    await second.look(read, 500);
    expect(asked).toBe(4);
    await waker.listen('b').look(read, 500);
    expect(asked).toBe(5);
  });
});
