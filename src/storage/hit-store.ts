import { type ActionRecord, type ActionStatus, sharedOutReason } from '../actions/action.ts';
import { completedReason, type HitStore } from '../hits/hit.ts';
import { addsUp } from '../protocol/records-hits.ts';
import { ScrubbedCapture } from '../redaction/capture.ts';
import { finishAction } from './action-store.ts';
import type { Db } from './db.ts';
import { countHitsOf, sharesOut } from './shared-out.ts';

/** Actions deleted by one statement, so that a long backlog never holds locks for long. */
const actionsPerDelete = 500;

/** Hits over the database. */
export function createHitStore(db: Db): HitStore {
  return {
    append: (hit) =>
      db.of(hit.org).tx(async (queries) => {
        const { query } = queries;
        const key = [hit.org, hit.actionId];
        // The lock on the action's row makes hits of one action wait for each other, on every bridge.
        const [action] = await query<{
          status: ActionStatus;
          hits: number;
          max_hits: number;
          max_hits_per_agent: number | null;
          asked: string;
          listeners: string[];
        }>(
          `select status, hits, max_hits, max_hits_per_agent, asked, array_to_json(listeners) as listeners
           from actions where org = $1 and id = $2 for update`,
          key,
        );
        if (action === undefined) return { outcome: 'unknown' };
        const [same] = await query(
          'select 1 as same from hits where org = $1 and action_id = $2 and agent_id = $3 and agent_hit = $4',
          [...key, hit.agentId, hit.agentHit],
        );
        if (same !== undefined) return { outcome: 'duplicate' };
        const goesOn = addsUp(JSON.parse(action.asked) as Pick<ActionRecord, 'kind'>);
        if (action.hits >= action.max_hits) return { outcome: goesOn ? 'beyond' : 'full' };
        // A hit that comes in after the end but before anybody wrote that down still counts: its place is reserved.
        if (action.status !== 'pending') return { outcome: 'ended' };
        const share = action.max_hits_per_agent ?? Number.POSITIVE_INFINITY;
        const given = share < action.max_hits ? await countHitsOf(queries, hit.org, hit.actionId, hit.agentId) : 0;
        if (given >= share) return { outcome: 'full' };
        const number = action.hits + 1;
        await query(
          `insert into hits (org, action_id, number, agent_id, agent_hit, agent_name, captured_at, received_at, capture)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
          [...key, number, hit.agentId, hit.agentHit, hit.agentName, hit.capturedAt, hit.receivedAt, hit.capture.toStored()],
        );
        await query('update actions set hits = $3 where org = $1 and id = $2', [...key, number]);
        await query('update action_targets set hits = hits + 1 where org = $1 and action_id = $2 and agent_id = $3', [
          ...key,
          hit.agentId,
        ]);
        const { listeners } = action;
        if (goesOn) return { outcome: 'stored', number, listeners };
        const isLast = number >= action.max_hits;
        const isShared = !isLast && given + 1 >= share && (await sharesOut(queries, hit.org, hit.actionId, hit.receivedAt));
        if (!isLast && !isShared) return { outcome: 'stored', number, listeners };
        const reason = isLast ? completedReason : sharedOutReason;
        const ended = await finishAction(queries, hit.org, hit.actionId, 'completed', reason, hit.receivedAt);
        return { outcome: 'stored', number, listeners, ended };
      }),

    async page(org, actionId, after, limit) {
      const rows = await db.of(org).query<HitRow>(
        `select action_id, number, agent_id, agent_name, captured_at, received_at, capture from hits
         where org = $1 and action_id = $2 and number > $3 order by number limit $4`,
        [org, actionId, after, limit],
      );
      return rows.map((row) => ({
        actionId: row.action_id,
        number: row.number,
        agentId: row.agent_id,
        agentName: row.agent_name,
        capturedAt: row.captured_at,
        receivedAt: row.received_at,
        capture: ScrubbedCapture.fromStored(row.capture),
      }));
    },

    async prune(endedBefore) {
      for (let total = 0; ; ) {
        const gone = await db.query(
          `delete from actions where (org, id) in
             (select org, id from actions where status <> 'pending' and ended_at < $1 limit ${actionsPerDelete})
           returning 1 as gone`,
          [endedBefore],
        );
        total += gone.length;
        if (gone.length < actionsPerDelete) return total;
      }
    },
  };
}

interface HitRow extends Record<string, unknown> {
  action_id: string;
  number: number;
  agent_id: string;
  agent_name: string;
  captured_at: number;
  received_at: number;
  capture: string;
}
