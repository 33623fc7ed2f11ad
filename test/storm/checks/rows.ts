import type { Db } from '../../../src/storage/db.ts';

/** An action as it is stored. */
export interface StoredAction {
  org: string;
  id: string;
  principal: string;
  investigation: string;
  status: string;
  max_hits: number;
  max_hits_per_agent: number | null;
  hits: number;
  created_at: number;
  expires_at: number;
  ended_at: number | null;
  kind: string;
  duration: { thresholdMs?: number } | null;
  source: { service?: string; pool?: string };
  targets: { agent: string; pool: string; service: string; state: string; hits: number }[];
}

export interface StoredHit {
  action: string;
  agent: string;
  agent_hit: number;
  number: number;
}

export interface StoredCounter {
  org: string;
  quota: string;
  subject: string;
  start: number;
  used: number;
}

/** An agent as it is written down, and the replica that has it. */
export interface StoredAgent {
  org: string;
  id: string;
  connected: boolean;
  replica: string;
}

/** What is stored of the things that promises are about. */
export interface Stored {
  agents: StoredAgent[];
  actions: StoredAction[];
  hits: StoredHit[];
  counters: StoredCounter[];
}

/** Plain rows in one question; nothing is counted here that is checked later. */
export async function readStored(db: Db): Promise<Stored> {
  const [row] = await db.query<{ stored: string }>(
    `select json_build_object(
       'actions', (select coalesce(json_agg(json_build_object('org', a.org, 'id', a.id, 'principal', a.principal,
          'investigation', a.investigation, 'status', a.status, 'max_hits', a.max_hits, 'max_hits_per_agent', a.max_hits_per_agent,
          'hits', a.hits, 'created_at', a.created_at, 'expires_at', a.expires_at, 'ended_at', a.ended_at,
          'kind', a.asked::json ->> 'kind', 'duration', a.asked::json -> 'duration', 'source', a.asked::json -> 'source',
          'targets', (select coalesce(json_agg(json_build_object('agent', t.agent_id, 'pool', t.pool, 'service', t.service,
             'state', t.state, 'hits', t.hits)), '[]') from action_targets t where t.org = a.org and t.action_id = a.id))), '[]')
          from actions a),
       'hits', (select coalesce(json_agg(json_build_object('action', action_id, 'agent', agent_id, 'agent_hit', agent_hit,
          'number', number)), '[]') from hits),
       'agents', (select coalesce(json_agg(json_build_object('org', org, 'id', id, 'connected', connected, 'replica', replica)), '[]')
          from agents),
       'counters', (select coalesce(json_agg(json_build_object('org', org, 'quota', quota, 'subject', subject,
          'start', window_start, 'used', used)), '[]') from quota_counters))::text as stored`,
  );
  return JSON.parse(row?.stored ?? '{}') as Stored;
}
