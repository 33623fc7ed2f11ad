import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PolicyGate } from '../../src/agent/link/policy-gate.ts';
import type { AgentPolicy } from '../../src/protocol/frames.ts';

let forwarded: string[];
let gate: PolicyGate;

beforeEach(() => {
  vi.useFakeTimers();
  forwarded = [];
  gate = new PolicyGate(({ pause, names }) => forwarded.push(`${names.harmlessEndings[0]}${pause ? ' paused' : ''}`));
});
afterEach(() => {
  gate.close();
  vi.useRealTimers();
});

const policy = (name: string, pause = false): AgentPolicy => ({
  ...{ names: { hidden: {}, harmlessEndings: [name], harmlessBeginnings: [] }, pause },
});

test('of many policies in a second the first passes at once, and then the newest', () => {
  for (const name of ['a', 'b', 'c']) gate.offer(policy(name));
  expect(forwarded).toEqual(['a']);
  vi.advanceTimersByTime(1_000);
  expect(forwarded).toEqual(['a', 'c']);
  vi.advanceTimersByTime(10_000);
  expect(forwarded).toEqual(['a', 'c']);
});

test('one every ten milliseconds reaches the program once a second', () => {
  for (let step = 0; step < 500; step += 1) {
    gate.offer(policy(String(step)));
    vi.advanceTimersByTime(10);
  }
  expect(forwarded.length).toBeLessThanOrEqual(6);
});

test('the kill switch does not wait, and is told once', () => {
  gate.passed(policy('welcome'));
  for (let step = 0; step < 5; step += 1) gate.offer(policy('b', true));
  expect(forwarded).toEqual(['welcome paused']);
  gate.offer(policy('c', false));
  gate.offer(policy('d', true));
  expect(forwarded).toEqual(['welcome paused']);
  vi.advanceTimersByTime(1_000);
  expect(forwarded).toEqual(['welcome paused', 'd paused']);
});

test('what waits is dropped with the connection', () => {
  gate.offer(policy('a'));
  gate.offer(policy('b'));
  gate.close();
  vi.advanceTimersByTime(5_000);
  expect(forwarded).toEqual(['a']);
});
