import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorize, type Permit } from '../../src/authorization/authorize.ts';
import { type Charge, charge, hourMs, leftOf } from '../../src/quota/charge.ts';
import type { Counters } from '../../src/quota/counters.ts';
import type { Db } from '../../src/storage/db.ts';
import { openStores } from '../../src/storage/stores.ts';
import { policiesWith, principal, refusalOf } from '../authorization/world.ts';
import { createTestClock } from '../helpers/clock.ts';
import { openEmptyStore } from '../helpers/empty-store.ts';

/** Ten minutes into an hour. */
const start = Date.parse('2026-03-01T12:10:00.000Z');
const quotas = (calls: number) => `
all: { calls_per_hour: ${calls}, hits_per_hour: 40, concurrent_actions_per_principal: 3, concurrent_actions_per_agent: 4,
       concurrent_actions_per_org: 5, concurrent_calls: 2, queued_calls: 1 }
roles: { company_admin: { calls_per_hour: ${calls * 10} } }
`;

let db: Db;
let counters: Counters;
beforeAll(async () => {
  db = await openEmptyStore(createTestClock(start));
  counters = openStores(db).counters;
}, 60_000);
afterAll(() => db.close());

async function permitFor(subject: string, calls: number, role: 'developer' | 'company_admin' = 'developer'): Promise<Permit> {
  return authorize(await policiesWith({ 'quotas.yaml': quotas(calls) }), principal({ subject, role }), 'take_snapshot');
}

describe('a charge', () => {
  it('counts one call and says what is left and when it renews', async () => {
    const permit = await permitFor('key:one', 3);
    const paid = await charge(counters, createTestClock(start), permit);
    expect(paid.permit).toBe(permit);
    expect(paid.calls).toEqual({ quota: 'calls_per_hour', used: 1, limit: 3, left: 2, renewsAt: '2026-03-01T13:00:00.000Z' });
  });

  it('carries the ceilings of placing an action', async () => {
    const paid = await charge(counters, createTestClock(start), await permitFor('key:placing', 3));
    expect(paid.placement).toEqual({
      ...{ hitsPerHour: 40, hitsPerInvestigation: 250 },
      ...{ concurrentPerPrincipal: 3, concurrentPerInvestigation: 8, concurrentPerAgent: 4, concurrentPerOrg: 5 },
    });
  });

  it('has a type that fits nothing charge() did not make', async () => {
    const { permit, calls, placement } = await charge(counters, createTestClock(start), await permitFor('key:type', 3));
    // @ts-expect-error every public part is there, but not the private one: `npm run types` fails if this ever compiles
    const forged: Charge = { permit, calls, placement };
    expect(forged.permit).toBe(permit);
  });

  it('is refused when the quota is spent, and given again in the next hour', async () => {
    const clock = createTestClock(start);
    const permit = await permitFor('key:spent', 2);
    for (let call = 0; call < 2; call += 1) await charge(counters, clock, permit);
    const refusal = await refusalOf(() => charge(counters, clock, permit));
    expect(refusal.details).toEqual({
      code: 'quota_exceeded',
      message: 'The quota calls_per_hour is spent: 2 of 2 used, 0 left.',
      next: 'It renews at 2026-03-01T13:00:00.000Z, in 50 minutes.',
      data: { quota: 'calls_per_hour', used: 2, limit: 2, left: 0, renewsAt: '2026-03-01T13:00:00.000Z' },
    });
    const nextHour = createTestClock(start + hourMs);
    expect((await charge(counters, nextHour, permit)).calls.used).toBe(1);
  });

  it('is made for exactly as many parallel calls as the quota has', async () => {
    const permit = await permitFor('key:parallel', 10);
    const clock = createTestClock(start);
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => charge(counters, clock, permit)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  });

  it('counts each caller and each organisation by itself, by the quota of its role', async () => {
    const clock = createTestClock(start);
    const permit = await permitFor('key:mine', 1);
    await charge(counters, clock, permit);
    expect((await refusalOf(() => charge(counters, clock, permit))).code).toBe('quota_exceeded');
    expect((await charge(counters, clock, await permitFor('key:theirs', 1))).calls.used).toBe(1);
    expect((await charge(counters, clock, await permitFor('key:admin', 1, 'company_admin'))).calls.limit).toBe(10);
  });

  it('is not made when the counters cannot be reached', async () => {
    const broken: Counters = {
      spend: () => Promise.reject(new Error('connection lost')),
      used: () => Promise.reject(new Error('connection lost')),
    };
    const permit = await permitFor('key:any', 1);
    const refusal = await refusalOf(() => charge(broken, createTestClock(start), permit));
    expect(refusal.code).toBe('unavailable');
    expect(refusal.message).not.toContain('connection lost');
    expect((await refusalOf(() => leftOf(broken, createTestClock(start), permit))).code).toBe('unavailable');
  });
});

describe('what is left', () => {
  it('is told without using any up', async () => {
    const clock = createTestClock(start);
    const permit = await permitFor('key:asking', 3);
    await charge(counters, clock, permit);
    const renewsAt = '2026-03-01T13:00:00.000Z';
    for (let asked = 0; asked < 2; asked += 1) {
      expect(await leftOf(counters, clock, permit)).toEqual([
        { quota: 'calls_per_hour', used: 1, limit: 3, left: 2, renewsAt },
        { quota: 'hits_per_hour', used: 0, limit: 40, left: 40, renewsAt },
      ]);
    }
  });
});
