import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { type AuditEvent, auditEvents } from '../../src/audit/events.ts';
import { createSeal } from '../../src/audit/seal.ts';
import { verifyTrail } from '../../src/audit/verify.ts';
import { makeKey } from '../../src/identity/key-form.ts';
import { createSecrets } from '../../src/identity/secrets.ts';
import { makeToken } from '../../src/identity/token-form.ts';
import { createChain } from '../../src/storage/audit-chain.ts';
import { openStores } from '../../src/storage/stores.ts';
import { engines, type World } from '../storage/engines.ts';
import { action, audited, wide } from '../storage/fixtures.ts';
import { attacks } from './attacks.ts';
import { type Node, nodeOver } from './world.ts';

describe.each(engines)('a chain of audit records over $engine', ({ open }) => {
  let world: World;
  beforeAll(async () => {
    world = await open();
  });
  afterAll(() => world.close());

  const chainOf = async (count: number): Promise<Node> => {
    const node = nodeOver(world.db);
    await node.write(count);
    return node;
  };

  it('is right as it was written, numbered from one without gaps', async () => {
    const node = await chainOf(10);
    expect(await node.check()).toEqual({ node: node.node, records: 10, first: 1, last: 10, checkpoints: 0, unsigned: 10 });
    const found = await node.audit.search('acme', { limit: 10 });
    expect(found.map(({ seq, node: by }) => [by, seq])).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((seq) => [node.node, seq]));
  });

  it.each(attacks)('shows when $what', async ({ statements, found }) => {
    const node = await chainOf(10);
    for (const statement of statements) await world.db.query(statement, [node.node]);
    expect(await node.wrong()).toEqual(found);
  });

  it('shows when a record of another node stands in it, and which node lost one', async () => {
    const [one, two] = [await chainOf(5), await chainOf(5)];
    await world.db.query('update audit set node = $2, node_seq = -3 where node = $1 and node_seq = 3', [one.node, two.node]);
    await world.db.query('update audit set node = $2 where node = $1 and node_seq = 3', [two.node, one.node]);
    await world.db.query('update audit set node_seq = 3 where node = $1 and node_seq = -3', [two.node]);
    expect(await one.wrong()).toEqual(['foreign', 3]);
    expect(await two.wrong()).toEqual(['foreign', 3]);
  });

  it('shows when two nodes have changed names', async () => {
    const [one, two] = [await chainOf(3), await chainOf(4)];
    for (const [from, to] of [
      [one.node, 'swapping'],
      [two.node, one.node],
      ['swapping', two.node],
    ]) {
      await world.db.query('update audit set node = $2 where node = $1', [from, to]);
    }
    expect(await one.wrong()).toEqual(['foreign', 1]);
    expect(await two.wrong()).toEqual(['foreign', 1]);
  });

  it('shows records that stand outside of every chain', async () => {
    const node = await chainOf(1);
    await world.db.query(`insert into audit (org, at, record) values ('acme', 1, '{}')`);
    expect(await node.audit.outside()).toEqual({ before: 0, strange: 1 });
    await world.db.query('delete from audit where node is null');
  });

  it('goes on after a restart', async () => {
    const before = await chainOf(3);
    const after = nodeOver(world.db, before.node);
    await after.write(2);
    await before.write(1);
    expect(await after.check()).toMatchObject({ records: 6, last: 6 });
    expect((await after.check())?.finding).toBeUndefined();
  });

  it('goes on after a transaction that was rolled back', async () => {
    const node = nodeOver(world.db);
    const chain = createChain(world.db, node.seal);
    await chain.append([audited('one'), audited('two')]);
    const undone = world.db.tx(async (queries) => {
      await chain.appendWithin(queries, [audited('undone')]);
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    await chain.append([audited('three')]);
    await world.db.tx((queries) => chain.appendWithin(queries, [audited('four')]));
    expect(await node.check()).toMatchObject({ records: 4, last: 4 });
    expect(await node.wrong()).toBeUndefined();
    const requests = (await node.audit.search('acme', { limit: 4 })).map(({ requestId }) => requestId);
    expect(requests).toEqual(['four', 'three', 'two', 'one']);
  });

  it('stays right while many append and place at the same time, on two nodes of one database', async () => {
    const [one, two] = [nodeOver(world.db), nodeOver(world.second)];
    await Promise.all(
      Array.from({ length: 200 }, (_, turn) => {
        const node = turn % 2 === 0 ? one : two;
        const org = `many-${turn % 3}`;
        return turn % 5 === 0
          ? node.actions.place(action({ org }), wide, audited(`place-${turn}`, { org, event: 'action_placed' }))
          : node.audit.append(audited(`append-${turn}`, { org }));
      }),
    );
    expect(await one.check()).toMatchObject({ records: 100, last: 100 });
    expect(await two.check()).toMatchObject({ records: 100, last: 100 });
    expect([await one.wrong(), await two.wrong()]).toEqual([undefined, undefined]);
    const all = await Promise.all([0, 1, 2].map((turn) => one.audit.recent(`many-${turn}`, 500)));
    expect(new Set(all.flat().map(({ requestId }) => requestId)).size).toBe(200);
  });

  it('stays right when two processes write as one node at the same time', async () => {
    const one = nodeOver(world.db);
    const same = nodeOver(world.second, one.node);
    await Promise.all(
      Array.from({ length: 60 }, (_, turn) => (turn % 2 === 0 ? one : same).audit.append(audited(`both-${turn}`))),
    );
    expect(await one.check()).toMatchObject({ records: 60, last: 60 });
    expect(await one.wrong()).toBeUndefined();
  });

  it('is one record with the action it placed: neither is there without the other', async () => {
    const node = await chainOf(1);
    const placed = action({ org: 'placing' });
    await node.actions.place(placed, wide, audited('placed', { org: 'placing' }));
    await expect(node.actions.place(placed, wide, audited('not placed', { org: 'placing' }))).rejects.toThrow();
    expect((await node.audit.recent('placing', 5)).map(({ requestId }) => requestId)).toEqual(['placed']);
    await node.write(1);
    expect(await node.check()).toMatchObject({ records: 3, last: 3 });
  });

  it('still holds under a new master secret beside the old one, and not under another one', async () => {
    const node = await chainOf(2);
    const [old, newer] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const check = async (...masters: [Buffer, ...Buffer[]]) => {
      const chains = await verifyTrail(createSeal({ node: '', secrets: createSecrets(...masters) }), node.audit);
      return chains.find((chain) => chain.node === node.node)?.finding;
    };
    expect(await check(newer, old)).toBeUndefined();
    expect(await check(newer)).toEqual({ node: node.node, seq: 1, kind: 'edited' });
  });

  it('says of records under a secret that is not known here that they cannot be told, and of those before it that they are right', async () => {
    const [old, newer] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const node = await chainOf(3);
    const seal = createSeal({ node: node.node, secrets: createSecrets(newer, old) });
    const { audit } = openStores(world.db, seal);
    for (const id of ['req_4', 'req_5']) await audit.append(audited(id));
    const check = async (...masters: [Buffer, ...Buffer[]]) => {
      const chains = await verifyTrail(createSeal({ node: '', secrets: createSecrets(...masters) }), audit);
      return chains.find((chain) => chain.node === node.node);
    };
    const end = await audit.end(node.node);
    if (end === undefined) throw new Error('The chain has no end.');
    await audit.addCheckpoint(signCheckpoint(seal, { kind: 'checkpoint', node: node.node, ...end, count: 2, at: 0 }));
    expect(await check(old)).toMatchObject({ records: 3, last: 3, finding: { seq: 4, kind: 'unknown_secret' } });
    expect((await check(old, newer))?.finding).toBeUndefined();
    expect((await check(newer, old))?.finding).toBeUndefined();
    await world.db.query(`update audit set at = 1 where node = $1 and node_seq = 5`, [node.node]);
    expect((await check(old, newer))?.finding).toMatchObject({ seq: 5, kind: 'edited' });
    await world.db.query('update audit set at = 1 where node = $1 and node_seq = 2', [node.node]);
    expect((await check(old))?.finding).toMatchObject({ seq: 2, kind: 'edited' });
  });

  it('says so of a checkpoint under such a secret over records that are right', async () => {
    const node = await chainOf(2);
    const stranger = createSeal({ node: node.node, secrets: createSecrets(Buffer.alloc(32, 9)) });
    const end = await node.audit.end(node.node);
    if (end === undefined) throw new Error('The chain has no end.');
    await node.audit.addCheckpoint(signCheckpoint(stranger, { kind: 'checkpoint', node: node.node, ...end, count: 2, at: 0 }));
    expect(await node.check()).toMatchObject({ records: 2, finding: { seq: 2, kind: 'unknown_secret' } });
  });

  it('holds no key and no token, whatever the event and wherever somebody wrote one', async () => {
    const node = nodeOver(world.db);
    const keys = [makeKey('api'), makeKey('enrolment')];
    const planted = [...keys.map(({ secret }) => secret), ...(['access', 'refresh', 'code'] as const).map(makeToken)];
    for (const event of Object.keys(auditEvents) as AuditEvent[]) {
      for (const secret of planted) {
        const text = `x\n${secret}"`;
        const target = { service: text, file: text, condition: text, expressions: [text], agents: [text], investigation: text };
        const words = {
          requestId: text,
          rpcId: text,
          tool: text,
          client: text,
          reason: text,
          before: { a: text },
          after: { [text]: [text] },
        };
        await node.audit.append(audited('', { org: 'planted', event, subject: text, ...words, target }));
      }
    }
    const rows = await world.db.query<{ record: string }>(`select record from audit where org = 'planted'`);
    expect(rows).toHaveLength(Object.keys(auditEvents).length * planted.length);
    const text = rows.map(({ record }) => record).join();
    for (const secret of planted) expect(text).not.toContain(secret.slice(-39));
    for (const { id } of keys) expect(text).toContain(`_${id}_…`);
    expect(await node.wrong()).toBeUndefined();
  }, 60_000);

  it('goes on at its last record when the database lost where it ends', async () => {
    const node = await chainOf(3);
    await world.db.query('delete from audit_chains where node = $1', [node.node]);
    const after = nodeOver(world.db, node.node);
    await after.write(2);
    expect(await after.check()).toMatchObject({ records: 5, last: 5 });
    expect(await after.wrong()).toBeUndefined();
  });

  it('keeps a record that tries to be two lines as one', async () => {
    const forged = '\r\n{"event":"key_created"}\u001b[2K\u2028';
    const node = nodeOver(world.db);
    await node.audit.append(audited('forged', { org: 'forging', tool: forged, client: forged, target: { condition: forged } }));
    const [row] = await world.db.query<{ record: string }>(`select record from audit where org = 'forging'`);
    expect(row?.record).not.toMatch(/[\r\n\u001b]/);
    expect(await node.audit.recent('forging', 5)).toMatchObject([{ tool: forged, client: forged, event: 'tool_call' }]);
    expect(await node.wrong()).toBeUndefined();
  });
});
