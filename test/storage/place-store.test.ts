import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { engines, type World } from './engines.ts';
import { action, t0, target, wide } from './fixtures.ts';

describe.each(engines)('places on agents over $engine', ({ open }) => {
  let world: World;
  let stores: Stores;
  let other: Stores;
  beforeAll(async () => {
    world = await open();
    stores = openStores(world.db);
    other = openStores(world.second);
  });
  afterAll(() => world.close());

  const armed = { agentId: 'agent-1', state: 'armed' } as const;
  const stateOf = async (org: string, id: string) => (await stores.actions.get(org, id))?.targets[0]?.state;

  /** An action of which this agent was silent, and another one that may have its place. */
  async function givenUp(org: string, changes: Parameters<typeof action>[0] = {}) {
    const silent = action({ org, listeners: ['rep_a'], ...changes });
    await stores.actions.place(silent, { ...wide, concurrentPerAgent: 1 });
    await stores.actions.giveUp(org, silent.id, { agentId: 'agent-1', state: 'failed', code: 'internal', message: 'No answer.' });
    return silent;
  }

  it('are kept by what an agent goes on saying, however full it is', async () => {
    const org = 'kept';
    const placed = action({ org, listeners: ['rep_a'] });
    await stores.actions.place(placed, wide);
    for (const state of ['armed', 'suspended', 'pending', 'armed'] as const) {
      expect(await stores.places.report(org, placed.id, { ...armed, state }, 1, t0)).toEqual({
        listeners: ['rep_a'],
        isFull: false,
      });
      expect(await stateOf(org, placed.id)).toBe(state);
    }
  });

  it('are had again by who was given up and comes late, while there is one', async () => {
    const org = 'late';
    const silent = await givenUp(org);
    expect(await stores.places.report(org, silent.id, armed, 1, t0)).toEqual({ listeners: ['rep_a'], isFull: false });
    expect(await stateOf(org, silent.id)).toBe('armed');
  });

  it('are not had again once another action has the last one', async () => {
    const org = 'full';
    const silent = await givenUp(org);
    const next = action({ org });
    expect(await stores.actions.place(next, { ...wide, concurrentPerAgent: 1 })).toMatchObject({ ok: true });
    expect(await stores.places.report(org, silent.id, armed, 1, t0)).toEqual({ listeners: [], isFull: true });
    expect((await stores.actions.get(org, silent.id))?.targets).toMatchObject([{ state: 'failed', message: 'No answer.' }]);
    await stores.actions.finish(org, next.id, 'cancelled', 'enough', t0);
    expect(await stores.places.report(org, silent.id, armed, 1, t0)).toMatchObject({ isFull: false });
  });

  it('are not asked for by an older word that comes behind the newest, however full the agent is', async () => {
    const org = 'old-word';
    const placed = action({ org, listeners: ['rep_a'] });
    await stores.actions.place(placed, wide);
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'removed', saidIn: 9 });
    for (const perAgent of [0, 5]) {
      expect(await stores.places.report(org, placed.id, { ...armed, saidIn: 8 }, perAgent, t0)).toEqual({
        listeners: [],
        isFull: false,
      });
      expect(await stateOf(org, placed.id)).toBe('removed');
    }
  });

  it('are not asked for by what has ended, so that its last words count', async () => {
    const org = 'ended';
    const silent = await givenUp(org, { maxHits: 3 });
    await stores.actions.place(action({ org }), { ...wide, concurrentPerAgent: 1 });
    await stores.actions.finish(org, silent.id, 'cancelled', 'enough', t0);
    expect(await stores.places.report(org, silent.id, { ...armed, taken: 2 }, 1, t0)).toEqual({
      listeners: ['rep_a'],
      isFull: false,
    });
    expect((await stores.actions.get(org, silent.id))?.targets).toMatchObject([{ state: 'armed', taken: 2 }]);
  });

  it('are nobody’s where there is no such target', async () => {
    expect(await stores.places.report('nobody', 'act_none', armed, 1, t0)).toEqual({ listeners: [], isFull: false });
  });

  it('are never more than allowed, when many come back and others are placed at the same moment by two bridges', async () => {
    const org = 'race';
    const late = Array.from({ length: 6 }, () => action({ org }));
    for (const one of late) await stores.actions.place(one, wide);
    for (const { id } of late)
      await stores.actions.giveUp(org, id, { agentId: 'agent-1', state: 'failed', code: 'internal', message: 'No answer.' });
    const fresh = Array.from({ length: 6 }, () => action({ org, targets: [target()] }));
    await Promise.all([
      ...late.map(({ id }, turn) => (turn % 2 === 0 ? stores : other).places.report(org, id, armed, 4, t0)),
      ...fresh.map((one, turn) => (turn % 2 === 0 ? other : stores).actions.place(one, { ...wide, concurrentPerAgent: 4 })),
    ]);
    expect((await stores.actions.usage(org, 'key:a', t0)).agents.get('agent-1')).toBe(4);
  });
});
