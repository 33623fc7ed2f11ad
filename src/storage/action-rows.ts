import type { ActionRecord, ActionStatus, TargetRecord } from '../actions/action.ts';
import type { PlacementQuota } from '../quota/placement.ts';

/** What a statement reads of action `a`, its targets in one column: a second question would cost as much as the first. */
const columnsWith = (report: string) =>
  [
    'a.org, a.id, a.principal, a.investigation, a.status, a.status_reason, a.max_hits, a.max_hits_per_agent, a.hits',
    'a.created_at, a.expires_at, a.ended_at, a.asked, array_to_json(a.listeners) as listeners',
    `(select json_agg(json_build_array(x.agent_id, x.agent_name, x.pool, x.service, x.state, x.hits, ${report})
      order by x.position, x.agent_id)
    from action_targets x where x.org = a.org and x.action_id = a.id) as targets`,
  ].join(', ');

export const actionColumns = columnsWith('x.report');
/** Without what agents reported, which is most of it and their own words: where many actions are read at once. */
export const listedColumns = columnsWith("'{}'");

/** What `pending` means for limits: it lives, and its time is not up. */
export const isLive = (now: string) => `a.status = 'pending' and a.expires_at > ${now}`;

/** A target in one of these takes no place on its agent any more. */
export const goneStates = "('failed', 'expired', 'removed')";

export interface ActionRow extends Record<string, unknown> {
  org: string;
  id: string;
  principal: string;
  investigation: string;
  status: ActionStatus;
  status_reason: string | null;
  max_hits: number;
  max_hits_per_agent: number | null;
  hits: number;
  created_at: number;
  expires_at: number;
  ended_at: number | null;
  asked: string;
  listeners: string[];
  targets: TargetRow[] | null;
}

type TargetRow = [
  agentId: string,
  agentName: string,
  pool: string,
  service: string,
  state: TargetRecord['state'],
  hits: number,
  report: string,
];

/** Fields of an action with a column of their own, and its targets. */
type Apart =
  | ('org' | 'id' | 'principal' | 'investigation' | 'status' | 'statusReason' | 'maxHits' | 'maxHitsPerAgent' | 'hits')
  | ('createdAt' | 'expiresAt' | 'endedAt' | 'targets' | 'listeners');
/** What was asked: the part of an action that never changes and that nothing is searched by. */
type Asked = Omit<ActionRecord, Apart>;
/** What its placer could have when it was placed: hits that come after the end are paid for again, and the placer may be gone. */
export type HitQuota = Pick<PlacementQuota, 'hitsPerHour' | 'hitsPerInvestigation'>;
/** As stored. Actions of before have no quota. */
export type StoredAsked = Asked & { hitQuota?: HitQuota };
type Report = Pick<TargetRecord, (typeof reportFields)[number]>;

const reportFields = [
  'version',
  'commit',
  'saidIn',
  'at',
  'taken',
  'skipped',
  'engine',
  'passes',
  'sums',
  'lastError',
  'code',
  'message',
  'problem',
] as const;

/** Parameters for all columns of a new action: `$1` org to `$10` listeners. */
export function actionParameters(action: ActionRecord, { hitsPerHour, hitsPerInvestigation }: HitQuota): unknown[] {
  const { org, id, principal, investigation, status, statusReason, maxHits, maxHitsPerAgent, hits, ...asked } = action;
  const { createdAt, expiresAt, endedAt, targets, listeners, ...rest } = asked;
  const hitQuota = { hitsPerHour, hitsPerInvestigation };
  const text = JSON.stringify({ ...(rest satisfies Asked), hitQuota } satisfies StoredAsked);
  return [org, id, principal, investigation, maxHits, maxHitsPerAgent ?? null, createdAt, expiresAt, text, listeners];
}

/** The part of a target without a column of its own, as stored. */
export function reportText(target: Report): string {
  return JSON.stringify(Object.fromEntries(reportFields.map((field) => [field, target[field]])));
}

/** Parts of a report that last: an agent whose probe is gone may say no more than that, and what was counted, or written when the target was added, stands. */
export const lastingParts = "('version', 'commit', 'saidIn', 'at', 'taken', 'skipped', 'engine', 'passes', 'sums')";

export function toAction(row: ActionRow): ActionRecord {
  const { hitQuota: _, ...asked } = JSON.parse(row.asked) as StoredAsked;
  return {
    ...asked,
    org: row.org,
    id: row.id,
    principal: row.principal,
    investigation: row.investigation,
    status: row.status,
    ...(row.status_reason === null ? {} : { statusReason: row.status_reason }),
    maxHits: row.max_hits,
    ...(row.max_hits_per_agent === null ? {} : { maxHitsPerAgent: row.max_hits_per_agent }),
    hits: row.hits,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
    listeners: row.listeners,
    targets: (row.targets ?? []).map(toTarget),
  };
}

function toTarget([agentId, agentName, pool, service, state, hits, report]: TargetRow): TargetRecord {
  return { agentId, agentName, pool, service, state, hits, ...(JSON.parse(report) as Report) };
}
