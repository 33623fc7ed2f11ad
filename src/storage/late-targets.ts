import type { TargetRecord } from '../actions/action.ts';
import { isLive, reportText } from './action-rows.ts';
import type { Queries } from './db.ts';
import { isConnected } from './replica-store.ts';

/** Of actions with no room left: deletes the targets of agents that are not connected and never hit. One that comes back is offered again. */
export async function dropGone({ query }: Queries, org: string, ids: string[], perAction: number): Promise<void> {
  await query(
    `delete from action_targets t
     where t.org = $1 and t.hits = 0 and t.action_id = any(
         select full_ones.action_id from action_targets full_ones
         where full_ones.org = $1 and full_ones.action_id = any($2::text[]) group by full_ones.action_id having count(*) >= $3)
       and not exists (select 1 from agents g where g.org = t.org and g.id = t.agent_id and ${isConnected('g')})`,
    [org, ids, perAction],
  );
}

/** Puts one new target on at most `room.actions` of these, in one statement; returns on how many. */
export async function addToEach(
  { query }: Queries,
  org: string,
  ids: string[],
  target: TargetRecord,
  room: { actions: number; perAction: number },
  now: number,
): Promise<number> {
  const added = await query(
    `insert into action_targets (org, action_id, position, agent_id, agent_name, pool, service, state, hits, report)
     select a.org, a.id, have.next, $4, $5, $6, $7, $8, $9::int, $10
     from actions a, lateral (
       select count(*) as targets, coalesce(max(t.position) + 1, 0) as next, coalesce(bool_or(t.agent_id = $4), false) as here
       from action_targets t where t.org = a.org and t.action_id = a.id) as have
     where a.org = $1 and a.id = any($2::text[]) and ${isLive('$3')} and not have.here and have.targets < $11
     order by a.created_at, a.id limit $12
     on conflict do nothing returning 1 as added`,
    [
      ...[org, ids, now],
      ...[target.agentId, target.agentName, target.pool, target.service, target.state, target.hits, reportText(target)],
      ...[room.perAction, room.actions],
    ],
  );
  return added.length;
}
