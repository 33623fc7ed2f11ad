import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlacedRecord } from '../../src/audit/ledger.ts';
import { createOwners } from '../../src/identity/owner.ts';
import { notShutOut } from '../../src/identity/standing.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { storedGrants } from '../../src/oauth/grants.ts';
import { orders } from '../../src/orders.ts';
import { refusalOf } from '../authorization/world.ts';
import { engines, type World } from '../storage/engines.ts';
import { action, audited, wide } from '../storage/fixtures.ts';
import { type Node, nodeOver } from './world.ts';

const request = { org: 'ops', kind: 'api', owner: 'operator', name: 'ci', role: 'developer', scopes: ['runtime:read'] };
const whole = { ...request, permissions: ['dev_api'], groups: ['everyone'] };

describe.each(engines)('what an operator orders over $engine', ({ open }) => {
  let world: World;
  let node: Node;
  let order: ReturnType<typeof orders>;
  const logged: string[] = [];

  beforeAll(async () => {
    world = await open();
    node = nodeOver(world.db);
    const { agents, audit, counters, keys, pauses, people, seal } = node;
    const log = pino({}, { write: (line: string) => void logged.push(line) });
    const owners = createOwners(people, notShutOut, () => false);
    const clock = systemClock;
    order = orders({
      desk: { keys, owners, counters, audit, clock, log },
      people,
      grants: storedGrants(node, { clock, log }),
      agents,
      pauses,
      pausesChanged: () => undefined,
      audit,
      seal,
      clock,
      log,
      bridgeKey: '',
    });
  });
  afterAll(() => world.close());

  const create = async () => (await order('keys.create', whole)) as { key: { id: string }; secret: string };
  const records = async (): Promise<PlacedRecord[]> =>
    (await order('audit.search', { org: 'ops', limit: 100 })) as PlacedRecord[];
  const events = async () => (await records()).map(({ event }) => event);

  /** From here on the database takes no record, as when its disk is full. */
  const breakAudit = async () => {
    await world.db.query(
      `create or replace function no_audit() returns trigger language plpgsql as $$ begin raise exception 'disk full'; end $$`,
    );
    await world.db.query('create trigger no_audit before insert on audit for each statement execute function no_audit()');
  };
  const mendAudit = () => world.db.query('drop trigger no_audit on audit');

  it('is recorded with what it made of what, and without secrets', async () => {
    const { key, secret } = await create();
    const rotated = (await order('keys.rotate', { org: 'ops', id: key.id })) as { key: { id: string }; secret: string };
    await order('keys.revoke', { org: 'ops', id: rotated.key.id });
    await order('agents.pause', { org: 'ops' });
    await order('agents.resume', { org: 'ops' });
    expect(await events()).toEqual(['agents_resumed', 'agents_paused', 'key_revoked', 'key_rotated', 'key_created']);
    const [resumed, , , replaced, made] = await records();
    expect(resumed).toMatchObject({ auth: 'console', role: 'operator', decision: 'allowed', node: node.node });
    expect(made).toMatchObject({ target: { key: key.id }, after: { name: 'ci', role: 'developer', scopes: ['runtime:read'] } });
    expect(replaced).toMatchObject({ before: { id: key.id }, after: { id: rotated.key.id } });
    const text = JSON.stringify(await records());
    for (const hidden of [secret.slice(4), rotated.secret.slice(4)]) expect(text).not.toContain(hidden);
    for (const { id } of [key, rotated.key]) expect(text).not.toContain((await node.keys.find(id))?.hash);
    expect(await node.wrong()).toBeUndefined();
  });

  it('is not done when it would give somebody something and cannot be recorded', async () => {
    const { key } = await create();
    await order('agents.pause', { org: 'ops' });
    const before = await events();
    await breakAudit();
    try {
      for (const [name, input] of [
        ['keys.create', whole],
        ['keys.rotate', { org: 'ops', id: key.id }],
        ['agents.resume', { org: 'ops' }],
        ['audit.export', {}],
      ] as const) {
        const refusal = await refusalOf(() => order(name, input));
        expect(refusal, name).toMatchObject({ code: 'unavailable', message: expect.stringContaining('could not be recorded') });
      }
      const placed = action({ org: 'ops' });
      await expect(node.actions.place(placed, wide, audited('placed', { org: 'ops' }))).rejects.toThrow();
      expect(await node.actions.get('ops', placed.id)).toBeUndefined();
    } finally {
      await mendAudit();
    }
    expect(await node.keys.find(key.id)).not.toHaveProperty('rotatedTo');
    expect(
      (await node.keys.list('ops')).filter(({ revokedAt, rotatedTo }) => revokedAt === undefined && !rotatedTo),
    ).toHaveLength(1);
    expect(await node.pauses.all()).toHaveLength(1);
    expect(await events()).toEqual(before);
    await order('agents.resume', { org: 'ops' });
    expect(await node.wrong()).toBeUndefined();
  });

  it('is done all the same when it takes something away, and said to be missing', async () => {
    const { key } = await create();
    logged.length = 0;
    await breakAudit();
    try {
      const revoked = await refusalOf(() => order('keys.revoke', { org: 'ops', id: key.id }));
      expect(revoked.message).toBe(`The key ${key.id} is revoked. That could not be recorded in the audit trail.`);
      expect(await node.keys.find(key.id)).toMatchObject({ revokedAt: expect.any(Number) });
      const paused = await refusalOf(() => order('agents.pause', { org: 'ops' }));
      expect(paused.message).toBe('The agents are paused. That could not be recorded in the audit trail.');
      expect(await node.pauses.all()).toHaveLength(1);
    } finally {
      await mendAudit();
    }
    expect(logged.map((line) => JSON.parse(line).level)).toEqual([50, 50]);
    await order('agents.resume', { org: 'ops' });
  });

  it('finds records by who, what, when and how it was decided, newest first', async () => {
    const search = async (query: Record<string, unknown>) =>
      ((await order('audit.search', { org: 'found', limit: 10, ...query })) as PlacedRecord[]).map(({ requestId }) => requestId);
    const some = [
      audited('a', { org: 'found', at: 10, tool: 'take_snapshot', target: { actionId: 'act_1' } }),
      audited('b', { org: 'found', at: 20, subject: 'user:b', event: 'sign_in' }),
      audited('c', { org: 'found', at: 30, decision: 'refused', tool: 'add_log', target: { actionIds: ['act_2', 'act_1'] } }),
    ];
    for (const record of some) await node.audit.append(record);
    const asked: [Record<string, unknown>, string[]][] = [
      [{}, ['c', 'b', 'a']],
      [{ limit: 2 }, ['c', 'b']],
      [{ since: 20 }, ['c', 'b']],
      [{ until: 20 }, ['a']],
      [{ subject: 'user:b' }, ['b']],
      [{ tool: 'add_log' }, ['c']],
      [{ event: 'sign_in' }, ['b']],
      [{ decision: 'refused' }, ['c']],
      [{ action: 'act_1' }, ['c', 'a']],
      [{ action: 'act_1', decision: 'allowed' }, ['a']],
      [{ org: 'lost' }, []],
    ];
    for (const [query, found] of asked) expect(await search(query), JSON.stringify(query)).toEqual(found);
    expect(await refusalOf(() => search({ event: 'no_event' }))).toMatchObject({ code: 'invalid_input' });
    expect(await refusalOf(() => search({ colour: 'red' }))).toMatchObject({ code: 'invalid_input' });
  });

  it('finds what is rare among thousands', async () => {
    const records = Array.from({ length: 4_500 }, (_, at) => audited(`many_${at}`, { org: 'many', at }));
    await node.audit.append(audited('rare', { org: 'many', subject: 'user:rare' }));
    await Promise.all(records.map((record) => node.audit.append(record)));
    const found = (await order('audit.search', { org: 'many', limit: 5, subject: 'user:rare' })) as PlacedRecord[];
    expect(found).toMatchObject([{ requestId: 'rare' }]);
  });
});
