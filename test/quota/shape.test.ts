import { setMaxListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { authorize } from '../../src/authorization/authorize.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Refusal } from '../../src/lib/refusal.ts';
import { type Charge, charge } from '../../src/quota/charge.ts';
import type { Counters } from '../../src/quota/counters.ts';
import { createShaper } from '../../src/quota/shape.ts';
import { policiesWith, principal, refusalOf } from '../authorization/world.ts';
import { createTestClock } from '../helpers/clock.ts';

/** Counters that never refuse: these tests are about what runs at once. */
const free: Counters = {
  spend: async ({ limit }) => ({ ok: true, used: 1, limit, renewsAt: 0 }),
  used: async () => ({ used: 0, renewsAt: 0 }),
};

/** A caller that stays. */
const here = new AbortController().signal;
setMaxListeners(0, here);

async function chargeFor(
  subject: string,
  concurrent: number,
  queued: number,
  org = 'default',
  tool = 'take_snapshot',
): Promise<Charge> {
  const text = `
all: { calls_per_hour: 100, hits_per_hour: 40, concurrent_actions_per_principal: 3, concurrent_actions_per_agent: 4,
       concurrent_actions_per_org: 5, concurrent_calls: ${concurrent}, queued_calls: ${queued} }
roles: {}
`;
  const permit = authorize(await policiesWith({ 'quotas.yaml': text }), principal({ subject, org }), tool);
  return charge(free, systemClock, permit);
}

it('calls of one caller all get their turn where its limits change while they wait', async () => {
  const shop = workshop();
  const shaper = createShaper(systemClock);
  const [before, after] = [await chargeFor('key:a', 1, 5), await chargeFor('key:a', 1, 6)];
  const calls = [shaper.run(before, here, shop.work), shaper.run(before, here, shop.work)];
  // Each line looks for a place when its head has come to the front.
  await new Promise((resolve) => setTimeout(resolve, 100));
  calls.push(shaper.run(after, here, shop.work));
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const started of [2, 3]) {
    shop.endOne();
    await vi.waitFor(() => expect(shop.started).toBe(started));
  }
  shop.endOne();
  await Promise.all(calls);
  expect(shop.most).toBe(1);
});

/** Work that runs until told to end, and how much of it runs at once. */
function workshop() {
  const ends: (() => void)[] = [];
  const shop = {
    running: 0,
    most: 0,
    started: 0,
    work: () => {
      shop.started += 1;
      shop.running += 1;
      shop.most = Math.max(shop.most, shop.running);
      return new Promise<number>((resolve) => {
        const number = shop.started;
        ends.push(() => {
          shop.running -= 1;
          resolve(number);
        });
      });
    },
    endOne: () => ends.shift()?.(),
  };
  return shop;
}

describe('calls of one caller', () => {
  it.each([1, 2, 5])('run at most %i at a time, and all of them in the end', async (concurrent) => {
    const shaper = createShaper(systemClock);
    const paid = await chargeFor('key:a', concurrent, 20);
    const shop = workshop();
    const calls = Array.from({ length: concurrent + 12 }, () => shaper.run(paid, here, shop.work));
    await vi.waitFor(() => expect(shop.running).toBe(concurrent));
    let done = false;
    const all = Promise.all(calls).then((numbers) => {
      done = true;
      return numbers;
    });
    while (!done) {
      shop.endOne();
      await new Promise(setImmediate);
    }
    expect((await all).length).toBe(concurrent + 12);
    expect(shop.most).toBe(concurrent);
    expect(shop.running).toBe(0);

    const again = Array.from({ length: concurrent }, () => shaper.run(paid, here, shop.work));
    await vi.waitFor(() => expect(shop.running).toBe(concurrent));
    for (const _call of again) shop.endOne();
    await Promise.all(again);
  });

  it('are refused as too busy beyond those that may wait, and work that was refused never starts', async () => {
    const shaper = createShaper(systemClock);
    const paid = await chargeFor('key:a', 2, 1);
    const shop = workshop();
    const kept = [1, 2, 3].map(() => shaper.run(paid, here, shop.work));
    await vi.waitFor(() => expect(shop.running).toBe(2));
    const refusal = await refusalOf(() => shaper.run(paid, here, shop.work));
    expect(refusal.code).toBe('too_busy');
    expect(refusal.details.data).toEqual({ concurrentCalls: 2, queuedCalls: 1 });
    shop.endOne();
    shop.endOne();
    await vi.waitFor(() => expect(shop.started).toBe(3));
    shop.endOne();
    expect(await Promise.all(kept)).toEqual([1, 2, 3]);
    expect(shop.started).toBe(3);
  });

  it('leave the calls of others alone, also of the same subject in another organisation', async () => {
    const shaper = createShaper(systemClock);
    const busy = await chargeFor('key:a', 1, 0);
    const shop = workshop();
    const running = shaper.run(busy, here, shop.work);
    await vi.waitFor(() => expect(shop.running).toBe(1));
    expect((await refusalOf(() => shaper.run(busy, here, shop.work))).code).toBe('too_busy');
    expect(await shaper.run(await chargeFor('key:b', 1, 0), here, async () => 'other caller')).toBe('other caller');
    expect(await shaper.run(await chargeFor('key:a', 1, 0, 'elsewhere'), here, async () => 'other organisation')).toBe(
      'other organisation',
    );
    shop.endOne();
    await running;
  });

  it('wait for their turn only so long', async () => {
    const clock = createTestClock(0);
    const shaper = createShaper(clock);
    const paid = await chargeFor('key:a', 1, 5);
    const shop = workshop();
    const running = shaper.run(paid, here, shop.work);
    await vi.waitFor(() => expect(shop.running).toBe(1));
    const waiting = refusalOf(() => shaper.run(paid, here, shop.work));
    clock.advance(30_000);
    expect((await waiting).code).toBe('too_busy');
    shop.endOne();
    await running;
    expect(await shaper.run(paid, here, async () => 'next')).toBe('next');
    expect(shop.started).toBe(1);
  });

  it('free their place when they fail, and fail with their own error', async () => {
    const shaper = createShaper(systemClock);
    for (const concurrent of [1, 2]) {
      const paid = await chargeFor('key:a', concurrent, 0);
      for (let call = 0; call < 3; call += 1) {
        await expect(shaper.run(paid, here, () => Promise.reject(new Error('its own')))).rejects.toThrow('its own');
      }
      expect(await shaper.run(paid, here, async () => 'runs')).toBe('runs');
    }
  });

  it('hear how long they waited for their turn', async () => {
    const clock = createTestClock(0);
    const shaper = createShaper(clock);
    const paid = await chargeFor('key:a', 1, 1);
    const shop = workshop();
    const running = shaper.run(paid, here, shop.work);
    await vi.waitFor(() => expect(shop.running).toBe(1));
    const queued = shaper.run(paid, here, async (queuedMs) => queuedMs);
    clock.advance(7_000);
    shop.endOne();
    expect(await queued).toBe(7_000);
    await running;
    expect(await shaper.run(paid, here, async (queuedMs) => queuedMs)).toBe(0); // the clock stands still
  });

  it('leave the line with their caller: their work never starts, and their place in it is free at once', async () => {
    const shaper = createShaper(systemClock);
    const paid = await chargeFor('key:a', 1, 1);
    const shop = workshop();
    const running = shaper.run(paid, here, shop.work);
    await vi.waitFor(() => expect(shop.running).toBe(1));
    for (let turn = 0; turn < 5; turn += 1) {
      const caller = new AbortController();
      const left = refusalOf(() => shaper.run(paid, caller.signal, shop.work));
      caller.abort();
      expect((await left).code).toBe('cancelled');
    }
    const stays = shaper.run(paid, here, async () => 'its turn came');
    shop.endOne();
    expect(await stays).toBe('its turn came');
    await running;
    expect(shop.started).toBe(1);
  });

  it('are told why by the signal when it knows, and a caller that had left already never starts', async () => {
    const shaper = createShaper(systemClock);
    const paid = await chargeFor('key:a', 1, 1);
    const shop = workshop();
    const closing = AbortSignal.abort(new Refusal({ code: 'unavailable', message: 'The bridge is shutting down.' }));
    expect((await refusalOf(() => shaper.run(paid, closing, shop.work))).code).toBe('unavailable');
    expect((await refusalOf(() => shaper.run(paid, AbortSignal.abort(), shop.work))).code).toBe('cancelled');
    expect(shop.started).toBe(0);
  });

  it.each(['cancel_actions', 'get_status', 'list_actions'])(
    'do not keep %s waiting, but it has places of a number, too',
    async (tool) => {
      const shaper = createShaper(systemClock);
      const waits = await chargeFor('key:a', 1, 1);
      const shop = workshop();
      const full = [shaper.run(waits, here, shop.work), shaper.run(waits, here, shop.work)];
      expect((await refusalOf(() => shaper.run(waits, here, shop.work))).code).toBe('too_busy');
      const prompt = await chargeFor('key:a', 1, 1, 'default', tool);
      expect(await shaper.run(prompt, here, async () => 'at once')).toBe('at once');
      const own = workshop();
      const many = Array.from({ length: 5 }, () => shaper.run(prompt, here, own.work));
      await vi.waitFor(() => expect(own.running).toBe(4));
      expect((await refusalOf(() => shaper.run(prompt, here, own.work))).code).toBe('too_busy');
      for (const shopOf of [own, own, own, own, shop]) shopOf.endOne();
      await vi.waitFor(() => expect(own.started).toBe(5));
      own.endOne();
      await vi.waitFor(() => expect(shop.started).toBe(2));
      shop.endOne();
      await Promise.all([...many, ...full]);
    },
  );
});
