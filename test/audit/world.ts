import type { AuditRecord } from '../../src/audit/record.ts';
import { type AuditSeal, createSeal } from '../../src/audit/seal.ts';
import { type CheckedChain, verifyTrail } from '../../src/audit/verify.ts';
import { createSecrets } from '../../src/identity/secrets.ts';
import type { Db } from '../../src/storage/db.ts';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { audited } from '../storage/fixtures.ts';

export const secrets = createSecrets(Buffer.alloc(32, 1));

let nodes = 0;

function newName(): string {
  nodes += 1;
  return `node${String(nodes).padStart(4, '0')}`;
}

/** A node that writes to a database, with a chain of its own. */
export interface Node extends Stores {
  node: string;
  seal: AuditSeal;
  /** Appends records one after the other, as calls do. */
  write(count: number, changes?: Partial<AuditRecord>): Promise<void>;
  /** What is found of its chain. */
  check(): Promise<CheckedChain | undefined>;
  /** The kind and number of the first thing wrong with its chain. */
  wrong(): Promise<[string, number] | undefined>;
}

/** A node over a database; the same name is the same node after a restart. */
export function nodeOver(db: Db, node = newName()): Node {
  const seal = createSeal({ node, secrets });
  const stores = openStores(db, seal);
  const check = async () => (await verifyTrail(seal, stores.audit)).find((chain) => chain.node === node);
  return {
    ...stores,
    node,
    seal,
    check,
    async write(count, changes) {
      for (let turn = 1; turn <= count; turn += 1) await stores.audit.append(audited(`req_${turn}`, changes));
    },
    async wrong() {
      const finding = (await check())?.finding;
      return finding && [finding.kind, finding.seq];
    },
  };
}
