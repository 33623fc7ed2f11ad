import type { TargetReport } from '../actions/action.ts';
import { lastingParts, reportText } from './action-rows.ts';
import type { Statements } from './db.ts';

/** Why a target failed stands when the agent then says that no probe is there, which the end of the action makes it say. */
const isSettled = "(t.state = 'failed' and $4 in ('removed', 'expired'))";

/** The parts of a report that last. */
export const lastingOf = (report: string) =>
  `(select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(${report}::jsonb) where key in ${lastingParts})`;

/** Writes what an agent says of its target where `condition` holds, of row `t`; without a row it does not, or there is no such target. */
export function reported(
  { query }: Pick<Statements, 'query'>,
  org: string,
  id: string,
  target: TargetReport,
  condition: string,
): Promise<{ listeners: string[] | null }[]> {
  return query(
    `update action_targets t set
       state = case when ${isSettled} then t.state else $4 end,
       report = case when ${isSettled} then (report::jsonb || ${lastingOf('$5')})::text
         else (${lastingOf('report')} || $5::jsonb)::text end
     where org = $1 and action_id = $2 and agent_id = $3 and ${condition}
     returning (select array_to_json(a.listeners) from actions a where a.org = t.org and a.id = t.action_id) as listeners`,
    [org, id, target.agentId, target.state, reportText(target)],
  );
}
