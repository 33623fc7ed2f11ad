import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Db } from '../../src/storage/db.ts';
import { pruneAudit } from '../../src/storage/prune-audit.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { t0 } from '../storage/fixtures.ts';
import { nodeOver } from './world.ts';

const hourMs = 3_600_000;
const records = 2_500;
let world: World;
beforeAll(async () => {
  if (hasPostgres) world = await postgresWorld();
});
afterAll(() => world?.close());

it.skipIf(!hasPostgres)('retention takes nothing for tampering that another bridge deletes at the same time', async () => {
  const node = nodeOver(world.db);
  await Promise.all(Array.from({ length: records }, () => node.write(1)));
  const when = { before: t0 + hourMs, now: t0 + hourMs };
  const ledger = { nodes: async () => [node.node] };
  let other: Promise<number> | undefined;
  // The other one begins when this one knows where the chain begins and has not read its rows yet.
  const slow = {
    query: world.second.query,
    tx: (run: Parameters<Db['tx']>[0]) =>
      world.second.tx(({ query }) =>
        run({
          async query(sql, parameters) {
            const rows = await query(sql, parameters);
            if (other !== undefined || !sql.includes('audit_checkpoints')) return rows as never;
            other = pruneAudit(world.db, node.seal, ledger, when);
            await Promise.race([other, new Promise((done) => setTimeout(done, 500))]);
            return rows as never;
          },
        }),
      ),
  } as Db;
  const mine = await pruneAudit(slow, node.seal, ledger, when);
  expect(mine + ((await other) ?? 0)).toBe(records);
  expect(await node.wrong()).toBeUndefined();
});
