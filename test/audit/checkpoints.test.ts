import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Checkpoint, signCheckpoint } from '../../src/audit/checkpoint.ts';
import { createSeal } from '../../src/audit/seal.ts';
import { compareCheckpoints } from '../../src/audit/verify.ts';
import { createSecrets } from '../../src/identity/secrets.ts';
import { engines, type World } from '../storage/engines.ts';
import { t0 } from '../storage/fixtures.ts';
import { type Node, nodeOver } from './world.ts';

const hourMs = 3_600_000;
const keepAll = { actionsMs: 1e12, agentsMs: 1e12 };

describe.each(engines)('checkpoints of a chain over $engine', ({ open }) => {
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

  /** Signs the end of a chain as it is now, and keeps that in the database as well. */
  async function checkpoint(node: Node): Promise<Checkpoint> {
    const end = await node.audit.end(node.node);
    if (end === undefined) throw new Error('The chain has no end.');
    const signed = signCheckpoint(node.seal, { kind: 'checkpoint', node: node.node, ...end, count: end.seq, at: t0 });
    await node.audit.addCheckpoint(signed);
    return signed;
  }

  const cutAfter = async (node: Node, seq: number) => {
    await world.db.query('delete from audit where node = $1 and node_seq > $2', [node.node, seq]);
    await world.db.query(
      `update audit_chains set seq = $2, code = (select code from audit where node = $1 and node_seq = $2) where node = $1`,
      [node.node, seq],
    );
  };

  /** What somebody does who has the database and the key of the chain: says something else, and codes all that follows anew. */
  async function rewrite(node: Node, from: number): Promise<void> {
    const rows: { seq: number; text: string; code: string }[] = [];
    for await (const row of node.audit.rows(node.node)) rows.push(row);
    let previous = rows[from - 2]?.code ?? '0'.repeat(64);
    for (const { seq, text } of rows.slice(from - 1)) {
      const altered = text.replace('key:a', 'key:b');
      previous = node.seal.code(previous, altered);
      await world.db.query('update audit set record = $3, code = $4 where node = $1 and node_seq = $2', [
        ...[node.node, seq, altered, previous],
      ]);
    }
    await world.db.query('update audit_chains set code = $2 where node = $1', [node.node, previous]);
  }

  it('are compared with it and change nothing about one that is right', async () => {
    const node = await chainOf(3);
    await checkpoint(node);
    await node.write(2);
    await checkpoint(node);
    await node.write(1);
    expect(await node.check()).toEqual({ node: node.node, records: 6, first: 1, last: 6, checkpoints: 2, unsigned: 1 });
  });

  it('show that the end was cut off, although the chain was made to end there', async () => {
    const node = await chainOf(5);
    await cutAfter(node, 4);
    expect(await node.wrong()).toBeUndefined();
    const other = await chainOf(5);
    await checkpoint(other);
    await cutAfter(other, 4);
    expect(await other.wrong()).toEqual(['cut_tail', 5]);
  });

  it('show it too when new records took the place of those that were cut off', async () => {
    const node = await chainOf(5);
    await checkpoint(node);
    await cutAfter(node, 3);
    await nodeOver(world.db, node.node).write(4, { subject: 'key:z' });
    expect(await node.wrong()).toEqual(['rewritten', 5]);
  });

  it('show that somebody who knows the key of the chain wrote it anew', async () => {
    const node = await chainOf(3);
    await checkpoint(node);
    await node.write(3);
    const kept = await checkpoint(node);
    await rewrite(node, 5);
    expect(await node.wrong()).toEqual(['rewritten', 6]);
    await world.db.query('delete from audit_checkpoints where node = $1', [node.node]);
    expect(await node.wrong()).toBeUndefined();
    expect(await compareCheckpoints(node.seal, node.audit, [kept])).toEqual({
      compared: 1,
      findings: [{ node: node.node, seq: 6, kind: 'rewritten' }],
    });
  });

  it('are believed only when they were signed here', async () => {
    const node = await chainOf(3);
    const genuine = await checkpoint(node);
    const stranger = createSeal({ node: node.node, secrets: createSecrets(Buffer.alloc(32, 9)) });
    const { keyId: _keyId, signature: _signature, ...said } = genuine;
    const forged = [
      { ...genuine, seq: 2 },
      { ...genuine, code: 'ab'.repeat(32) },
    ];
    for (const each of [...forged, { ...signCheckpoint(stranger, said), keyId: node.seal.keyId }]) {
      expect(await compareCheckpoints(node.seal, node.audit, [each])).toMatchObject({ findings: [{ kind: 'bad_checkpoint' }] });
    }
    expect(await compareCheckpoints(node.seal, node.audit, [signCheckpoint(stranger, said)])).toMatchObject({
      findings: [{ kind: 'unknown_secret' }],
    });
    expect(await compareCheckpoints(node.seal, node.audit, [genuine])).toEqual({ compared: 1, findings: [] });
    await world.db.query(`update audit_checkpoints set signed = '{}' where node = $1`, [node.node]);
    expect(await node.wrong()).toEqual(['bad_checkpoint', 1]);
  });

  it('show that a whole node is gone', async () => {
    const node = await chainOf(3);
    const kept = await checkpoint(node);
    for (const table of ['audit', 'audit_chains', 'audit_checkpoints']) {
      await world.db.query(`delete from ${table} where node = $1`, [node.node]);
    }
    expect(await node.check()).toBeUndefined();
    expect(await compareCheckpoints(node.seal, node.audit, [kept])).toMatchObject({ findings: [{ seq: 3, kind: 'cut_tail' }] });
  });

  describe('and retention', () => {
    const prune = (node: Node, now: number) => node.prune({ ...keepAll, auditMs: hourMs }, now);

    it('leave a chain right whose old end is gone, and one that is gone as a whole', async () => {
      const node = await chainOf(5);
      const kept = await checkpoint(node);
      await node.write(3, { at: t0 + hourMs });
      expect(await prune(node, t0 + hourMs + 1)).toMatchObject({ audit: expect.any(Number) });
      expect(await node.check()).toEqual({ node: node.node, records: 3, first: 6, last: 8, checkpoints: 0, unsigned: 3 });
      expect(await compareCheckpoints(node.seal, node.audit, [kept])).toEqual({ compared: 0, findings: [] });
      await prune(node, t0 + 3 * hourMs);
      expect(await node.check()).toMatchObject({ records: 0, last: 8 });
      await node.write(1, { at: t0 + 3 * hourMs });
      expect(await node.check()).toEqual({ node: node.node, records: 1, first: 9, last: 9, checkpoints: 0, unsigned: 1 });
    });

    it('delete in steps of a thousand', async () => {
      const node = nodeOver(world.db);
      await Promise.all(Array.from({ length: 2_500 }, () => node.write(1)));
      await node.write(2, { at: t0 + hourMs });
      await prune(node, t0 + hourMs + 1);
      expect(await node.check()).toMatchObject({ records: 2, first: 2_501 });
      expect(await node.wrong()).toBeUndefined();
    });

    it('keep an old record behind a young one, because the chain ends nowhere else', async () => {
      const node = await chainOf(1);
      await node.write(1, { at: t0 + hourMs });
      await node.write(1);
      await prune(node, t0 + hourMs + 1);
      expect(await node.check()).toMatchObject({ records: 2, first: 2 });
    });

    it('do not delete what somebody made older than it is, and say so', async () => {
      const node = await chainOf(2);
      await node.write(2, { at: t0 + hourMs });
      await world.db.query('update audit set at = 1 where node = $1 and node_seq = 3', [node.node]);
      await expect(prune(node, t0 + hourMs + 1)).rejects.toThrow(`3 of node ${node.node}`);
      expect(await node.check()).toMatchObject({ first: 3, finding: { seq: 3, kind: 'edited' } });
      await world.db.query('delete from audit where node = $1', [node.node]);
      await world.db.query('delete from audit_chains where node = $1', [node.node]);
    });

    it('are not imitated: neither by deleting, nor by a checkpoint in the place of an anchor', async () => {
      const node = await chainOf(5);
      const { seq } = await checkpoint(node);
      await node.write(2);
      await world.db.query('delete from audit where node = $1 and node_seq <= $2', [node.node, seq]);
      expect(await node.wrong()).toEqual(['deleted', 1]);
      await world.db.query(`update audit_checkpoints set kind = 'anchor' where node = $1`, [node.node]);
      expect(await node.wrong()).toEqual(['bad_anchor', 5]);
    });
  });
});
