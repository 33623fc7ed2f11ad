import { describe, expect, it } from 'vitest';
import { type Outlasting, outlast } from '../../src/actions/outlast.ts';
import { Refusal } from '../../src/lib/refusal.ts';
import { createTestClock } from '../helpers/clock.ts';

const away = () => new Refusal({ code: 'unavailable', message: 'The database cannot be reached.' });
const draining = () => new Refusal({ code: 'unavailable', message: 'The bridge is going down.' });
const keyEnded = () => new Refusal({ code: 'invalid_token', message: 'The token was revoked.' });

/** Asks a database of which `isAway` tells, with time that goes on only while it is paused. */
function world(untilMs: number, isAway: (nowMs: number) => boolean) {
  const clock = createTestClock();
  const stop = new AbortController();
  const told: number[] = [];
  const asked: number[] = [];
  const outlasting: Outlasting = {
    clock,
    untilMs,
    signal: stop.signal,
    pause: async (ms) => clock.advance(ms),
    tell: async () => void told.push(clock.monotonic()),
    givenUp: () => new Refusal({ code: 'unavailable', message: 'It may have gone on.' }),
  };
  const ask = async () => {
    asked.push(clock.monotonic());
    if (isAway(clock.monotonic())) throw away();
    return 'the answer';
  };
  return { clock, stop, told, asked, outlasting, ask, go: () => outlast(outlasting, ask) };
}

describe('a question to a database that is away', () => {
  it('is asked again, less and less often, and answered when it is back', async () => {
    const { go, asked, told } = world(60_000, (nowMs) => nowMs < 6_000);
    expect(await go()).toBe('the answer');
    expect(asked).toEqual([0, 200, 600, 1_400, 3_000, 5_000, 7_000]);
    expect(told).toEqual(asked.slice(0, -1));
  });

  it('is given up when the time is up, not before and not after', async () => {
    const { go, asked } = world(2_000, () => true);
    await expect(go()).rejects.toThrow('It may have gone on.');
    expect(asked).toEqual([0, 200, 600, 1_400, 2_000]);
  });

  it('is asked once where there is no time', async () => {
    expect(await world(0, () => false).go()).toBe('the answer');
    const { go, asked } = world(0, () => true);
    await expect(go()).rejects.toThrow('It may have gone on.');
    expect(asked).toEqual([0]);
  });

  it('is given up where no answer comes at all, after five seconds at least', async () => {
    for (const [untilMs, givenUpMs] of [
      [0, 5_000],
      [9_000, 9_000],
    ] as const) {
      const { clock, outlasting } = world(untilMs, () => false);
      let isOver = false;
      const asking = outlast(outlasting, () => new Promise(() => {})).finally(() => {
        isOver = true;
      });
      asking.catch(() => undefined);
      clock.advance(givenUpMs - 1);
      await new Promise((turn) => setImmediate(turn));
      expect(isOver).toBe(false);
      clock.advance(1);
      await expect(asking).rejects.toThrow('It may have gone on.');
    }
  });

  it('is not asked again for a defect, or for a refusal of another kind', async () => {
    for (const problem of [new Error('a defect'), new Refusal({ code: 'not_found', message: 'It is not there.' })]) {
      const { outlasting } = world(60_000, () => false);
      let asked = 0;
      const asking = outlast(outlasting, async () => {
        asked += 1;
        throw problem;
      });
      await expect(asking).rejects.toBe(problem);
      expect(asked).toBe(1);
    }
  });

  it.each([
    ['of a caller that left is over, and whoever placed takes back', undefined, 'The database cannot be reached.'],
    ['of a key that ended is over, and gives no handle', keyEnded(), 'The database cannot be reached.'],
    ['of a bridge that goes down is answered with the handle', draining(), 'It may have gone on.'],
  ])('%s', async (_, reason, message) => {
    const { go, stop, asked, outlasting } = world(60_000, () => true);
    outlasting.pause = async () => stop.abort(reason);
    await expect(go()).rejects.toThrow(message);
    expect(asked).toHaveLength(2);
  });
});
