import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Checkpoint, isGenuine } from '../../src/audit/checkpoint.ts';
import { createCheckpointer } from '../../src/audit/checkpointer.ts';
import { quietMs } from '../../src/audit/left-behind.ts';
import { createSeal } from '../../src/audit/seal.ts';
import { createSecrets } from '../../src/identity/secrets.ts';
import { openStores } from '../../src/storage/stores.ts';
import { startBridge } from '../helpers/bridge.ts';
import { createTestClock, type TestClock } from '../helpers/clock.ts';
import { until } from '../helpers/program.ts';
import { engines, hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { audited, t0 } from '../storage/fixtures.ts';
import { type Node, nodeOver } from './world.ts';

describe.each(engines)('a chain whose node is gone, over $engine', ({ open }) => {
  let world: World;
  let clock: TestClock;
  let delivered: Checkpoint[];
  let logged: string[];
  beforeAll(async () => {
    world = await open();
  });
  afterAll(() => world.close());
  beforeEach(() => {
    clock = createTestClock();
    delivered = [];
    logged = [];
  });

  /** The bridge of a node that lives. */
  function bridge({ seal, audit }: Node) {
    const log = pino({}, { write: (line: string) => void logged.push(line) });
    const sinks = [{ name: 'kept', deliver: async (checkpoint: Checkpoint) => void delivered.push(checkpoint) }];
    return createCheckpointer({ seal, ledger: audit, sinks, clock, log });
  }
  async function gone(count: number): Promise<Node> {
    const node = nodeOver(world.db);
    await node.write(count);
    return node;
  }
  const of = (node: Node) => delivered.filter((checkpoint) => checkpoint.node === node.node);

  it('is signed by one that lives, once, after it has been quiet for ten minutes', async () => {
    const node = await gone(3);
    expect(await node.check()).toMatchObject({ records: 3, checkpoints: 0, unsigned: 3 });
    const living = bridge(nodeOver(world.db));
    await living.turnLeftBehind();
    clock.advance(quietMs - 1);
    await living.turnLeftBehind();
    expect(await node.audit.checkpoints(node.node)).toEqual([]);
    clock.advance(1);
    await living.turnLeftBehind();
    await living.turnLeftBehind();
    const [signed, ...rest] = await node.audit.checkpoints(node.node);
    expect(rest).toEqual([]);
    expect(signed).toMatchObject({ kind: 'checkpoint', node: node.node, seq: 3, count: 3, at: clock.now() });
    expect(signed && isGenuine(node.seal, signed)).toBe(true);
    expect(of(node)).toEqual([signed]);
    expect(await node.check()).toMatchObject({ checkpoints: 1, unsigned: 0 });
  });

  it('is not signed while its node writes, and again when it comes back and is gone again', async () => {
    const node = await gone(1);
    const living = bridge(nodeOver(world.db));
    for (let turn = 1; turn <= 3; turn += 1) {
      await living.turnLeftBehind();
      clock.advance(quietMs);
      await node.write(1);
    }
    await living.turnLeftBehind();
    expect(of(node)).toEqual([]);
    clock.advance(quietMs);
    await living.turnLeftBehind();
    await node.write(2);
    await living.turnLeftBehind();
    clock.advance(quietMs);
    await living.turnLeftBehind();
    expect(of(node)).toMatchObject([
      { seq: 4, count: 4 },
      { seq: 6, count: 2 },
    ]);
  });

  it('is signed once where two bridges come to it at the same time', async () => {
    const node = await gone(5);
    const two = [bridge(nodeOver(world.db)), bridge(nodeOver(world.second))];
    for (const _ of ['seen', 'quiet']) {
      await Promise.all(two.map((each) => each.turnLeftBehind()));
      clock.advance(quietMs);
    }
    await Promise.all(two.map((each) => each.turnLeftBehind()));
    expect(await node.audit.checkpoints(node.node)).toMatchObject([{ seq: 5 }]);
    expect(await node.check()).toMatchObject({ checkpoints: 1, unsigned: 0 });
  });

  it('is left alone where it is not as it was written, which is logged once', async () => {
    const node = await gone(4);
    await world.db.query('update audit set at = 1 where node = $1 and node_seq = 2', [node.node]);
    const living = bridge(nodeOver(world.db));
    for (let turn = 1; turn <= 4; turn += 1) {
      await living.turnLeftBehind();
      clock.advance(quietMs);
    }
    expect(await node.audit.checkpoints(node.node)).toEqual([]);
    expect(logged.filter((line) => line.includes(node.node))).toHaveLength(1);
    await world.db.query('update audit set at = $2 where node = $1 and node_seq = 2', [node.node, t0]);
  });

  it('has nothing to be signed once retention has taken all of it', async () => {
    const node = await gone(2);
    await node.prune({ actionsMs: 1e12, agentsMs: 1e12, auditMs: 1 }, t0 + 3_600_000);
    const living = bridge(nodeOver(world.db));
    await living.turnLeftBehind();
    clock.advance(quietMs);
    await living.turnLeftBehind();
    expect(of(node)).toEqual([]);
    expect(await node.check()).toMatchObject({ records: 0, unsigned: 0 });
  });
});

describe.skipIf(!hasPostgres)('a bridge that runs', () => {
  it('signs what a node left behind that died with its data directory', async () => {
    const world = await postgresWorld();
    const home = await mkdtemp(join(tmpdir(), 'sidelight-left-behind-'));
    const master = 'a-secret-of-at-least-forty-three-characters-1';
    await writeFile(join(home, 'secret'), master);
    const seal = createSeal({ node: 'deadnode', secrets: createSecrets(Buffer.from(master)) });
    const { audit } = openStores(world.db, seal);
    for (const id of ['req_1', 'req_2', 'req_3']) await audit.append(audited(id));
    const clock = createTestClock();
    const settings = { data: join(home, 'data'), 'database-url': world.url ?? '', 'secret-file': join(home, 'secret') };
    const bridge = await startBridge(settings, clock);
    try {
      const [signed] = await until('it is signed', async () => {
        clock.advance(60_000);
        const found = await audit.checkpoints('deadnode');
        return found.length > 0 ? found : undefined;
      });
      expect(signed).toMatchObject({ seq: 3, count: 3 });
      expect(signed && isGenuine(seal, signed)).toBe(true);
    } finally {
      await bridge.close();
      await world.close();
      await rm(home, { recursive: true, force: true });
    }
  }, 60_000);
});
