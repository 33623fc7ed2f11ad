import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedOutReason } from '../../src/actions/action.ts';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { engines, type World } from './engines.ts';
import { action, agent, capture, hit, replica, t0, target, wide } from './fixtures.ts';

describe.each(engines)('hits over $engine', ({ open }) => {
  let world: World;
  let stores: Stores;
  let other: Stores;
  beforeAll(async () => {
    world = await open();
    stores = openStores(world.db);
    other = openStores(world.second);
  });
  afterAll(() => world.close());

  const placed = async (changes: Parameters<typeof action>[0]) => {
    const one = action(changes);
    await stores.actions.place(one, wide);
    return one;
  };

  it('are numbered over all agents, counted on the action, and the last one ends it', async () => {
    const one = await placed({ maxHits: 2, targets: [target('agent-1'), target('agent-2')] });
    expect(await stores.hits.append(hit(one, 1))).toEqual({ outcome: 'stored', number: 1, listeners: [] });
    const ended = { status: 'completed', hits: 2, targets: [{ hits: 1 }, { hits: 1 }] };
    expect(await stores.hits.append(hit(one, 1, { agentId: 'agent-2' }))).toMatchObject({ outcome: 'stored', number: 2, ended });
    expect(await stores.actions.get(one.org, one.id)).toMatchObject(ended);
  });

  it('do not end a duration, which goes on measuring, and are no more than it may have', async () => {
    const targets = [target('agent-1'), target('agent-2')];
    const one = await placed({ kind: 'duration', duration: { span: 'function', thresholdMs: 1 }, targets });
    expect(await stores.hits.append(hit(one, 1))).toEqual({ outcome: 'stored', number: 1, listeners: [] });
    expect(await stores.hits.append(hit(one, 2))).toEqual({ outcome: 'beyond' });
    expect(await stores.hits.append(hit(one, 1, { agentId: 'agent-2' }))).toEqual({ outcome: 'beyond' });
    const stored = { status: 'pending', hits: 1, targets: [{ hits: 1 }, { hits: 0 }] };
    expect(await stores.actions.get(one.org, one.id)).toMatchObject(stored);
  });

  it('come back in order and page by page with the capture as it was', async () => {
    const one = await placed({ maxHits: 3 });
    for (const number of [1, 2, 3]) await stores.hits.append(hit(one, number, { capturedAt: t0 + number }));
    const page = await stores.hits.page(one.org, one.id, 1, 1);
    expect(page).toMatchObject([
      { actionId: one.id, number: 2, agentId: 'agent-1', agentName: 'shop@agent-1', capturedAt: t0 + 2, receivedAt: t0 + 9 },
    ]);
    expect(page[0]?.capture.toStored()).toBe(capture.toStored());
    expect((await stores.hits.page(one.org, one.id, 2, 10)).map(({ number }) => number)).toEqual([3]);
  });

  it('are not there for another organisation', async () => {
    const one = await placed({});
    await stores.hits.append(hit(one, 1));
    expect(await stores.hits.page('theirs', one.id, 0, 10)).toEqual([]);
    expect(await stores.hits.append(hit(one, 2, { org: 'theirs' }))).toEqual({ outcome: 'unknown' });
  });

  it('are stored once when an agent sends them again, also after the end', async () => {
    const one = await placed({ maxHits: 2 });
    await stores.hits.append(hit(one, 1));
    expect(await stores.hits.append(hit(one, 1))).toEqual({ outcome: 'duplicate' });
    await stores.actions.finish(one.org, one.id, 'cancelled', 'enough', t0);
    expect(await stores.hits.append(hit(one, 1))).toEqual({ outcome: 'duplicate' });
    expect(await stores.hits.append(hit(one, 2))).toEqual({ outcome: 'ended' });
    expect(await stores.hits.page(one.org, one.id, 0, 10)).toHaveLength(1);
  });

  it('are foreseen to be declined where that is certain, and else not', async () => {
    const one = await placed({ maxHits: 2 });
    expect(await stores.hits.foresee(hit(one, 1))).toBeUndefined();
    expect(await stores.hits.foresee(hit(one, 1, { org: 'theirs' }))).toBe('unknown');
    await stores.hits.append(hit(one, 1));
    expect(await stores.hits.foresee(hit(one, 1))).toBe('duplicate');
    expect(await stores.hits.foresee(hit(one, 1, { agentId: 'agent-2' }))).toBeUndefined();
    await stores.hits.append(hit(one, 2));
    expect(await stores.hits.foresee(hit(one, 3))).toBe('full');
    const span = await placed({ kind: 'duration', duration: { span: 'function', thresholdMs: 1 }, maxHits: 1 });
    await stores.hits.append(hit(span, 1));
    expect(await stores.hits.foresee(hit(span, 2))).toBe('beyond');
    const ended = await placed({ maxHits: 2 });
    await stores.actions.finish(ended.org, ended.id, 'expired', 'its time is up', t0);
    expect(await stores.hits.foresee(hit(ended, 1))).toBeUndefined();
  });

  it('never pass the limit of the action, from two bridges with many agents at once', async () => {
    const one = await placed({ maxHits: 5 });
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, turn) =>
        (turn % 2 === 0 ? stores : other).hits.append(hit(one, 1, { agentId: `agent-${turn}` })),
      ),
    );
    const stored = outcomes.filter((result) => result.outcome === 'stored');
    expect(stored.map(({ number }) => number).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(stored.flatMap(({ ended }) => ended?.status ?? [])).toEqual(['completed']);
    expect(outcomes.filter(({ outcome }) => outcome === 'full')).toHaveLength(35);
    expect(await stores.actions.get(one.org, one.id)).toMatchObject({ hits: 5 });
  });

  it('of one agent never pass what each may give, from two bridges at once, and end the action when nobody is left who may', async () => {
    const org = 'shares';
    const agents = ['agent-1', 'agent-2', 'agent-3'];
    const one = await placed({ org, maxHits: 50, maxHitsPerAgent: 3, targets: agents.map((id) => target(id)) });
    const { connect } = await replica(stores);
    for (const id of agents) await connect(agent(id, { org }));
    const hammer = (agentId: string) =>
      Promise.all(
        Array.from({ length: 8 }, (_, turn) =>
          (turn % 2 === 0 ? stores : other).hits.append(hit(one, turn + 1, { agentId, receivedAt: t0 + 9 })),
        ),
      );
    for (const id of ['agent-1', 'agent-2']) {
      const outcomes = (await hammer(id)).map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(3);
      expect(outcomes.filter((outcome) => outcome === 'full')).toHaveLength(5);
    }
    expect(await stores.actions.get(org, one.id)).toMatchObject({ status: 'pending', hits: 6 });
    const last = await hammer('agent-3');
    const ended = last.flatMap((result) => (result.outcome === 'stored' && result.ended ? [result.ended] : []));
    expect(ended).toMatchObject([{ status: 'completed', statusReason: sharedOutReason, hits: 9 }]);
    expect(await stores.hits.page(org, one.id, 0, 50)).toHaveLength(9);
  });

  it('of each agent do not wait for one that cannot hit any more, but for one that may come back', async () => {
    const org = 'left';
    const one = await placed({ org, maxHits: 9, maxHitsPerAgent: 1, targets: [target('agent-1'), target('agent-2')] });
    const { connect } = await replica(stores);
    await connect(agent('agent-1', { org }));
    const leave = await connect(agent('agent-2', { org }));
    const isSharedOut = async (now: number) => (await other.actions.sharedOut(now)).some(({ id }) => id === one.id);
    expect(await isSharedOut(t0)).toBe(false);
    await stores.hits.append(hit(one, 1));
    expect(await isSharedOut(t0)).toBe(false);
    await leave();
    expect([await isSharedOut(t0 + 5_000), await isSharedOut(t0 + 15_000)]).toEqual([false, true]);
    await connect(agent('agent-2', { org }));
    expect(await isSharedOut(t0 + 60_000)).toBe(false);
    await stores.actions.setTarget(org, one.id, { agentId: 'agent-2', state: 'failed', code: 'no-such-line' });
    expect(await isSharedOut(t0 + 60_000)).toBe(true);
  });

  it('are paid from the reservation: only the unspent part is given back, however ends and hits fall together', async () => {
    const org = 'paid';
    const one = await placed({ org, maxHits: 20 });
    const appends = Array.from({ length: 10 }, (_, turn) => other.hits.append(hit(one, turn + 1)));
    const [ended, ...outcomes] = await Promise.all([stores.actions.finish(org, one.id, 'cancelled', 'enough', t0), ...appends]);
    const stored = outcomes.filter(({ outcome }) => outcome === 'stored').length;
    expect(ended?.hits).toBe(stored);
    expect(await stores.hits.page(org, one.id, 0, 50)).toHaveLength(stored);
    expect(await stores.counters.used(org, 'hits_per_hour', 'key:a', 3_600_000, t0)).toMatchObject({ used: stored });
  });

  it('are pruned with their action once it ended long enough ago', async () => {
    const org = 'prune';
    const [old, recent, live] = [
      await placed({ org, maxHits: 2 }),
      await placed({ org, maxHits: 2 }),
      await placed({ org, maxHits: 2 }),
    ];
    for (const one of [old, recent, live]) await stores.hits.append(hit(one, 1));
    await stores.actions.finish(org, old.id, 'completed', 'all', t0 + 1);
    await stores.actions.finish(org, recent.id, 'completed', 'all', t0 + 100);
    await stores.hits.prune(t0 + 50);
    expect((await stores.actions.list(org, { limit: 10 })).map(({ id }) => id).sort()).toEqual([recent.id, live.id].sort());
    expect(await stores.hits.page(org, old.id, 0, 10)).toEqual([]);
    expect(await stores.hits.page(org, live.id, 0, 10)).toHaveLength(1);
  });
});
