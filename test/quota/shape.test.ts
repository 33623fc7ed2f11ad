import { describe, expect, it, vi } from 'vitest';
import { authorize } from '../../src/authorization/authorize.ts';
import { systemClock } from '../../src/lib/clock.ts';
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

async function chargeFor(subject: string, concurrent: number, queued: number, org = 'default'): Promise<Charge> {
  const text = `
all: { calls_per_hour: 100, hits_per_hour: 40, concurrent_actions_per_principal: 3, concurrent_actions_per_agent: 4,
       concurrent_actions_per_org: 5, concurrent_calls: ${concurrent}, queued_calls: ${queued} }
roles: {}
`;
  const permit = authorize(await policiesWith({ 'quotas.yaml': text }), principal({ subject, org }), 'take_snapshot');
  return charge(free, systemClock, permit);
}

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
    const calls = Array.from({ length: concurrent + 12 }, () => shaper.run(paid, shop.work));
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

    const again = Array.from({ length: concurrent }, () => shaper.run(paid, shop.work));
    await vi.waitFor(() => expect(shop.running).toBe(concurrent));
    for (const _call of again) shop.endOne();
    await Promise.all(again);
  });

  it('are refused as too busy beyond those that may wait, and work that was refused never starts', async () => {
    const shaper = createShaper(systemClock);
    const paid = await chargeFor('key:a', 2, 1);
    const shop = workshop();
    const kept = [1, 2, 3].map(() => shaper.run(paid, shop.work));
    await vi.waitFor(() => expect(shop.running).toBe(2));
    const refusal = await refusalOf(() => shaper.run(paid, shop.work));
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
    const running = shaper.run(busy, shop.work);
    await vi.waitFor(() => expect(shop.running).toBe(1));
    expect((await refusalOf(() => shaper.run(busy, shop.work))).code).toBe('too_busy');
    expect(await shaper.run(await chargeFor('key:b', 1, 0), async () => 'other caller')).toBe('other caller');
    expect(await shaper.run(await chargeFor('key:a', 1, 0, 'elsewhere'), async () => 'other organisation')).toBe(
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
    const running = shaper.run(paid, shop.work);
    await vi.waitFor(() => expect(shop.running).toBe(1));
    const waiting = refusalOf(() => shaper.run(paid, shop.work));
    clock.advance(30_000);
    expect((await waiting).code).toBe('too_busy');
    shop.endOne();
    await running;
    expect(await shaper.run(paid, async () => 'next')).toBe('next');
    expect(shop.started).toBe(1);
  });

  it('free their place when they fail, and fail with their own error', async () => {
    const shaper = createShaper(systemClock);
    for (const concurrent of [1, 2]) {
      const paid = await chargeFor('key:a', concurrent, 0);
      for (let call = 0; call < 3; call += 1) {
        await expect(shaper.run(paid, () => Promise.reject(new Error('its own')))).rejects.toThrow('its own');
      }
      expect(await shaper.run(paid, async () => 'runs')).toBe('runs');
    }
  });
});
