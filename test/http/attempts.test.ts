import { describe, expect, it } from 'vitest';
import { attempts } from '../../src/http/attempts.ts';
import { Refusal } from '../../src/lib/refusal.ts';
import { createTestClock } from '../helpers/clock.ts';

const bad = () => Promise.reject(new Refusal({ code: 'invalid_token', message: 'no' }));
const good = async () => 'good';

/** The code a try was refused with, or what it came to. */
async function outcome(trying: Promise<string>): Promise<string> {
  return trying.catch((problem: unknown) => (problem instanceof Refusal ? problem.code : String(problem)));
}

describe('tries that may fail', () => {
  it('are made until so many of one address failed in a minute, then refused unmade', async () => {
    const clock = createTestClock();
    const limit = attempts(clock, 2, 'tries');
    expect(await outcome(limit.run('192.0.2.1', bad))).toBe('invalid_token');
    for (let turn = 0; turn < 9; turn += 1) expect(await outcome(limit.run('192.0.2.1', good))).toBe('good');
    expect(await outcome(limit.run('192.0.2.1', bad))).toBe('invalid_token');
    const unmade = () => Promise.reject(new Error('it was made'));
    await expect(limit.run('192.0.2.1', unmade)).rejects.toMatchObject({
      details: { code: 'too_busy', data: { retryAfterSeconds: 60 } },
    });
    expect(await outcome(limit.run('192.0.2.2', good))).toBe('good');
    clock.advance(60_000);
    expect(await outcome(limit.run('192.0.2.1', good))).toBe('good');
  });

  it('at the same time are no way round it: those beyond wait, and good ones are all made', async () => {
    const limit = attempts(createTestClock(), 5, 'tries');
    let made = 0;
    const slow = async (end: () => Promise<string>) => {
      made += 1;
      await new Promise(setImmediate);
      return end();
    };
    const many = (end: () => Promise<string>) =>
      Promise.all(Array.from({ length: 40 }, () => outcome(limit.run('2001:db8::1', () => slow(end)))));
    expect(new Set(await many(good))).toEqual(new Set(['good']));
    made = 0;
    expect((await many(bad)).sort()).toEqual([...Array(5).fill('invalid_token'), ...Array(35).fill('too_busy')]);
    expect(made).toBe(5);
    expect(await outcome(limit.run('2001:db8::2', good))).toBe('too_busy'); // the same network
  });

  it('that end for another reason are no failures', async () => {
    const limit = attempts(createTestClock(), 1, 'tries');
    const down = () => Promise.reject(new Refusal({ code: 'unavailable', message: 'down' }));
    for (let turn = 0; turn < 3; turn += 1) expect(await outcome(limit.run('192.0.2.1', down))).toBe('unavailable');
  });

  it('of 10,000 addresses are counted, and a flood from more holds nobody else up', async () => {
    const limit = attempts(createTestClock(), 1, 'tries');
    for (let turn = 0; turn < 10_050; turn += 1) await outcome(limit.run(`address ${turn}`, bad));
    expect(await outcome(limit.run('late', good))).toBe('good');
    expect(await outcome(limit.run('address 7', good))).toBe('too_busy');
  });
});
