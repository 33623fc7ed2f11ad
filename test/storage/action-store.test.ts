import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TargetRecord } from '../../src/actions/action.ts';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { engines, type World } from './engines.ts';
import { action, agent, hit, replica, t0, target, wide } from './fixtures.ts';

const hourMs = 3_600_000;

describe.each(engines)('actions over $engine', ({ open }) => {
  let world: World;
  let stores: Stores;
  let other: Stores;
  beforeAll(async () => {
    world = await open();
    stores = openStores(world.db);
    other = openStores(world.second);
  });
  afterAll(() => world.close());

  const hitsUsed = async (org: string, at = t0) => (await stores.counters.used(org, 'hits_per_hour', 'key:a', hourMs, at)).used;

  it('come back as they were placed', async () => {
    const full = action({
      org: 'same',
      column: 3,
      maxHits: 5,
      maxHitsPerAgent: 2,
      condition: "sku === 'X\u2028'",
      targets: [
        target('b', {
          at: [{ file: 'src/shop.ts', line: 8, text: 'a["{x,y}"] = \'\\n\';' }],
          message: 'back\\slash, "quote"\n{brace}',
        }),
        target('a', { agentName: 'NULL', service: 'null, {}"\\', hits: 2, state: 'armed' }),
      ],
    });
    expect(await stores.actions.place(full, wide)).toEqual({ ok: true, action: full, skippedAgents: [] });
    expect(await stores.actions.get('same', full.id)).toEqual(full);
  });

  it('are not there for another organisation', async () => {
    const mine = action({ org: 'mine' });
    await stores.actions.place(mine, wide);
    expect(await stores.actions.get('theirs', mine.id)).toBeUndefined();
    expect(await stores.actions.finish('theirs', mine.id, 'cancelled', 'not theirs', t0)).toBeUndefined();
    expect(await stores.actions.addTargets('theirs', [mine.id], target('x'), { perAgent: 10, perAction: 10 }, t0)).toBe(0);
    expect(await stores.actions.list('theirs', { limit: 10 })).toEqual([]);
  });

  it('reserve their hits, and give back what they did not use into the window it came from', async () => {
    const org = 'reserve';
    const placed = action({ org, maxHits: 10 });
    await stores.actions.place(placed, { ...wide, hitsPerHour: 12 });
    expect(await hitsUsed(org)).toBe(10);
    expect(await stores.actions.place(action({ org, maxHits: 3 }), { ...wide, hitsPerHour: 12 })).toEqual({
      ok: false,
      quota: 'hits_per_hour',
      used: 10,
      limit: 12,
      renewsAt: t0 + hourMs,
    });
    const ended = await stores.actions.finish(org, placed.id, 'cancelled', 'enough', t0 + hourMs + 5);
    expect(ended).toMatchObject({ status: 'cancelled', statusReason: 'enough', endedAt: t0 + hourMs + 5 });
    expect([await hitsUsed(org, t0), await hitsUsed(org, t0 + hourMs)]).toEqual([0, 0]);
  });

  it('do not fail while an agent has them or is to get them', async () => {
    const org = 'hopeful';
    const placed = action({ org, targets: [target('agent-1'), target('agent-2')] });
    await stores.actions.place(placed, wide);
    const fail = () => stores.actions.finish(org, placed.id, 'failed', 'nobody takes it', t0);
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'failed' });
    expect(await fail()).toBeUndefined();
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-2', state: 'failed' });
    expect(await fail()).toMatchObject({ status: 'failed' });
  });

  it('end once, also when two bridges end one at the same moment', async () => {
    const org = 'once';
    const [keep, placed] = [action({ org, maxHits: 5 }), action({ org, maxHits: 7 })];
    await stores.actions.place(keep, wide);
    await stores.actions.place(placed, wide);
    const endings = await Promise.all(
      Array.from({ length: 6 }, (_, turn) =>
        (turn % 2 === 0 ? stores : other).actions.finish(org, placed.id, 'expired', 'time', t0),
      ),
    );
    expect(endings.filter((ended) => ended !== undefined)).toHaveLength(1);
    expect(await hitsUsed(org)).toBe(5);
  });

  it.each([
    ['concurrent_actions_per_principal', { concurrentPerPrincipal: 2 }],
    ['concurrent_actions_per_investigation', { concurrentPerInvestigation: 2 }],
    ['concurrent_actions_per_org', { concurrentPerOrg: 2 }],
    ['concurrent_actions_per_agent', { concurrentPerAgent: 2 }],
  ] as const)('are refused beyond %s, with the time the first one ends', async (quota, ceiling) => {
    const org = quota;
    const strict = { ...wide, ...ceiling };
    await stores.actions.place(action({ org, expiresAt: t0 + 40_000 }), strict);
    await stores.actions.place(action({ org }), strict);
    expect(await stores.actions.place(action({ org }), strict)).toEqual({
      ok: false,
      quota,
      used: 2,
      limit: 2,
      renewsAt: t0 + 40_000,
    });
    expect(await stores.actions.place(action({ org, createdAt: t0 + 40_000, expiresAt: t0 + 80_000 }), strict)).toMatchObject({
      ok: true,
    });
  });

  it('share the hits of their investigation: what one did not use is there again when it ends, and others have their own', async () => {
    const org = 'investigation';
    const strict = { ...wide, hitsPerInvestigation: 5 };
    const first = action({ org, maxHits: 4 });
    await stores.actions.place(first, strict);
    await stores.hits.append(hit(first, 1));
    const refused = { ok: false, quota: 'hits_per_investigation', used: 4, limit: 5 };
    expect(await stores.actions.place(action({ org, maxHits: 2 }), strict)).toEqual({ ...refused, renewsAt: first.expiresAt });
    for (const other of [{ investigation: 'another' }, { principal: 'key:b' }, { org: 'elsewhere' }]) {
      expect(await stores.actions.place(action({ org, maxHits: 5, ...other }), strict)).toMatchObject({ ok: true });
    }
    await stores.actions.finish(org, first.id, 'cancelled', 'enough', t0);
    expect(await stores.actions.place(action({ org, maxHits: 5 }), strict)).toEqual({ ...refused, used: 1 });
    expect(await stores.actions.place(action({ org, maxHits: 4 }), strict)).toMatchObject({ ok: true });
  });

  it('leave out agents that are full and keep the others', async () => {
    const org = 'partly';
    const strict = { ...wide, concurrentPerAgent: 1 };
    await stores.actions.place(action({ org }), strict);
    const result = await stores.actions.place(action({ org, targets: [target('agent-1'), target('agent-2')] }), strict);
    expect(result).toMatchObject({ ok: true, skippedAgents: ['agent-1'], action: { targets: [{ agentId: 'agent-2' }] } });
  });

  it('free an agent that could not take them', async () => {
    const org = 'freed';
    const strict = { ...wide, concurrentPerAgent: 1 };
    const failed = action({ org });
    await stores.actions.place(failed, strict);
    await stores.actions.setTarget(org, failed.id, {
      agentId: 'agent-1',
      state: 'failed',
      code: 'no-such-line',
      message: 'no',
    });
    expect(await stores.actions.place(action({ org }), strict)).toMatchObject({ ok: true, skippedAgents: [] });
  });

  it('never pass a limit together, from two bridges with many placements at once', async () => {
    for (const [org, ceiling, allowed] of [
      ['race-principal', { concurrentPerPrincipal: 7 }, 7],
      ['race-agent', { concurrentPerAgent: 5 }, 5],
      ['race-investigation', { concurrentPerInvestigation: 6 }, 6],
      ['race-investigation-hits', { hitsPerInvestigation: 9 }, 4],
      ['race-hits', { hitsPerHour: 20 }, 10],
    ] as const) {
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, turn) =>
          (turn % 2 === 0 ? stores : other).actions.place(action({ org, maxHits: 2 }), { ...wide, ...ceiling }),
        ),
      );
      expect(results.filter((result) => result.ok)).toHaveLength(allowed);
      expect(await hitsUsed(org)).toBe(allowed * 2);
      expect(await stores.actions.live(org, t0)).toHaveLength(allowed);
    }
  });

  const room = { perAgent: 10, perAction: 200 };

  it('never pass the ceiling of an agent when it is added later, from two bridges at once', async () => {
    const org = 'race-add';
    const placed = Array.from({ length: 12 }, () => action({ org, targets: [] }));
    for (const one of placed) await stores.actions.place(one, wide);
    const add = (turn: number) =>
      (turn % 2 === 0 ? stores : other).actions.addTargets(
        org,
        placed.slice(turn, turn + 3).map(({ id }) => id),
        target('late'),
        { ...room, perAgent: 4 },
        t0,
      );
    const added = await Promise.all(placed.map((_, turn) => add(turn)));
    expect(added.reduce((sum, count) => sum + count)).toBe(4);
    expect(await stores.actions.liveOn(org, 'late', t0)).toHaveLength(4);
  });

  it('take a target once, and only while they live', async () => {
    const org = 'targets';
    const placed = action({ org });
    await stores.actions.place(placed, wide);
    const add = (agentId: string, now = t0) => stores.actions.addTargets(org, [placed.id], target(agentId), room, now);
    expect(await add('agent-1')).toBe(0);
    expect(await add('agent-2')).toBe(1);
    expect((await stores.actions.get(org, placed.id))?.targets.map(({ agentId }) => agentId)).toEqual(['agent-1', 'agent-2']);
    expect(await add('agent-3', placed.expiresAt)).toBe(0);
    await stores.actions.finish(org, placed.id, 'cancelled', 'enough', t0);
    expect(await add('agent-4')).toBe(0);
  });

  it('take no more targets than they may have, and let those go that left without a hit', async () => {
    const org = 'fan-out';
    const targets = [target('here'), target('gone'), target('gone-with-hit', { hits: 1 })];
    const [full, free] = [action({ org, targets, createdAt: t0 - 1 }), action({ org, targets: [] })];
    for (const one of [full, free]) await stores.actions.place(one, wide);
    const { connect } = await replica(stores);
    await connect(agent('here', { org }));
    const leave = [await connect(agent('gone', { org })), await connect(agent('gone-with-hit', { org }))];
    const add = (agentId: string) =>
      stores.actions.addTargets(org, [full.id, free.id], target(agentId), { perAgent: 10, perAction: 3 }, t0);
    const on = async ({ id }: typeof full) => (await stores.actions.get(org, id))?.targets.map(({ agentId }) => agentId);
    expect(await add('late-1')).toBe(1);
    expect(await on(full)).toEqual(['here', 'gone', 'gone-with-hit']);
    expect(await on(free)).toEqual(['late-1']);
    for (const go of leave) await go();
    expect(await add('late-2')).toBe(2);
    expect(await on(full)).toEqual(['here', 'gone-with-hit', 'late-2']);
  });

  it('are given up on an agent that nothing was heard of, and on no other', async () => {
    const org = 'given-up';
    const placed = action({ org, targets: [target('silent'), target('heard')] });
    await stores.actions.place(placed, wide);
    await stores.actions.setTarget(org, placed.id, { agentId: 'heard', state: 'armed' });
    for (const agentId of ['silent', 'heard'])
      await stores.actions.giveUp(org, placed.id, { agentId, state: 'failed', code: 'internal', message: 'No answer.' });
    expect((await stores.actions.get(org, placed.id))?.targets).toMatchObject([
      { agentId: 'silent', state: 'failed', message: 'No answer.' },
      { agentId: 'heard', state: 'armed' },
    ]);
  });

  it('keep why a target failed when its agent then says that nothing is there, and take it back when it is armed after all', async () => {
    const org = 'failed-then-removed';
    const placed = action({ org });
    await stores.actions.place(placed, wide);
    const failed = { agentId: 'agent-1', state: 'failed', code: 'no-such-line', message: 'No code there.' } as const;
    const told = async () => (await stores.actions.get(org, placed.id))?.targets[0];
    await stores.actions.setTarget(org, placed.id, failed);
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'removed' });
    expect(await told()).toMatchObject(failed);
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'armed' });
    expect(await told()).toMatchObject({ state: 'armed' });
    expect((await told())?.message).toBeUndefined();
  });

  it('keep the newest word of an agent when an older one comes behind it from the bridge that it has left', async () => {
    const org = 'moved';
    const placed = action({ org });
    await stores.actions.place(placed, wide);
    const told = async () => (await stores.actions.get(org, placed.id))?.targets[0];
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'suspended', saidIn: 5, taken: 2 });
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'armed', saidIn: 4, taken: 1 });
    expect(await told()).toMatchObject({ state: 'suspended', saidIn: 5, taken: 2 });
    // The same again, as after a reconnect, and then news.
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'suspended', saidIn: 5, taken: 2 });
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'failed', saidIn: 6, code: 'internal' });
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'removed', saidIn: 8 });
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'armed', saidIn: 7 });
    expect(await told()).toMatchObject({ state: 'failed', saidIn: 8, code: 'internal' });
  });

  it('remember what an agent reports, and count its hits by what was stored', async () => {
    const org = 'report';
    const placed = action({ org });
    await stores.actions.place(placed, wide);
    const skipped = { condition: 4, error: 1, budget: 0, queue: 0 };
    await stores.actions.setTarget(org, placed.id, {
      agentId: 'agent-1',
      state: 'armed',
      taken: 3,
      skipped,
      lastError: 'x is not defined',
    });
    await stores.hits.append(hit(placed, 1));
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'suspended', skipped });
    expect((await stores.actions.get(org, placed.id))?.targets).toEqual([
      target('agent-1', { state: 'suspended', hits: 1, taken: 3, skipped }),
    ]);
    // Where many actions are read at once, only where each of their targets stands.
    expect((await stores.actions.list(org, { limit: 1 }))[0]?.targets).toEqual([
      target('agent-1', { state: 'suspended', hits: 1 }),
    ]);
  });

  it('keep what was counted when an agent says no more than that its probe is gone', async () => {
    const org = 'lasting';
    const log = { template: 'a {b}', level: 'warn', perSecond: 5, toStdout: true } as const;
    const placed = action({ org, kind: 'logpoint', log, expectLine: 'x();', around: { before: ['a'], after: [] } });
    await stores.actions.place(placed, wide);
    const side = { offset: -(2 ** 31), counts: [1, 0, 2] };
    const counted = {
      at: [{ file: 'src/shop.ts', line: 8, sourceHash: '0123456789abcdef' }],
      engine: { name: 'live-edit', why: 'It is "hot".' },
      passes: { seen: 3, armedMs: 5, awayMs: 0, spentMicros: 1, maxPauseMicros: 1, armMicros: 9, installedAt: t0, trips: 0 },
      sums: {
        count: 3,
        values: { sum: 1e308, min: 0.1, max: 1e308, histogram: { scale: -3, zero: 0, positive: side, negative: side } },
      },
    } as const;
    const report = { agentId: 'agent-1', state: 'armed', message: 'as yet', ...structuredClone(counted) } as const;
    await stores.actions.setTarget(org, placed.id, report as unknown as Parameters<typeof stores.actions.setTarget>[2]);
    await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'removed' });
    expect(await stores.actions.get(org, placed.id)).toEqual({
      ...placed,
      targets: [target('agent-1', { ...(counted as unknown as Partial<TargetRecord>), state: 'removed' })],
    });
  });

  it('that record no hits cost one of them, which does not come back but when they failed', async () => {
    const org = 'counters';
    for (const status of ['expired', 'failed'] as const) {
      const placed = action({ org, kind: 'counter', expressions: [] });
      await stores.actions.place(placed, wide);
      if (status === 'failed') await stores.actions.setTarget(org, placed.id, { agentId: 'agent-1', state: 'failed' });
      await stores.actions.finish(org, placed.id, status, 'over', t0);
      expect(await hitsUsed(org)).toBe(1);
    }
  });

  it('are live until their end, then overdue, then ended', async () => {
    const org = 'life';
    const placed = action({ org });
    await stores.actions.place(placed, wide);
    expect((await stores.actions.live(org, placed.expiresAt - 1)).map(({ id }) => id)).toEqual([placed.id]);
    const agents = new Map([['agent-1', 1]]);
    const investigation = { name: placed.investigation, live: 1, hits: 1 };
    expect(await stores.actions.usage(org, 'key:a', t0)).toEqual({ principal: 1, org: 1, agents, investigation });
    expect(await stores.actions.usage(org, 'key:b', t0)).toEqual({ principal: 0, org: 1, agents });
    expect(await stores.actions.live(org, placed.expiresAt)).toEqual([]);
    expect(await stores.actions.overdue(placed.expiresAt)).toContainEqual({ org, id: placed.id });
    await stores.actions.finish(org, placed.id, 'expired', 'time', placed.expiresAt);
    expect(await stores.actions.overdue(placed.expiresAt)).not.toContainEqual({ org, id: placed.id });
  });

  it('are listed newest first, page by page, by principal and status', async () => {
    const org = 'pages';
    // Three share an instant, so that a page ends among them.
    const placed = [0, 1, 1, 1, 2].map((second) => action({ org, createdAt: t0 + second * 1_000 }));
    for (const one of placed) await stores.actions.place(one, wide);
    await stores.actions.place(action({ org, principal: 'key:b' }), wide);
    await stores.actions.finish(org, placed[4]?.id ?? '', 'cancelled', 'enough', t0);
    const seen: string[] = [];
    for (let before: { createdAt: number; id: string } | undefined; ; ) {
      const page = await stores.actions.list(org, { principal: 'key:a', limit: 2, ...(before === undefined ? {} : { before }) });
      seen.push(...page.map(({ id }) => id));
      before = page.at(-1);
      if (before === undefined) break;
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen)).toEqual(new Set(placed.map(({ id }) => id)));
    expect([seen[0], seen[4]]).toEqual([placed[4]?.id, placed[0]?.id]);
    expect((await stores.actions.list(org, { status: 'cancelled', limit: 10 })).map(({ id }) => id)).toEqual([placed[4]?.id]);
    const apart = action({ org, investigation: 'apart' });
    await stores.actions.place(apart, wide);
    expect((await stores.actions.list(org, { investigation: 'apart', limit: 10 })).map(({ id }) => id)).toEqual([apart.id]);
  });
});
