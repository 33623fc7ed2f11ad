import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { engines, type World } from './engines.ts';
import { action, agent, audited, key, replica, t0, wide } from './fixtures.ts';

describe.each(engines)('keys, agents, audit and retention over $engine', ({ open }) => {
  let world: World;
  let stores: Stores;
  let other: Stores;
  beforeAll(async () => {
    world = await open();
    stores = openStores(world.db);
    other = openStores(world.second);
  });
  afterAll(() => world.close());

  it('seeds first keys once, however many bridges start at the same time', async () => {
    const seeded = await Promise.all(
      ['one', 'two', 'three', 'four'].map((name, turn) =>
        (turn % 2 === 0 ? stores : other).keys.insertFirst([key(`${name}1`), key(`${name}2`)]),
      ),
    );
    expect(seeded.filter(Boolean)).toHaveLength(1);
    expect(await stores.keys.list('acme')).toHaveLength(2);
  });

  it('keeps API keys and enrolment keys as they were, by organisation', async () => {
    const api = key('keep-api', { org: 'keep' });
    const { role, scopes, permissions, groups, ...rest } = key('keep-enrol', {
      org: 'keep',
      kind: 'enrolment',
      pool: 'eu',
      service: 'shop-*',
      createdAt: t0 + 1,
    });
    await stores.keys.insert(api);
    await stores.keys.insert(rest);
    expect(await stores.keys.find('keep-enrol')).toEqual(rest);
    expect(await stores.keys.list('keep')).toEqual([api, rest]);
    expect(await stores.keys.find('nobody')).toBeUndefined();
  });

  it('revokes a key once, and only for its organisation', async () => {
    await stores.keys.insert(key('revoke'));
    expect(await stores.keys.revoke('theirs', 'revoke', t0)).toBe(false);
    expect(await stores.keys.revoke('acme', 'revoke', t0)).toBe(true);
    expect(await stores.keys.revoke('acme', 'revoke', t0 + 1)).toBe(false);
    expect(await stores.keys.find('revoke')).toMatchObject({ revokedAt: t0 });
  });

  it('rotates a live key once, and never makes the old one live longer', async () => {
    await stores.keys.insert(key('old', { expiresAt: t0 + 10 }));
    const attempts = await Promise.all(
      ['new-1', 'new-2', 'new-3'].map((id, turn) =>
        (turn % 2 === 0 ? stores : other).keys.rotate('old', key(id), t0 + 99, { now: t0, maxLive: 99 }),
      ),
    );
    expect(attempts.filter((each) => each === 'stored')).toHaveLength(1);
    const old = await stores.keys.find('old');
    expect(old).toMatchObject({ expiresAt: t0 + 10, rotatedTo: `new-${attempts.indexOf('stored') + 1}` });
    expect(await stores.keys.find(`new-${attempts.indexOf('not_live') + 1}`)).toBeUndefined();
    expect(await stores.keys.rotate('revoke', key('new-4'), t0 + 99, { now: t0, maxLive: 99 })).toBe('not_live');
  });

  it('writes last use at most once a minute', async () => {
    await stores.keys.insert(key('used'));
    await stores.keys.touch('used', t0, '10.0.0.1');
    await stores.keys.touch('used', t0 + 59_999, '10.0.0.2');
    expect(await stores.keys.find('used')).toMatchObject({ lastUsedAt: t0, lastUsedFrom: '10.0.0.1' });
    await stores.keys.touch('used', t0 + 60_000, '10.0.0.2');
    expect(await stores.keys.find('used')).toMatchObject({ lastUsedAt: t0 + 60_000, lastUsedFrom: '10.0.0.2' });
  });

  it('knows agents as they last described themselves, newest first', async () => {
    const { connect } = await replica(stores);
    await (await connect(agent('a', { org: 'fleet', commit: 'abc' })))();
    await (await connect(agent('b', { org: 'fleet' })))(t0 + 5);
    await (await connect(agent('a', { org: 'fleet', version: '2.0' })))(t0 + 1);
    expect(await stores.agents.list('fleet', t0)).toEqual([
      agent('b', { org: 'fleet', lastSeenAt: t0 + 5, connected: false }),
      agent('a', { org: 'fleet', version: '2.0', lastSeenAt: t0 + 1, connected: false }),
    ]);
    expect((await stores.agents.list('fleet', t0 + 2)).map(({ id }) => id)).toEqual(['b']);
    expect(await stores.agents.list('theirs', 0)).toEqual([]);
    expect(await stores.agents.find('fleet', 'b')).toEqual(agent('b', { org: 'fleet', lastSeenAt: t0 + 5, connected: false }));
    expect(await stores.agents.find('theirs', 'b')).toBeUndefined();
  });

  it('lists the newest 2,000 of those that are gone, and all that are connected', async () => {
    const org = 'restless';
    const { connect } = await replica(stores);
    await connect(agent('here', { org }));
    await world.db.query(
      `insert into agents (org, id, connected, last_seen_at, described)
       select org, 'gone-' || n, false, $1::int8 + n, described from agents, generate_series(1, 2500) n where org = $2`,
      [t0 + 10, org],
    );
    const listed = await stores.agents.list(org, t0);
    expect(listed).toHaveLength(2_001);
    expect(listed.filter(({ connected }) => connected).map(({ id }) => id)).toEqual(['here']);
    expect(listed.filter(({ connected }) => !connected).map(({ id }) => id)).toEqual(
      Array.from({ length: 2_000 }, (_, at) => `gone-${2_500 - at}`),
    );
  });

  it('keeps who is paused and since when, until they are resumed', async () => {
    await stores.pauses.pause('quiet', t0);
    await stores.pauses.pause('quiet', t0 + 5);
    expect(await other.pauses.all()).toEqual([{ org: 'quiet', pausedAt: t0 }]);
    await stores.pauses.resume('loud');
    expect(await stores.pauses.all()).toHaveLength(1);
    await stores.pauses.resume('quiet');
    expect(await stores.pauses.all()).toEqual([]);
  });

  it('keeps audit records as they were, newest first, by organisation', async () => {
    const target = { service: 'shop', file: 'src/shop.ts', line: 7, condition: "name === 'a\u0000b'", expressions: ['order'] };
    const records = [audited('r1', { org: 'log' }), audited('r2', { org: 'log', target, redacted: { email: 2 }, hits: 1 })];
    for (const record of records) await stores.audit.append(record);
    await stores.audit.append(audited('r3', { org: 'theirs' }));
    expect(await stores.audit.recent('log', 10)).toEqual(records.reverse());
    expect(await stores.audit.recent('log', 1)).toMatchObject([{ requestId: 'r2' }]);
  });

  it('deletes what is past its retention and keeps the rest', async () => {
    const hourMs = 3_600_000;
    const org = 'retention';
    const now = t0 + 10 * hourMs;
    const [old, live] = [action({ org }), action({ org, expiresAt: now + 1 })];
    for (const one of [old, live]) await stores.actions.place(one, wide);
    await stores.actions.finish(org, old.id, 'expired', 'time', t0 + 60_000);
    await stores.audit.append(audited('old', { org }));
    await stores.audit.append(audited('new', { org, at: now }));
    const { connect } = await replica(stores);
    await (await connect(agent('gone', { org })))();
    await connect(agent('here', { org }));
    await stores.counters.spend({ org, quota: 'q', subject: 's', amount: 1, limit: 9, windowMs: hourMs }, now - hourMs);
    const pruned = await stores.prune({ actionsMs: hourMs, auditMs: hourMs, agentsMs: hourMs }, now);
    expect(pruned.actions).toBeGreaterThan(0);
    expect(pruned.counters).toBeGreaterThan(0);
    expect((await stores.actions.list(org, { limit: 10 })).map(({ id }) => id)).toEqual([live.id]);
    expect((await stores.audit.recent(org, 10)).map(({ requestId }) => requestId)).toEqual(['new']);
    expect((await stores.agents.list(org, 0)).map(({ id }) => id)).toEqual(['here']);
    expect(await stores.counters.used(org, 'q', 's', hourMs, now - hourMs)).toMatchObject({ used: 1 });
    expect(await stores.counters.used(org, 'hits_per_hour', 'key:a', hourMs, t0)).toMatchObject({ used: 0 });
  });
});
