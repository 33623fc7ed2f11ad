import type { ActionStatus } from '../actions/action.ts';
import type { HitStore, IncomingHit } from '../hits/hit.ts';
import { mayComeLate } from '../hits/late.ts';
import type { StoredAsked } from './action-rows.ts';
import { spendOn } from './counter-store.ts';
import type { Queries } from './db.ts';
import { hitsPerHour, lockPlacements } from './place-action.ts';
import { countHitsOf } from './shared-out.ts';
import { countHits } from './usage.ts';
import { isStored, writeHit } from './write-hit.ts';

interface EndedRow extends Record<string, unknown> {
  principal: string;
  investigation: string;
  status: ActionStatus;
  hits: number;
  max_hits: number;
  max_hits_per_agent: number | null;
  created_at: number;
  expires_at: number;
  ended_at: number | null;
  asked: string;
  listeners: string[];
}

/**
 * Stores a hit of an action that has ended, where it was taken before that; the action stays ended. What the action had reserved and not
 * used was given back at its end, so the hit is paid for again, and dropped where nothing is left. One transaction of its own: it begins
 * with the lock of placements, as they do, so that none of them counts meanwhile.
 */
export async function appendLate(queries: Queries, hit: IncomingHit): Promise<Awaited<ReturnType<HitStore['append']>>> {
  const { org, actionId } = hit;
  await lockPlacements(queries, org);
  const [action] = await queries.query<EndedRow>(
    `select a.principal, a.investigation, a.status, a.hits, a.max_hits, a.max_hits_per_agent, a.created_at, a.expires_at, a.ended_at,
       a.asked, array_to_json(a.listeners) as listeners
     from actions a join action_targets t on t.org = a.org and t.action_id = a.id and t.agent_id = $3
     where a.org = $1 and a.id = $2 for update of a`,
    [org, actionId, hit.agentId],
  );
  // Not for this agent, as far as it is known.
  if (action === undefined) return { outcome: 'unknown' };
  if (await isStored(queries, hit)) return { outcome: 'duplicate' };
  if (action.hits >= action.max_hits) return { outcome: 'full' };
  const { hitQuota, ...asked } = JSON.parse(action.asked) as StoredAsked;
  const ended = {
    ...{ ...asked, status: action.status, maxHits: action.max_hits, createdAt: action.created_at, expiresAt: action.expires_at },
    ...(action.max_hits_per_agent === null ? {} : { maxHitsPerAgent: action.max_hits_per_agent }),
    ...(action.ended_at === null ? {} : { endedAt: action.ended_at }),
  };
  if (hitQuota === undefined || !mayComeLate(ended, hit)) return { outcome: 'ended' };
  const share = action.max_hits_per_agent ?? action.max_hits;
  if (share < action.max_hits && (await countHitsOf(queries, org, actionId, hit.agentId)) >= share) return { outcome: 'full' };
  const { principal, investigation } = action;
  const had = await countHits(queries, { org, principal, investigation });
  if (had >= hitQuota.hitsPerInvestigation) return { outcome: 'ended' };
  const spend = { ...hitsPerHour, org, subject: principal, amount: 1, limit: hitQuota.hitsPerHour };
  const paid = await spendOn(queries, spend, action.created_at);
  if (!paid.ok) return { outcome: 'ended' };
  const number = action.hits + 1;
  await writeHit(queries, hit, number);
  return { outcome: 'stored', number, listeners: action.listeners };
}
