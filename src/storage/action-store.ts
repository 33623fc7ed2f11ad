import type { ActionRecord, ActionStore, EndedStatus } from '../actions/action.ts';
import { recordsHits } from '../protocol/records-hits.ts';
import { type ActionRow, actionColumns, goneStates, isLive, listedColumns, reportText, toAction } from './action-rows.ts';
import type { AuditChain } from './audit-chain.ts';
import { giveBack } from './counter-store.ts';
import type { Db, Queries } from './db.ts';
import { addToEach, dropGone } from './late-targets.ts';
import { lazily } from './lazily.ts';
import { hitsPerHour, lockPlacements, placeAction } from './place-action.ts';
import { lastingOf, reported } from './reported.ts';
import { isSharedOut } from './shared-out.ts';
import { countOnAgents, usageOf } from './usage.ts';

/** Rows one statement hands out at most; an organisation is allowed far fewer live actions. */
const maxRows = 10_000;

/** Actions and their targets over the database. */
export function createActionStore(db: Db, chain: AuditChain): ActionStore {
  return {
    place: (action, quota, record) =>
      db.of(action.org).tx(async (queries) => {
        const result = await placeAction(queries, action, quota);
        if (result.ok && record !== undefined) await chain.appendWithin(queries, [record]);
        return result;
      }),

    async get(org, id) {
      const [action] = await select(db.of(org), 'where a.org = $1 and a.id = $2', [org, id], actionColumns);
      return action;
    },

    list: (org, { principal, investigation, status, before, limit }) =>
      select(
        db.of(org),
        `where a.org = $1 and ($2::text is null or a.principal = $2) and ($3::text is null or a.status = $3)
           and ($4::text is null or a.investigation = $4)
           and ($5::int8 is null or (a.created_at, a.id) < ($5, $6::text))
         order by a.created_at desc, a.id desc limit $7`,
        [
          ...[org, principal ?? null, status ?? null, investigation ?? null],
          ...[before?.createdAt ?? null, before?.id ?? null, Math.min(limit, maxRows)],
        ],
      ),

    liveOn: (org, agentId, now) =>
      select(
        db.of(org),
        `join action_targets t on t.org = a.org and t.action_id = a.id and t.agent_id = $2
         where a.org = $1 and ${isLive('$3')} order by a.created_at, a.id limit ${maxRows}`,
        [org, agentId, now],
      ),

    live: (org, now) =>
      select(db.of(org), `where a.org = $1 and ${isLive('$2')} order by a.created_at, a.id limit ${maxRows}`, [org, now]),

    addTargets: (org, ids, target, { perAgent, perAction }, now) =>
      db.of(org).tx(async (queries) => {
        await lockPlacements(queries, org);
        const used = (await countOnAgents(queries, org, [target.agentId], now)).get(target.agentId)?.used ?? 0;
        await dropGone(queries, org, ids, perAction);
        return addToEach(queries, org, ids, target, { actions: Math.max(0, perAgent - used), perAction }, now);
      }),

    setTarget: async (org, id, target) => {
      const [row] = await reported(db.of(org), org, id, target, lazily);
      return { listeners: row?.listeners ?? [] };
    },

    finish: (org, id, status, reason, now) =>
      db.of(org).tx(async (queries) => {
        // An agent that is just given the action is seen, or finds that it has ended.
        if (status === 'failed') await lockPlacements(queries, org);
        return finishAction(queries, org, id, status, reason, now);
      }),

    overdue: (now) =>
      db.query(`select org, id from actions where status = 'pending' and expires_at <= $1 order by expires_at limit ${maxRows}`, [
        now,
      ]),

    sharedOut: (now) =>
      db.query(
        `select a.org, a.id from actions a where a.status = 'pending' and a.max_hits_per_agent is not null and ${isSharedOut('$1')}
         limit ${maxRows}`,
        [now],
      ),

    giveUp: async (org, id, target) => {
      await db.of(org).query(
        `update action_targets t set state = $4, report = (${lastingOf('report')} || $5::jsonb)::text
         where org = $1 and action_id = $2 and agent_id = $3 and t.state = 'pending' and ${lazily}`,
        [org, id, target.agentId, target.state, reportText(target)],
      );
    },

    listen: async (org, id, replica) => {
      await db
        .of(org)
        .query(
          'update actions set listeners = listeners || $3::text where org = $1 and id = $2 and not $3::text = any(listeners)',
          [org, id, replica],
        );
    },

    placedSince: (since) =>
      select(db, `where a.status = 'pending' and a.created_at >= $1 order by a.created_at, a.id limit ${maxRows}`, [since]),

    async leftBehind(replica, from, to, now) {
      const rows = await db.query<{ org: string; id: string; agent_id: string; status: EndedStatus }>(
        `select a.org, a.id, t.agent_id, a.status from actions a
         join action_targets t on t.org = a.org and t.action_id = a.id and t.state not in ${goneStates}
         join agents g on g.org = t.org and g.id = t.agent_id and g.connected and g.replica = $1
         where a.status <> 'pending' and a.ended_at >= $2 and (a.ended_at < $3 or a.ended_at > $4) limit ${maxRows}`,
        [replica, from, to, now],
      );
      return rows.map(({ agent_id: agentId, ...row }) => ({ ...row, agentId }));
    },

    usage: (org, principal, now) => usageOf(db.of(org), org, principal, now),
  };
}

/** Whether an agent has the action `a`, or is to get it. */
const hasLiveTarget = `exists (
  select 1 from action_targets t where t.org = a.org and t.action_id = a.id and t.state not in ${goneStates})`;

/** pending → a final status, once, inside a transaction; hits that were reserved and not spent go back to their window. */
export async function finishAction(
  queries: Queries,
  org: string,
  id: string,
  status: EndedStatus,
  reason: string,
  now: number,
): Promise<ActionRecord | undefined> {
  const rows = await queries.query<ActionRow>(
    `update actions a set status = $3, status_reason = $4, ended_at = $5
     where a.org = $1 and a.id = $2 and a.status = 'pending' ${status === 'failed' ? `and not ${hasLiveTarget}` : ''}
     returning ${actionColumns}`,
    [org, id, status, reason, now],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const action = toAction(row);
  // One that records no hits costs a single one, which is spent once it was placed.
  const unspent = recordsHits(action) || status === 'failed' ? action.maxHits - action.hits : 0;
  if (unspent > 0) await giveBack(queries, { ...hitsPerHour, org, subject: action.principal, amount: unspent }, action.createdAt);
  return action;
}

async function select(
  queries: Queries,
  where: string,
  parameters: unknown[],
  columns: string = listedColumns,
): Promise<ActionRecord[]> {
  return (await queries.query<ActionRow>(`select ${columns} from actions a ${where}`, parameters)).map(toAction);
}
