import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/lib/log.ts';
import { settingsTold } from '../../src/replicas/alike.ts';
import { join } from '../../src/replicas/membership.ts';
import type { Replica, ReplicaStore } from '../../src/replicas/replica-store.ts';
import { createTestClock } from '../helpers/clock.ts';

const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

const ownUrl = new URL('https://bridge.example');

async function member() {
  const clock = createTestClock();
  const there = {
    isAway: false,
    offMs: 0,
    renewed: 0,
    left: 0,
    regained: 0,
    others: [] as Replica[],
    answering: Promise.resolve(),
  };
  const store = {
    async renew() {
      if (there.isAway) throw new Error('away');
      there.renewed += 1;
      const { others } = there;
      await there.answering;
      return { now: clock.now() - there.offMs, agents: 0, others };
    },
    async leave() {
      there.left += 1;
    },
    bury: async () => undefined,
  } as unknown as ReplicaStore;
  const warned: { msg: string; replicas?: { id: string; host: string }[] }[] = [];
  const membership = await join({
    ...{ store, clock, log: createLog('warn', { write: (line) => void warned.push(JSON.parse(line)) }), policyHash: () => 'p' },
    self: { ...{ id: 'rep_a', host: 'h', version: '1', startedAt: 0 }, ...settingsTold(undefined, ownUrl) },
    renewed: (wasLost) => {
      if (wasLost) there.regained += 1;
    },
  });
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      clock.advance(1_000);
      await settle();
    }
  };
  return { membership, there, pass, warned };
}

describe('the lease of a replica', () => {
  it('is held as long as it is renewed, ends by itself, and says so when it is got back', async () => {
    const { membership, there, pass } = await member();
    await pass(60_000);
    expect(membership.isHeld()).toBe(true);
    expect(there.renewed).toBeGreaterThan(10);
    there.isAway = true;
    await pass(10_000);
    expect(membership.isHeld()).toBe(true);
    await pass(8_000);
    expect(membership.isHeld()).toBe(false);
    expect(there.regained).toBe(0);
    there.isAway = false;
    await pass(6_000);
    expect([membership.isHeld(), there.regained]).toEqual([true, 1]);
  });

  it('is given back once, and not renewed any more', async () => {
    const { membership, there, pass } = await member();
    await membership.leave();
    const { renewed } = there;
    await pass(30_000);
    expect([there.left, there.renewed]).toEqual([1, renewed]);
  });

  it('knows the others as of its last renewal, and one that has just said hello', async () => {
    const { membership, there, pass } = await member();
    membership.met('rep_b');
    membership.met('rep_b');
    expect(membership.others().map(({ id }) => id)).toEqual(['rep_b']);
    there.others = [{ id: 'rep_c', host: 'h', version: '1', startedAt: 0, policyHash: 'p' }];
    await pass(5_000);
    expect(membership.others().map(({ id }) => id)).toEqual(['rep_c']);
  });

  it('knows one that says hello while a renewal is under way that was asked before', async () => {
    const { membership, there, pass } = await member();
    let answer = () => {};
    there.answering = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await pass(5_000);
    membership.met('rep_b');
    answer();
    await pass(1_000);
    expect(membership.others().map(({ id }) => id)).toEqual(['rep_b']);
    await pass(10_000);
    expect(membership.others(), 'until the next, which it is not in').toEqual([]);
  });

  it('tells when the clock of this machine is not that of the database', async () => {
    const { membership, there, pass } = await member();
    expect(membership.isOnTime()).toBe(true);
    there.offMs = 6_000;
    await pass(5_000);
    expect(membership.isOnTime()).toBe(false);
    there.offMs = -4_000;
    await pass(5_000);
    expect(membership.isOnTime()).toBe(true);
  });
});

describe('replicas that are not alike', () => {
  const other = (id: string, told: Partial<Replica>): Replica => ({
    ...{ id, host: `host of ${id}`, version: '1', startedAt: 0, policyHash: 'p', ...settingsTold(undefined, ownUrl) },
    ...told,
  });

  it('are warned of once, each by what differs', async () => {
    const { there, pass, warned } = await member();
    there.others = [
      other('rep_b', { policyHash: 'q' }),
      other('rep_c', settingsTold('redis://:one@bus', ownUrl)),
      other('rep_d', settingsTold(undefined, new URL('https://other.example'))),
      other('rep_e', {}),
    ];
    await pass(20_000);
    there.others.reverse();
    await pass(20_000);
    const of = (id: string) => [{ id, host: `host of ${id}` }];
    expect(warned).toMatchObject([
      { replicas: of('rep_b'), msg: expect.stringContaining('policies') },
      { replicas: of('rep_c'), msg: expect.stringContaining('--bus-url') },
      { replicas: of('rep_d'), msg: expect.stringContaining('--public-url') },
    ]);
    there.others = [other('rep_f', settingsTold('redis://bus', undefined))];
    await pass(5_000);
    expect(warned.slice(3)).toMatchObject([
      { replicas: of('rep_f'), msg: expect.stringContaining('--bus-url') },
      { replicas: of('rep_f'), msg: expect.stringContaining('--public-url') },
    ]);
  });

  it('are nothing to warn of where one does not tell, as versions of before, or has only just said hello', async () => {
    const { membership, there, pass, warned } = await member();
    there.others = [{ id: 'rep_b', host: 'h', version: '0', startedAt: 0, policyHash: 'p' }];
    let answer = () => {};
    there.answering = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await pass(5_000);
    membership.met('rep_c');
    answer();
    await pass(10_000);
    expect(warned).toEqual([]);
  });

  it('are alike on one bus, whatever password each has for it', () => {
    const { busHash } = settingsTold('redis://one:first@bus', undefined);
    expect(settingsTold('rediss://two:second@bus:6379/3', undefined).busHash).toBe(busHash);
    expect(settingsTold('redis://bus:6380', undefined).busHash).not.toBe(busHash);
    expect(settingsTold(undefined, undefined).busHash).not.toBe(busHash);
  });
});
