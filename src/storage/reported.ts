import type { TargetReport } from '../actions/action.ts';
import { lastingParts, reportText } from './action-rows.ts';
import type { Statements } from './db.ts';

/** Why a target failed stands when the agent then says that no probe is there, which the end of the action makes it say. */
const isSettled = "(t.state = 'failed' and $4 in ('removed', 'expired'))";

const saidIn = (report: string) => `(${report}::jsonb->>'saidIn')::int8`;
/** Bridges take in what an agent says each in its order; of one that has moved from one to another the older word may come last. */
const isNews = (said: string) => `coalesce(${saidIn('t.report')} <= ${saidIn(said)}, true)`;

/** The parts of a report that last. */
export const lastingOf = (report: string) =>
  `(select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(${report}::jsonb) where key in ${lastingParts})`;

/** Writes what an agent says of its target where `condition` holds, of row `t`; without a row it does not, or there is no such target, or it is old. */
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
     where org = $1 and action_id = $2 and agent_id = $3 and ${isNews('$5')} and ${condition}
     returning (select array_to_json(a.listeners) from actions a where a.org = t.org and a.id = t.action_id) as listeners`,
    [org, id, target.agentId, target.state, reportText(target)],
  );
}

/** Whether something newer was said of this target. */
export async function isOld(
  { query }: Pick<Statements, 'query'>,
  org: string,
  id: string,
  target: TargetReport,
): Promise<boolean> {
  const rows = await query(
    `select 1 as yes from action_targets t where t.org = $1 and t.action_id = $2 and t.agent_id = $3 and not ${isNews('$4')}`,
    [org, id, target.agentId, reportText(target)],
  );
  return rows.length > 0;
}
