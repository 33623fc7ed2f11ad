import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../src/storage/db.ts';
import { openPostgres } from '../../src/storage/postgres.ts';
import { hasPostgres, postgresWorld, silent, type World } from '../storage/engines.ts';
import { action, audited, t0, wide } from '../storage/fixtures.ts';
import { nodeOver } from './world.ts';

describe.runIf(hasPostgres)('a chain written by a role that row-level security holds for', () => {
  const role = `sidelight_test_${randomBytes(6).toString('hex')}`;
  let world: World;
  let db: Db;

  beforeAll(async () => {
    world = await postgresWorld();
    await world.db.query(`create role ${role} login nosuperuser`);
    await world.db.query('drop schema public cascade');
    await world.db.query(`create schema public authorization ${role}`);
    db = await openPostgres({ url: Object.assign(new URL(world.url ?? ''), { username: role, password: '' }).href, log: silent });
  });
  afterAll(async () => {
    await db?.close();
    for (const statement of [`reassign owned by ${role} to current_user`, `drop owned by ${role}`, `drop role ${role}`]) {
      await world?.db.query(statement);
    }
    await world?.close();
  });

  it('is right over the records of all organisations, also those written for one of them', async () => {
    const node = nodeOver(db);
    for (const org of ['acme', 'globex']) {
      await node.actions.place(action({ org }), wide, audited(`placed for ${org}`, { org }));
      await node.write(2, { org });
    }
    await Promise.all([node.write(1, { org: '-' }), node.actions.place(action(), wide, audited('placed'))]);
    expect(await node.check()).toEqual({ node: node.node, records: 8, first: 1, last: 8, checkpoints: 0, unsigned: 8 });
    expect((await node.audit.recent('globex', 9)).map(({ requestId }) => requestId)).toEqual([
      'req_2',
      'req_1',
      'placed for globex',
    ]);
    await node.prune({ actionsMs: 1e12, agentsMs: 1e12, auditMs: 1 }, t0 + 10);
    await node.write(1, { org: 'globex' });
    expect(await node.check()).toEqual({ node: node.node, records: 1, first: 9, last: 9, checkpoints: 0, unsigned: 1 });
  });
});
