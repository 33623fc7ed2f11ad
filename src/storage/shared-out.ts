import { goneStates } from './action-rows.ts';
import type { Queries } from './db.ts';
import { isConnected } from './replica-store.ts';

/**
 * How long an agent that went away still counts as one that could hit. Reconnecting takes seconds; the agent itself removes its probes
 * after `limits.maxSilenceMs`.
 */
const awayMs = 10_000;

/** Whether an agent has given its `max_hits_per_agent` of action `a`, and so has each other one that could still hit. `now` is a parameter. */
export const isSharedOut = (now: string) => `(
  exists (
    select 1 from hits h where h.org = a.org and h.action_id = a.id group by h.agent_id having count(*) >= a.max_hits_per_agent)
  and not exists (
    select 1 from action_targets t join agents g on g.org = t.org and g.id = t.agent_id
    where t.org = a.org and t.action_id = a.id and t.state not in ${goneStates}
      and (${isConnected('g', awayMs)} or g.last_seen_at > ${now}::int8 - ${awayMs})
      and (select count(*) from hits h where h.org = t.org and h.action_id = t.action_id and h.agent_id = t.agent_id)
        < a.max_hits_per_agent))`;

/** Hits of one agent that are stored of an action; its own count of them is not asked. */
export async function countHitsOf({ query }: Queries, org: string, id: string, agentId: string): Promise<number> {
  const [row] = await query<{ given: number }>(
    'select count(*) as given from hits where org = $1 and action_id = $2 and agent_id = $3',
    [org, id, agentId],
  );
  return row?.given ?? 0;
}

/** Whether this action is shared out now; asked in the transaction that stores a hit. */
export async function sharesOut({ query }: Queries, org: string, id: string, now: number): Promise<boolean> {
  const rows = await query(`select 1 as yes from actions a where a.org = $1 and a.id = $2 and ${isSharedOut('$3')}`, [
    org,
    id,
    now,
  ]);
  return rows.length > 0;
}
