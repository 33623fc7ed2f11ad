import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditRecord } from '../../src/audit/record.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { openStorage } from '../../src/storage/open.ts';

const record: AuditRecord = {
  ...{ requestId: 'req_bench', at: 0, org: 'bench', subject: 'key:bench', role: 'developer', auth: 'api_key' },
  ...{ event: 'tool_call', decision: 'allowed' },
};

/** Two records on disk, one after the other: the least that an action costs which is accounted for before it begins and after its end. */
export async function twoRecords(): Promise<{ once(): Promise<void>; close(): Promise<void> }> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'sidelight-bench-'));
  const settings = { databaseUrl: undefined, dataDirectory, unsafeNoFsync: false };
  const storage = await openStorage(settings, { clock: systemClock, log: createLog('silent') });
  return {
    async once() {
      for (let turn = 0; turn < 2; turn += 1) await storage.stores.audit.append(record);
    },
    async close() {
      await storage.close();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
