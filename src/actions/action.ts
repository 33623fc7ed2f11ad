import type { AuditRecord } from '../audit/record.ts';
import type {
  ActionKind,
  ActionState,
  AgentErrorCode,
  DurationOptions,
  LogOptions,
  Place,
  Skipped,
  StateFrame,
  Where,
} from '../protocol/frames.ts';
import type { PlacementQuota } from '../quota/placement.ts';
import type { SourceSelector } from '../targets/source.ts';

/** Pools and services by glob; both must fit. */
export interface Reach {
  pools: string[];
  services: string[];
}

/** `pending` lives and waits for hits; the others are final. */
export type ActionStatus = 'pending' | 'completed' | 'expired' | 'cancelled' | 'failed';

/** A status that is final. */
export type EndedStatus = Exclude<ActionStatus, 'pending'>;

export interface ActionRecord {
  id: string;
  org: string;
  /** The subject of the principal who placed it, and its name for people. */
  principal: string;
  principalName: string;
  kind: ActionKind;
  source: SourceSelector;
  /** What the placing principal may reach, as globs, so that an agent that connects later is held to the same. */
  reach: Reach[];
  file: string;
  line: number;
  column?: number;
  /** The text expected on that line, and lines around it by which a moved line is found. */
  expectLine?: string;
  around?: Where['around'];
  condition?: string;
  /** Of a logpoint: those in its template. Of a metric: the one that is measured. */
  expressions: string[];
  log?: LogOptions;
  duration?: DurationOptions;
  /** 1 for kinds that record no hits. */
  maxHits: number;
  depth: number;
  status: ActionStatus;
  /** Why it ended, in words. */
  statusReason?: string;
  hits: number;
  createdAt: number;
  expiresAt: number;
  endedAt?: number;
  targets: TargetRecord[];
}

/** One agent's part of an action. */
export interface TargetRecord {
  agentId: string;
  agentName: string;
  pool: string;
  service: string;
  state: ActionState;
  at?: Place[];
  hits: number;
  skipped?: Skipped;
  engine?: StateFrame['engine'];
  passes?: StateFrame['passes'];
  sums?: StateFrame['sums'];
  lastError?: string;
  code?: AgentErrorCode;
  message?: string;
}

export type PlacementResult =
  | { ok: true; action: ActionRecord /** Agents that were full already and left out. */; skippedAgents: string[] }
  | {
      ok: false;
      quota: 'hits_per_hour' | 'concurrent_actions_per_principal' | 'concurrent_actions_per_agent' | 'concurrent_actions_per_org';
      used: number;
      limit: number;
      /** For windows: when it renews. For concurrency: when the first action ends at the latest. */
      renewsAt: number;
    };

export interface ActionFilter {
  principal?: string;
  status?: ActionStatus;
  /** Only actions created before this one (for paging), newest first. */
  before?: { createdAt: number; id: string };
  limit: number;
}

/** Ceilings of adding targets: live actions of one agent, and agents of one action. */
export interface TargetRoom {
  perAgent: number;
  perAction: number;
}

/** What the action engine asks of storage. */
export interface ActionStore {
  /**
   * Reserves `maxHits` of the principal's hits per hour, checks concurrency, and inserts the action with its audit record: one
   * transaction, so that none is placed without a trace.
   */
  place(action: ActionRecord, quota: PlacementQuota, record?: AuditRecord): Promise<PlacementResult>;
  get(org: string, id: string): Promise<ActionRecord | undefined>;
  list(org: string, filter: ActionFilter): Promise<ActionRecord[]>;
  /** Live actions (pending, not past their end) with a target on this agent. */
  liveOn(org: string, agentId: string, now: number): Promise<ActionRecord[]>;
  /** Live actions of the organisation, for offering them to an agent that has just connected. */
  live(org: string, now: number): Promise<ActionRecord[]>;
  /**
   * Adds a target to each of these actions in one transaction, oldest action first, and answers how many were new. It is left
   * out where the action has ended, has the agent already or has `perAction` targets, and where the agent has `perAgent`
   * actions. Targets of agents that are gone and never hit make room.
   */
  addTargets(org: string, ids: string[], target: TargetRecord, room: TargetRoom, now: number): Promise<number>;
  /** What an agent says now. A place, an engine and counts that it does not say again stay as they were. */
  setTarget(org: string, id: string, target: Omit<TargetRecord, 'agentName' | 'pool' | 'service'>): Promise<void>;
  /**
   * pending → a final status, once: sets `endedAt` and gives unspent reserved hits back to the window they came from.
   * Undefined when it had ended already.
   */
  finish(org: string, id: string, status: EndedStatus, reason: string, now: number): Promise<ActionRecord | undefined>;
  /** Pending actions past their end, of every organisation. */
  overdue(now: number): Promise<{ org: string; id: string }[]>;
  /** Concurrent actions now, for get_status. */
  concurrent(org: string, principal: string, now: number): Promise<{ principal: number; org: number }>;
}
