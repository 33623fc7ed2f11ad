import { operatorOf } from '../../src/authorization/administer.ts';
import type { IssuedKey, Rotation } from '../../src/identity/issue.ts';
import type { KeyRequest } from '../../src/identity/key-request.ts';
import type { Owners } from '../../src/identity/owner.ts';
import { noOwners } from '../../src/identity/owner.ts';
import { issueKey, type KeyDesk, revokeKey, rotateKey } from '../../src/keys.ts';
import { createLog } from '../../src/lib/log.ts';
import type { Db } from '../../src/storage/db.ts';
import { openStores } from '../../src/storage/stores.ts';
import { createTestClock, type TestClock } from '../helpers/clock.ts';

/** Keys over a database of the test, changed as the operator does. */
export interface OperatorDesk {
  desk: KeyDesk;
  clock: TestClock;
  issue(request: KeyRequest): Promise<IssuedKey>;
  rotate(key: { org: string; id: string }, rotation?: Rotation): Promise<IssuedKey>;
  revoke(key: { org: string; id: string }): Promise<void>;
}

/** A desk with a clock of its own; `owners` are the people it knows. */
export function operatorDesk(db: Db, owners: Owners = noOwners): OperatorDesk {
  const clock = createTestClock();
  const { keys, counters, audit } = openStores(db);
  const desk: KeyDesk = { keys, owners, counters, audit, clock, log: createLog('silent') };
  return {
    desk,
    clock,
    issue: async (request) => issueKey(desk, operatorOf(request.org).create(request)),
    rotate: async ({ org, id }, rotation) =>
      rotateKey(desk, operatorOf(org).rotate(await desk.keys.find(id), id), rotation ?? {}),
    revoke: async ({ org, id }) => revokeKey(desk, operatorOf(org).revoke(await desk.keys.find(id), id)),
  };
}
