import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActionRecord, ActionStatus } from '../../src/actions/action.ts';
import type { IncomingHit } from '../../src/hits/hit.ts';
import { placeAction } from '../../src/storage/place-action.ts';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { engines, type World } from './engines.ts';
import { action, hit, t0, target, wide } from './fixtures.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

describe.each(engines)('hits that come after the end of their action, over $engine', ({ open }) => {
  let world: World;
  let stores: Stores;
  let other: Stores;
  beforeAll(async () => {
    world = await open();
    stores = openStores(world.db);
    other = openStores(world.second);
  }, 60_000);
  afterAll(() => world.close());

  /** Placed at `t0`, and ended a minute after. */
  const over = async (
    changes: Partial<ActionRecord> = {},
    status: Exclude<ActionStatus, 'pending'> = 'expired',
    quota = wide,
    endedAt = t0 + minuteMs,
  ) => {
    const one = action({ maxHits: 3, ...changes });
    expect(await stores.actions.place(one, quota)).toMatchObject({ ok: true });
    // One fails where all its agents did.
    if (status === 'failed')
      for (const { agentId } of one.targets) await stores.actions.setTarget(one.org, one.id, { agentId, state: 'failed' });
    expect(await stores.actions.finish(one.org, one.id, status, 'over', endedAt)).toBeDefined();
    return one;
  };
  /** Taken half a minute before the end, come half a minute after it. */
  const late = (of: ActionRecord, number: number, changes: Partial<IncomingHit> = {}) =>
    hit(of, number, { isAsked: false, takenAt: t0 + minuteMs / 2, receivedAt: t0 + 1.5 * minuteMs, ...changes });
  const outcome = async (incoming: IncomingHit, by = stores) => (await by.hits.append(incoming)).outcome;
  const stored = async ({ org, id }: ActionRecord) => (await stores.hits.page(org, id, 0, 50)).map(({ number }) => number);

  it('are stored once and counted, and the action stays as it ended', async () => {
    const one = await over({ listeners: ['rep_1'] });
    expect(await stores.hits.append(late(one, 1))).toEqual({ outcome: 'stored', number: 1, listeners: ['rep_1'] });
    expect(await outcome(late(one, 1), other)).toBe('duplicate');
    expect(await outcome(late(one, 2, { isAsked: true }), other)).toBe('stored');
    expect(await stored(one)).toEqual([1, 2]);
    const same = { status: 'expired', statusReason: 'over', endedAt: t0 + minuteMs, hits: 2, targets: [{ hits: 2 }] };
    expect(await stores.actions.get(one.org, one.id)).toMatchObject(same);
  });

  it('never pass the limit of the action, from two bridges with many agents at once', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `agent-${index}`);
    const one = await over({ maxHits: 5, targets: ids.map((id) => target(id)) });
    const outcomes = await Promise.all(
      ids.flatMap((agentId, index) =>
        [1, 2, 2].map((number) => outcome(late(one, number, { agentId }), index % 2 === 0 ? stores : other)),
      ),
    );
    expect(outcomes.filter((told) => told === 'stored')).toHaveLength(5);
    expect(await stored(one)).toEqual([1, 2, 3, 4, 5]);
    expect(await stores.actions.get(one.org, one.id)).toMatchObject({ status: 'expired', hits: 5 });
  });

  it('never pass what one agent may give, and an agent was never asked for a higher number', async () => {
    const one = await over({ maxHits: 9, maxHitsPerAgent: 2 });
    expect([await outcome(late(one, 1)), await outcome(late(one, 3)), await outcome(late(one, 2))]).toEqual([
      'stored',
      'ended',
      'stored',
    ]);
    expect(await outcome(late(one, 1, { agentId: 'agent-2' }))).toBe('unknown');
    expect(await stored(one)).toEqual([1, 2]);
  });

  it('are taken of those that others completed while one was away', async () => {
    const one = await over({ maxHits: 4, maxHitsPerAgent: 2, targets: [target('agent-1'), target('agent-2')] }, 'completed');
    expect(await outcome(late(one, 1, { agentId: 'agent-2' }))).toBe('stored');
    expect(await stores.actions.get(one.org, one.id)).toMatchObject({ status: 'completed', hits: 1 });
  });

  it.each(['cancelled', 'failed'] as const)('are not wanted where it was %s', async (status) => {
    const one = await over({}, status);
    expect([await outcome(late(one, 1)), await outcome(late(one, 1, { isAsked: true }))]).toEqual(['ended', 'ended']);
    expect(await stored(one)).toEqual([]);
  });

  it('are not taken of an agent that was no target, of another organisation, or of nothing that is there', async () => {
    const one = await over();
    expect(await outcome(late(one, 1, { agentId: 'agent-2' }))).toBe('unknown');
    expect(await outcome(late(one, 1, { org: 'theirs' }))).toBe('unknown');
    expect(await outcome(late({ ...one, id: 'act_none' }, 1))).toBe('unknown');
    expect(await stored(one)).toEqual([]);
  });

  it('are taken of an action that is alive, too, of a target that took them before it lost its place', async () => {
    const one = action({ maxHits: 3, maxHitsPerAgent: 2 });
    await stores.actions.place(one, wide);
    const told = [
      await outcome(late(one, 1, { agentId: 'agent-2' })),
      await outcome(late(one, 3)),
      await outcome(late(one, 1, { takenAt: t0 - 6_000 })),
      await outcome(late(one, 1)),
      await outcome(late(one, 1)),
    ];
    expect(told).toEqual(['unasked', 'unasked', 'unasked', 'stored', 'duplicate']);
    expect(await stored(one)).toEqual([1]);
    expect(await stores.actions.get(one.org, one.id)).toMatchObject({ status: 'pending', hits: 1 });
  });

  it('were taken while it lived, by the clock of the bridge, and come within five minutes', async () => {
    const one = await over({ maxHits: 9 });
    const end = t0 + minuteMs;
    const tries: [takenAt: number, receivedAt: number, told: string][] = [
      [t0 - 6_000, end + 1, 'ended'],
      [t0, end + 1, 'stored'],
      [end, end + 5 * minuteMs, 'stored'],
      [end, end + 5 * minuteMs + 1, 'ended'],
      [end + 6_000, end + 7_000, 'ended'],
    ];
    const told: string[] = [];
    for (const [index, [takenAt, receivedAt]] of tries.entries())
      told.push(await outcome(late(one, index + 1, { takenAt, receivedAt, capturedAt: 0 })));
    expect(told).toEqual(tries.map(([, , wanted]) => wanted));
  });

  it('end with the action where that ended before its time', async () => {
    const one = await over({}, 'completed', wide, t0 + minuteMs / 4);
    expect(await outcome(late(one, 1))).toBe('ended');
    expect(await outcome(late(one, 2, { takenAt: t0 + minuteMs / 4 }))).toBe('stored');
  });

  it('are not taken where nothing records hits', async () => {
    const one = await over({ kind: 'counter', maxHits: 1, expressions: [] });
    expect(await outcome(late(one, 1))).toBe('ended');
    const slow = await over({ kind: 'duration', duration: { span: 'function', thresholdMs: 1 } });
    expect(await outcome(late(slow, 1))).toBe('stored');
  });

  it('are paid for again, and dropped where the hour has nothing left', async () => {
    const org = 'hours';
    const quota = { ...wide, hitsPerHour: 3 };
    const used = async () => (await stores.counters.used(org, 'hits_per_hour', 'key:a', hourMs, t0)).used;
    const one = await over({ org }, 'expired', quota);
    expect(await used()).toBe(0);
    expect(await outcome(late(one, 1))).toBe('stored');
    expect(await used()).toBe(1);
    expect(await stores.actions.place(action({ org, maxHits: 2 }), quota)).toMatchObject({ ok: true });
    expect(await outcome(late(one, 2))).toBe('ended');
    expect([await used(), await stored(one)]).toEqual([3, [1]]);
  });

  it('wait for what is being placed in their investigation, and never pass its hits together with that', async () => {
    const org = 'questions';
    const quota = { ...wide, hitsPerInvestigation: 3 };
    const one = await over({ org, investigation: 'why' }, 'expired', quota);
    expect(await outcome(late(one, 1))).toBe('stored');
    const coming = await world.second.of(org).tx(async (queries) => {
      const placed = await placeAction(queries, action({ org, investigation: 'why', maxHits: 2 }), quota);
      expect(placed).toMatchObject({ ok: true });
      const coming = outcome(late(one, 2));
      // On a server it counts meanwhile, unless it waits; the embedded database has one connection.
      await Promise.race([coming, sleep(300)]);
      return { told: coming };
    });
    expect(await coming.told).toBe('ended');
    expect(await stored(one)).toEqual([1]);
  });
});
