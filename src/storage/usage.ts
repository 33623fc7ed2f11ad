import type { Usage } from '../actions/action.ts';
import { goneStates, isLive } from './action-rows.ts';
import type { Queries } from './db.ts';

/** Whose actions are counted. */
export interface Placer {
  org: string;
  principal: string;
  investigation: string;
}

/** Live actions of a principal, of one investigation of it and of its organisation, and when the first of each ends at the latest. */
export async function countLive({ query }: Queries, { org, principal, investigation }: Placer, now: number) {
  const own = 'a.principal = $2';
  const same = `${own} and a.investigation = $4`;
  const [row] = await query<{
    principal: number;
    investigation: number;
    org: number;
    principal_ends_at: number | null;
    investigation_ends_at: number | null;
    org_ends_at: number | null;
  }>(
    `select count(*) filter (where ${own}) as principal, min(a.expires_at) filter (where ${own}) as principal_ends_at,
       count(*) filter (where ${same}) as investigation, min(a.expires_at) filter (where ${same}) as investigation_ends_at,
       count(*) as org, min(a.expires_at) as org_ends_at
     from actions a where a.org = $1 and ${isLive('$3')}`,
    [org, principal, now, investigation],
  );
  return {
    principal: { used: row?.principal ?? 0, endsAt: row?.principal_ends_at ?? undefined },
    investigation: { used: row?.investigation ?? 0, endsAt: row?.investigation_ends_at ?? undefined },
    org: { used: row?.org ?? 0, endsAt: row?.org_ends_at ?? undefined },
  };
}

/** Hits an investigation has and those it has reserved, of the actions that are kept. */
export async function countHits({ query }: Queries, { org, principal, investigation }: Placer): Promise<number> {
  const [row] = await query<{ used: number }>(
    `select coalesce(sum(case a.status when 'pending' then a.max_hits else a.hits end), 0)::int8 as used
     from actions a where a.org = $1 and a.principal = $2 and a.investigation = $3`,
    [org, principal, investigation],
  );
  return row?.used ?? 0;
}

/** Live actions on each of these agents, or on every one, and when the first ends at the latest. Agents without one are absent. */
export async function countOnAgents({ query }: Queries, org: string, agentIds: string[] | undefined, now: number) {
  const rows = await query<{ agent_id: string; used: number; ends_at: number }>(
    `select t.agent_id, count(*) as used, min(a.expires_at) as ends_at
     from actions a join action_targets t on t.org = a.org and t.action_id = a.id
     where a.org = $1 and ${isLive('$2')} and ($3::text[] is null or t.agent_id = any($3)) and t.state not in ${goneStates}
     group by t.agent_id`,
    [org, now, agentIds ?? null],
  );
  return new Map(rows.map((row) => [row.agent_id, { agentId: row.agent_id, used: row.used, endsAt: row.ends_at }]));
}

/** What counts against the quotas of actions; the investigation is the one this principal placed in last. */
export async function usageOf(queries: Queries, org: string, principal: string, now: number): Promise<Usage> {
  const [newest] = await queries.query<{ investigation: string }>(
    'select a.investigation from actions a where a.org = $1 and a.principal = $2 order by a.created_at desc, a.id desc limit 1',
    [org, principal],
  );
  const placer = { org, principal, investigation: newest?.investigation ?? '' };
  const live = await countLive(queries, placer, now);
  const agents = await countOnAgents(queries, org, undefined, now);
  const hits = newest === undefined ? 0 : await countHits(queries, placer);
  return {
    principal: live.principal.used,
    org: live.org.used,
    agents: new Map([...agents].map(([id, { used }]) => [id, used])),
    ...(newest === undefined ? {} : { investigation: { name: newest.investigation, live: live.investigation.used, hits } }),
  };
}
