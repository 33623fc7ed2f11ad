import type { ActionRecord, PlacementResult, TargetRecord } from '../actions/action.ts';
import { hourMs } from '../quota/charge.ts';
import type { PlacementQuota } from '../quota/placement.ts';
import { actionParameters, reportText } from './action-rows.ts';
import { spendOn } from './counter-store.ts';
import type { Queries } from './db.ts';
import { countHits, countLive, countOnAgents } from './usage.ts';

/** The counter that placements reserve their hits on. */
export const hitsPerHour = { quota: 'hits_per_hour', windowMs: hourMs } as const;

/** Advisory locks of PostgreSQL are told apart by two numbers; this one stands for placements. */
const placementLock = 7_433;

/**
 * Placements of one organisation run one after the other until their transaction ends: a count of rows would not see what
 * another transaction is about to insert.
 */
export async function lockPlacements({ query }: Queries, org: string): Promise<void> {
  await query('select pg_advisory_xact_lock($1::int, hashtext($2))', [placementLock, org]);
}

/** Checks concurrency, reserves hits and inserts, inside one transaction that starts with the lock. */
export async function placeAction(queries: Queries, action: ActionRecord, quota: PlacementQuota): Promise<PlacementResult> {
  const { org, principal, createdAt: now } = action;
  await lockPlacements(queries, org);
  const live = await countLive(queries, action, now);
  const atOnce = [
    { quota: 'concurrent_actions_per_principal', ...live.principal, limit: quota.concurrentPerPrincipal },
    { quota: 'concurrent_actions_per_investigation', ...live.investigation, limit: quota.concurrentPerInvestigation },
    { quota: 'concurrent_actions_per_org', ...live.org, limit: quota.concurrentPerOrg },
  ] as const;
  const spentUp = atOnce.find(({ used, limit }) => used >= limit);
  if (spentUp !== undefined) return refused(spentUp.quota, spentUp.used, spentUp.limit, spentUp.endsAt);
  const hits = await countHits(queries, action);
  if (hits + action.maxHits > quota.hitsPerInvestigation) {
    return refused('hits_per_investigation', hits, quota.hitsPerInvestigation, live.investigation.endsAt);
  }
  const agents = await countOnAgents(
    queries,
    org,
    action.targets.map(({ agentId }) => agentId),
    now,
  );
  const full = action.targets
    .map(({ agentId }) => agents.get(agentId))
    .filter((agent) => agent !== undefined && agent.used >= quota.concurrentPerAgent);
  if (full.length > 0 && full.length === action.targets.length) {
    const used = Math.min(...full.map((agent) => agent?.used ?? 0));
    const endsAt = Math.min(...full.map((agent) => agent?.endsAt ?? now));
    return refused('concurrent_actions_per_agent', used, quota.concurrentPerAgent, endsAt);
  }
  const spent = await spendOn(
    queries,
    { ...hitsPerHour, org, subject: principal, amount: action.maxHits, limit: quota.hitsPerHour },
    now,
  );
  if (!spent.ok) return refused('hits_per_hour', spent.used, spent.limit, spent.renewsAt);
  const skippedAgents = full.map((agent) => agent?.agentId ?? '');
  const placed: ActionRecord = {
    ...action,
    status: 'pending',
    hits: 0,
    targets: action.targets.filter(({ agentId }) => !skippedAgents.includes(agentId)),
  };
  await queries.query(
    `insert into actions (org, id, principal, investigation, status, max_hits, max_hits_per_agent, created_at, expires_at, asked, listeners)
     values ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, $9, $10::text[])`,
    actionParameters(placed, quota),
  );
  await insertTargets(queries, org, action.id, placed.targets, 0);
  return { ok: true, action: placed, skippedAgents };
}

/** Rows of `action_targets`, numbered from `position`, in one statement; agents that are there already stay as they are. Returns how many were new. */
export async function insertTargets(
  { query }: Queries,
  org: string,
  id: string,
  targets: TargetRecord[],
  position: number,
): Promise<number> {
  const inserted = await query(
    `insert into action_targets (org, action_id, position, agent_id, agent_name, pool, service, state, hits, report)
     select $1, $2, $3::int + t.turn - 1, t.agent_id, t.agent_name, t.pool, t.service, t.state, t.hits, t.report
     from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[], $10::text[])
       with ordinality as t (agent_id, agent_name, pool, service, state, hits, report, turn)
     on conflict do nothing returning 1 as inserted`,
    [
      org,
      id,
      position,
      targets.map(({ agentId }) => agentId),
      targets.map(({ agentName }) => agentName),
      targets.map(({ pool }) => pool),
      targets.map(({ service }) => service),
      targets.map(({ state }) => state),
      targets.map(({ hits }) => hits),
      targets.map(reportText),
    ],
  );
  return inserted.length;
}

function refused(
  quota: Extract<PlacementResult, { ok: false }>['quota'],
  used: number,
  limit: number,
  renewsAt: number | undefined,
): PlacementResult {
  return { ok: false, quota, used, limit, ...(renewsAt === undefined ? {} : { renewsAt }) };
}
