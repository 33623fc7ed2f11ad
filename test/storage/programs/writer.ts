import { systemClock } from '../../../src/lib/clock.ts';
import { createLog } from '../../../src/lib/log.ts';
import { openEmbedded } from '../../../src/storage/embedded.ts';
import { openStores } from '../../../src/storage/stores.ts';
import { action, hit, wide } from '../fixtures.ts';

// Says what it finds, then writes until it is killed; what it has printed was acknowledged before.
const db = await openEmbedded({ directory: process.argv[2], log: createLog('silent'), clock: systemClock });
const found = await db.query(
  'select a.id, a.hits, (select count(*) from hits h where h.action_id = a.id) as rows from actions a',
);
const [quota] = await db.query("select coalesce(sum(used), 0)::int as used from quota_counters where quota = 'hits_per_hour'");
process.stdout.write(`${JSON.stringify({ found, reserved: quota?.used })}\n`);
const stores = openStores(db);
for (;;) {
  const placed = action({ maxHits: 5 });
  await stores.actions.place(placed, wide);
  for (let hits = 0; ; hits += 1) {
    process.stdout.write(`${JSON.stringify({ id: placed.id, hits })}\n`);
    if (hits === placed.maxHits) break;
    await stores.hits.append(hit(placed, hits + 1));
  }
}
