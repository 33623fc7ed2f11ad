import { expect, test } from 'vitest';
import { createGauges, gauge } from '../../src/agent/link/link-messages.ts';
import { explainStatus, waitMs } from '../../src/agent/link/link-wait.ts';
import { maxQueuedBytes, type Outgoing, Queue } from '../../src/agent/link/queue.ts';
import type { ActionState } from '../../src/protocol/frames.ts';
import { limits } from '../../src/protocol/limits.ts';

const state = (id: string, name: ActionState = 'armed'): Outgoing => ({ t: 'state', body: { id, rev: 1, state: name, hits: 0 } });

function hit(id: string, textBytes = 0): Outgoing {
  const capture = {
    at: { file: 'a.ts', line: 1 },
    stack: [],
    scopes: [],
    expressions: [{ expression: 'x', value: 'v'.repeat(textBytes) }],
    pauseMicros: 1,
    cut: [],
    redacted: {},
  };
  return { t: 'hit', body: { id, rev: 1, hit: 1, ts: 0, capture } };
}

const summary = (frames: string[]): string[] =>
  frames.map((frame) => JSON.parse(frame) as { t: string; n: number; id: string }).map(({ t, n, id }) => `${n} ${t} ${id}`);

test('frames are numbered in the order in which they leave, and stay until they are acknowledged', () => {
  const queue = new Queue(createGauges());
  queue.add(state('a'));
  queue.add(hit('a'));
  expect(summary(queue.takeUnsent())).toEqual(['1 state a', '2 hit a']);
  expect(queue.takeUnsent()).toEqual([]);
  queue.add(hit('b'));
  expect(summary(queue.unacknowledged())).toEqual(['1 state a', '2 hit a']);
  queue.acknowledge(1);
  expect(summary(queue.unacknowledged())).toEqual(['2 hit a']);
  expect(summary(queue.takeUnsent())).toEqual(['3 hit b']);
});

test('a bridge that acknowledges what was never sent changes nothing', () => {
  const queue = new Queue(createGauges());
  queue.add(hit('a'));
  queue.takeUnsent();
  queue.acknowledge(99);
  expect(queue.length).toBe(1);
});

test('at most 256 frames are held: more hits are dropped and counted, a state takes the place of the newest hit', () => {
  const queue = new Queue(createGauges());
  for (let index = 0; index < limits.maxUnackedFrames; index += 1) expect(queue.add(hit(`h${index}`))).toBe(true);
  expect(queue.add(hit('late'))).toBe(false);
  expect([queue.length, queue.dropped]).toEqual([256, 1]);
  expect(queue.add(state('end', 'removed'))).toBe(true);
  expect([queue.length, queue.dropped]).toEqual([256, 2]);
  const sent = summary(queue.takeUnsent());
  expect([sent[0], sent[254], sent[255]]).toEqual(['1 hit h0', '255 hit h254', '256 state end']);
});

test('when only sent frames and states are held, a state takes the place of the oldest hit, then of the oldest state', () => {
  const queue = new Queue(createGauges());
  queue.add(state('first'));
  queue.add(hit('sent'));
  for (let index = 2; index < limits.maxUnackedFrames; index += 1) queue.add(state(`s${index}`));
  queue.takeUnsent();
  queue.add(state('x'));
  queue.add(state('y'));
  const held = summary(queue.unacknowledged());
  expect(held).not.toContain('2 hit sent');
  expect(held).not.toContain('1 state first');
  expect(summary(queue.takeUnsent())).toEqual(['257 state x', '258 state y']);
});

test('at most 4 MiB are held, and no frame is larger than a hit may be', () => {
  const gauges = createGauges();
  const queue = new Queue(gauges);
  expect(queue.add(hit('too-large', limits.maxHitBytes))).toBe(false);
  let taken = 0;
  while (queue.add(hit('large', 200_000))) taken += 1;
  expect(taken).toBe(Math.floor(maxQueuedBytes / 200_200));
  expect(Atomics.load(gauges, gauge.heldBytes)).toBeLessThanOrEqual(maxQueuedBytes);
  queue.takeUnsent();
  queue.acknowledge(queue.lastN);
  expect([Atomics.load(gauges, gauge.held), Atomics.load(gauges, gauge.heldBytes)]).toEqual([0, 0]);
});

test('a new queue over the same gauges goes on with the numbers of the one before', () => {
  const gauges = createGauges();
  const before = new Queue(gauges);
  before.add(hit('a'));
  before.takeUnsent();
  const after = new Queue(gauges);
  after.add(hit('b'));
  expect(summary(after.takeUnsent())).toEqual(['2 hit b']);
});

test('after a welcome, news of actions that are not wanted is forgotten, but neither their hits nor that they ended', () => {
  const queue = new Queue(createGauges());
  for (const frame of [state('kept'), state('gone'), hit('gone'), state('gone', 'expired')]) queue.add(frame);
  queue.keepOnly(new Set(['kept']));
  expect(summary(queue.takeUnsent())).toEqual(['1 state kept', '2 hit gone', '3 state gone']);
});

test('the wait doubles from half a second to half a minute, and is five minutes after a refusal', () => {
  expect([0, 1, 2, 5, 6, 50].map((attempt) => waitMs(attempt, false, 0.5))).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000]);
  expect(waitMs(0, true, 0.5)).toBe(300_000);
  expect([waitMs(0, false, 0), waitMs(0, false, 1)]).toEqual([375, 625]);
});

test('every status of a failed upgrade is explained, and only those that will not change soon wait long', () => {
  for (const status of [200, 301, 400, 401, 403, 404, 426, 429, 500, 502, 503]) {
    const { message, refused } = explainStatus(status, 'ws://bridge/agent');
    expect(message.length).toBeGreaterThan(20);
    expect(refused).toBe([401, 403, 426].includes(status));
  }
});
