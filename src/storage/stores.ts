import type { ActionStore } from '../actions/action.ts';
import type { AuditStore } from '../audit/record.ts';
import type { HitStore } from '../hits/hit.ts';
import type { KeyStore } from '../identity/keys.ts';
import type { Counters } from '../quota/counters.ts';
import type { AgentStore } from '../targets/agent.ts';
import type { PauseStore } from '../targets/pause.ts';
import { createActionStore } from './action-store.ts';
import { createAgentStore } from './agent-store.ts';
import { createAuditStore } from './audit-store.ts';
import { createCounters } from './counter-store.ts';
import type { Db } from './db.ts';
import { createHitStore } from './hit-store.ts';
import { createKeyStore } from './key-store.ts';
import { createPauseStore } from './pause-store.ts';
import { type Pruned, prune, type Retention } from './prune.ts';

/** Everything the stages ask of storage. */
export interface Stores {
  keys: KeyStore;
  counters: Counters;
  actions: ActionStore;
  hits: HitStore;
  agents: AgentStore;
  audit: AuditStore;
  pauses: PauseStore;
  /** Deletes what is past its retention; safe at any time. */
  prune(retention: Retention, now: number): Promise<Pruned>;
}

/** All stores over one database. */
export function openStores(db: Db): Stores {
  const hits = createHitStore(db);
  return {
    keys: createKeyStore(db),
    counters: createCounters(db),
    actions: createActionStore(db),
    hits,
    agents: createAgentStore(db),
    audit: createAuditStore(db),
    pauses: createPauseStore(db),
    prune: (retention, now) => prune(db, hits, retention, now),
  };
}
