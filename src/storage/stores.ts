import { randomBytes } from 'node:crypto';
import type { ActionStore } from '../actions/action.ts';
import type { PlaceStore } from '../actions/allowance.ts';
import type { AuditLedger } from '../audit/ledger.ts';
import { type AuditSeal, createSeal } from '../audit/seal.ts';
import type { HitStore } from '../hits/hit.ts';
import type { KeyStore } from '../identity/keys.ts';
import type { PeopleStore } from '../identity/people.ts';
import { createSecrets } from '../identity/secrets.ts';
import { randomBase62 } from '../lib/id.ts';
import type { OAuthRecordStore } from '../oauth/records.ts';
import type { Counters } from '../quota/counters.ts';
import type { ReplicaStore } from '../replicas/replica-store.ts';
import type { AgentStore } from '../targets/agent.ts';
import type { PauseStore } from '../targets/pause.ts';
import { createActionStore } from './action-store.ts';
import { createAgentStore } from './agent-store.ts';
import { createChain } from './audit-chain.ts';
import { createAuditStore } from './audit-store.ts';
import { createCounters } from './counter-store.ts';
import type { Db } from './db.ts';
import { createHitStore } from './hit-store.ts';
import { createKeyStore } from './key-store.ts';
import { liveActions } from './live-actions.ts';
import { createOAuthStore } from './oauth-store.ts';
import { createPauseStore } from './pause-store.ts';
import { createPeopleStore } from './people-store.ts';
import { createPlaceStore } from './place-store.ts';
import { type Pruned, prune, type Retention } from './prune.ts';
import { createReplicaStore } from './replica-store.ts';

/** Everything the stages ask of storage. */
export interface Stores {
  keys: KeyStore;
  counters: Counters;
  actions: ActionStore;
  places: PlaceStore;
  hits: HitStore;
  agents: AgentStore;
  audit: AuditLedger;
  pauses: PauseStore;
  oauth: OAuthRecordStore;
  people: PeopleStore;
  replicas: ReplicaStore;
  /** Live actions of all organisations, by kind. */
  liveActions(now: number): Promise<Record<string, number>>;
  /** Deletes what is past its retention; safe at any time. */
  prune(retention: Retention, now: number): Promise<Pruned>;
}

/** All stores over one database. Without a seal the audit trail gets one that ends with the process. */
export function openStores(db: Db, seal: AuditSeal = passingSeal()): Stores {
  const hits = createHitStore(db);
  const chain = createChain(db, seal);
  const audit = createAuditStore(db, chain);
  return {
    keys: createKeyStore(db),
    counters: createCounters(db),
    actions: createActionStore(db, chain),
    places: createPlaceStore(db),
    hits,
    agents: createAgentStore(db),
    audit,
    pauses: createPauseStore(db),
    oauth: createOAuthStore(db),
    people: createPeopleStore(db),
    replicas: createReplicaStore(db),
    liveActions: (now) => liveActions(db, now),
    prune: (retention, now) => prune(db, { hits, audit, seal }, retention, now),
  };
}

/** For a process that nobody asks for its trail later. */
function passingSeal(): AuditSeal {
  return createSeal({ node: randomBase62(8), secrets: createSecrets(randomBytes(32)) });
}
