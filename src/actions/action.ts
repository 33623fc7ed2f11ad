import type { AuditRecord } from '../audit/record.ts';
import type {
  ActionKind,
  ActionState,
  AgentErrorCode,
  DurationOptions,
  LogOptions,
  Place,
  Problem,
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
  /** Groups actions of one organisation and principal; the same word of another principal is another investigation. */
  investigation: string;
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
  /** No agent gives more than that, and all together never more than `maxHits`. */
  maxHitsPerAgent?: number;
  depth: number;
  status: ActionStatus;
  /** Why it ended, in words. */
  statusReason?: string;
  hits: number;
  createdAt: number;
  expiresAt: number;
  endedAt?: number;
  targets: TargetRecord[];
  /** The span that placed it, as in W3C Trace Context. */
  traceparent?: string;
  /** Replicas on which somebody waits, or has waited, for it. */
  listeners: string[];
}

/** One agent's part of an action. */
export interface TargetRecord {
  agentId: string;
  agentName: string;
  pool: string;
  service: string;
  /** Of the program, as the agent told them when it became a target: hits are read when it may be long gone. */
  version?: string;
  commit?: string;
  state: ActionState;
  /** Number of the frame in which the agent said so last; what it said before that comes too late. */
  saidIn?: number;
  at?: Place[];
  /** Hits of this agent that were stored. */
  hits: number;
  /** Hits it says it took: more than `hits` where some came when the action had all it may. */
  taken?: number;
  skipped?: Skipped;
  engine?: StateFrame['engine'];
  passes?: StateFrame['passes'];
  sums?: StateFrame['sums'];
  lastError?: string;
  code?: AgentErrorCode;
  message?: string;
  problem?: Problem;
}

/** An action as it is where many are read at once: of what agents reported only where each stands. */
export type ListedAction = Omit<ActionRecord, 'targets'> & {
  targets: Pick<TargetRecord, 'agentId' | 'agentName' | 'pool' | 'service' | 'state' | 'hits'>[];
};

/** States of a target from which nothing more comes, and which hold no place on its agent. */
export const goneStates: ReadonlySet<TargetRecord['state']> = new Set(['failed', 'expired', 'removed']);

/** What an agent says of its part; its hits are counted as they are stored. */
export type TargetReport = Omit<TargetRecord, 'agentName' | 'pool' | 'service' | 'version' | 'commit' | 'hits'>;

export type PlacementResult =
  | { ok: true; action: ActionRecord /** Agents that were full already and left out. */; skippedAgents: string[] }
  | {
      ok: false;
      quota:
        | 'hits_per_hour'
        | 'hits_per_investigation'
        | 'concurrent_actions_per_principal'
        | 'concurrent_actions_per_investigation'
        | 'concurrent_actions_per_agent'
        | 'concurrent_actions_per_org';
      used: number;
      limit: number;
      /** For windows: when it renews. Else: when the first action ends at the latest; undefined when none lives. */
      renewsAt?: number;
    };

/** Why an action ended that bounds the hits of each agent. */
export const sharedOutReason = 'Every agent has given the hits it may.';

export interface ActionFilter {
  principal?: string;
  investigation?: string;
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
  list(org: string, filter: ActionFilter): Promise<ListedAction[]>;
  /** Live actions (pending, not past their end) with a target on this agent. */
  liveOn(org: string, agentId: string, now: number): Promise<ListedAction[]>;
  /** Live actions of the organisation, for offering them to an agent that has just connected. */
  live(org: string, now: number): Promise<ListedAction[]>;
  /**
   * Adds a target to each of these actions in one transaction, oldest action first, and answers how many were new. It is left
   * out where the action has ended, has the agent already or has `perAction` targets, and where the agent has `perAgent`
   * actions. Targets of agents that are gone and never hit make room.
   */
  addTargets(org: string, ids: string[], target: TargetRecord, room: TargetRoom, now: number): Promise<number>;
  /**
   * What an agent says now; answers who listens. A place, an engine and counts that it does not say again stay as they were. What it said
   * before (`saidIn`) and that comes behind, over a connection that it has left, is not written.
   */
  setTarget(org: string, id: string, target: TargetReport): Promise<{ listeners: string[] }>;
  /** As `setTarget`, but only where nothing was heard of this target yet. */
  giveUp(org: string, id: string, target: TargetReport): Promise<void>;
  /** Adds a replica to its listeners. */
  listen(org: string, id: string, replica: string): Promise<void>;
  /**
   * Pending actions of every organisation that were placed since, of which an agent that is connected to this replica may not have heard.
   */
  placedSince(since: number): Promise<ListedAction[]>;
  /**
   * Targets on agents that are connected to this replica, of actions that ended between these instants, with a probe that may still be there;
   * also of those that ended after `now`, by a clock that is ahead: how long ago that was, nobody can tell.
   */
  leftBehind(
    replica: string,
    from: number,
    to: number,
    now: number,
  ): Promise<{ org: string; id: string; agentId: string; status: EndedStatus }[]>;
  /**
   * pending → a final status, once: sets `endedAt` and gives unspent reserved hits back to the window they came from.
   * Undefined when it had ended already, and for `failed` while an agent has it or is to get it.
   */
  finish(org: string, id: string, status: EndedStatus, reason: string, now: number): Promise<ActionRecord | undefined>;
  /** Pending actions past their end, of every organisation. */
  overdue(now: number): Promise<{ org: string; id: string }[]>;
  /**
   * Pending actions of every organisation of which an agent has given its `maxHitsPerAgent`, and so has each other one that could
   * still hit: one whose probe is gone cannot, nor one that has been away for longer than a reconnect takes.
   */
  sharedOut(now: number): Promise<{ org: string; id: string }[]>;
  /** What counts against the quotas of actions now, for get_status. */
  usage(org: string, principal: string, now: number): Promise<Usage>;
}

/** Live actions, and hits of one investigation. */
export interface Usage {
  principal: number;
  org: number;
  /** By agent id; those without a live action are absent. */
  agents: ReadonlyMap<string, number>;
  /** The one this principal placed in last; undefined when nothing is kept. */
  investigation?: { name: string; live: number; hits: number };
}
