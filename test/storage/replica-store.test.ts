import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { engines, type World } from './engines.ts';
import { action, agent, replica, t0, target, wide } from './fixtures.ts';

describe.each(engines)('replicas over $engine', ({ open }) => {
  let world: World;
  let stores: Stores;
  beforeAll(async () => {
    world = await open();
    stores = openStores(world.db);
  });
  afterAll(() => world.close());

  const self = (id: string, policyHash = 'p') => ({ id, host: 'h', version: '1', startedAt: t0, policyHash });

  it('know those that are alive, by the clock of the database, and what each decides by', async () => {
    const before = Date.now();
    const { now, others } = await stores.replicas.renew(self('rep_a'), 60_000);
    expect(now).toBeGreaterThanOrEqual(before - 60_000);
    expect(others).toEqual([]);
    expect((await stores.replicas.renew(self('rep_b', 'q'), 60_000)).others).toEqual([self('rep_a')]);
    expect((await stores.replicas.renew(self('rep_a'), 60_000)).others).toEqual([self('rep_b', 'q')]);
    await stores.replicas.leave('rep_b');
    expect((await stores.replicas.renew(self('rep_a'), 60_000)).others).toEqual([]);
    await stores.replicas.renew(self('rep_c'), -1);
    expect((await stores.replicas.renew(self('rep_a'), 60_000)).others).toEqual([]);
    await stores.replicas.leave('rep_a');
  });

  it('tell of their settings as far as they do: a bridge of before does not', async () => {
    const told = { ...self('rep_told'), busHash: 'b', publicUrlHash: 'u' };
    await stores.replicas.renew(told, 60_000);
    expect((await stores.replicas.renew(self('rep_before'), 60_000)).others).toEqual([told]);
    expect((await stores.replicas.renew(told, 60_000)).others).toEqual([self('rep_before')]);
    for (const id of ['rep_told', 'rep_before']) await stores.replicas.leave(id);
  });

  it('have an agent each time it says hello, under a higher epoch, and the one before hears of it', async () => {
    const [one, two] = [await replica(stores, 'rep_1'), await replica(stores, 'rep_2')];
    const org = 'moves';
    expect(await stores.agents.connected(agent('a', { org }), one.id)).toEqual({ epoch: 1 });
    expect(await stores.agents.connected(agent('a', { org }), two.id)).toEqual({ epoch: 2, from: 'rep_1' });
    expect(await stores.agents.whereIs(org, 'a')).toBe('rep_2');
    // The end of the older connection is no end of the newer one.
    await stores.agents.disconnected(org, 'a', { replica: 'rep_1', epoch: 1 }, t0);
    expect(await stores.agents.whereIs(org, 'a')).toBe('rep_2');
    expect(await stores.agents.stands(org, 'a', { replica: 'rep_1', epoch: 1 })).toBe('moved');
    expect(await stores.agents.stands(org, 'a', { replica: 'rep_2', epoch: 2 })).toBe('stands');
    expect(await stores.agents.stands(org, 'a', { replica: 'rep_2', epoch: 3 })).toBe('unknown');
    expect(await stores.agents.connectedTo('rep_2')).toEqual([{ org, id: 'a', epoch: 2 }]);
    await stores.agents.disconnected(org, 'a', { replica: 'rep_2', epoch: 2 }, t0);
    expect(await stores.agents.whereIs(org, 'a')).toBeUndefined();
  });

  it('tell what is connected elsewhere, by service and by id', async () => {
    const [one, two] = [await replica(stores, 'rep_1'), await replica(stores, 'rep_2')];
    const org = 'elsewhere';
    await one.connect(agent('a', { org, service: 'shop' }));
    await two.connect(agent('b', { org, service: 'shop' }));
    await two.connect(agent('c', { org, service: 'stock' }));
    const ids = async (...asked: Parameters<Stores['agents']['elsewhere']>) =>
      (await stores.agents.elsewhere(...asked)).map(({ agent, replica }) => `${agent.id}@${replica}`).sort();
    expect(await ids(org, 'rep_1')).toEqual(['b@rep_2', 'c@rep_2']);
    expect(await ids(org, 'rep_1', { service: 'shop' })).toEqual(['b@rep_2']);
    expect(await ids(org, 'rep_1', { agentIds: ['c', 'a'] })).toEqual(['c@rep_2']);
    expect(await ids(org, 'rep_2')).toEqual(['a@rep_1']);
    expect(await ids('theirs', 'rep_1')).toEqual([]);
  });

  it('that died take their agents with them at the end of their lease', async () => {
    const org = 'dead';
    const dying = await replica(stores, 'rep_dying');
    await dying.connect(agent('a', { org }));
    await stores.replicas.renew(self('rep_dying'), -1);
    expect(await stores.agents.whereIs(org, 'a')).toBeUndefined();
    expect(await stores.agents.find(org, 'a')).toMatchObject({ connected: false });
    const [seen] = await stores.agents.list(org, t0 + 1);
    expect(seen?.lastSeenAt).toBeGreaterThan(t0);
    await stores.replicas.bury(0);
    // Written down now: also when the replica comes back the agent has to say that it is still there.
    await stores.replicas.renew(self('rep_dying'), 60_000);
    expect(await stores.agents.whereIs(org, 'a')).toBeUndefined();
    expect(await stores.agents.stands(org, 'a', { replica: 'rep_dying', epoch: 1 })).toBe('stands');
    expect(await stores.agents.whereIs(org, 'a')).toBe('rep_dying');
  });

  it('pass a question on and take its answer once', async () => {
    await stores.replicas.ask('ask_1', 'where?');
    expect(await stores.replicas.questionOf('ask_1')).toBe('where?');
    expect(await stores.replicas.take('ask_1')).toBeUndefined();
    await stores.replicas.answer('ask_1', 'there');
    expect(await stores.replicas.questionOf('ask_1')).toBeUndefined();
    expect(await stores.replicas.take('ask_1')).toBe('there');
    expect(await stores.replicas.take('ask_1')).toBeUndefined();
  });

  it('listen for an action once each, and everything that becomes of it tells who listens', async () => {
    const org = 'listen';
    const one = action({ org, targets: [target('a')], listeners: ['rep_1'] });
    await stores.actions.place(one, wide);
    for (const id of ['rep_2', 'rep_1', 'rep_2']) await stores.actions.listen(org, one.id, id);
    expect((await stores.actions.get(org, one.id))?.listeners).toEqual(['rep_1', 'rep_2']);
    expect(await stores.actions.setTarget(org, one.id, { agentId: 'a', state: 'armed' })).toEqual({
      listeners: ['rep_1', 'rep_2'],
    });
    expect(await stores.actions.setTarget(org, one.id, { agentId: 'nobody', state: 'armed' })).toEqual({ listeners: [] });
    expect((await stores.actions.finish(org, one.id, 'cancelled', 'enough', t0))?.listeners).toEqual(['rep_1', 'rep_2']);
  });

  it('find the probes that an end has not reached on their own agents', async () => {
    const [one, two] = [await replica(stores, 'rep_1'), await replica(stores, 'rep_2')];
    const org = 'left-behind';
    await one.connect(agent('a', { org }));
    await two.connect(agent('b', { org }));
    const placed = action({ org, targets: [target('a'), target('b'), target('away')] });
    await stores.actions.place(placed, wide);
    for (const agentId of ['a', 'b', 'away']) await stores.actions.setTarget(org, placed.id, { agentId, state: 'armed' });
    expect(await stores.actions.placedSince(t0)).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ id: placed.id })]),
    );
    expect(await stores.actions.placedSince(t0 + 1)).toEqual([]);
    const left = async (id: string, from = 0, to = t0 + 11, now = t0 + 20) =>
      (await stores.actions.leftBehind(id, from, to, now)).map(({ agentId }) => agentId);
    expect(await left('rep_1')).toEqual([]);
    await stores.actions.finish(org, placed.id, 'cancelled', 'enough', t0 + 10);
    expect([await left('rep_1'), await left('rep_2'), await left('rep_1', t0 + 11)]).toEqual([['a'], ['b'], []]);
    // A moment ago, and by a clock that is ahead.
    expect([await left('rep_1', 0, t0 + 5), await left('rep_1', 0, t0 + 5, t0 + 9)]).toEqual([[], ['a']]);
    await stores.actions.setTarget(org, placed.id, { agentId: 'a', state: 'removed' });
    expect(await left('rep_1')).toEqual([]);
  });
});
