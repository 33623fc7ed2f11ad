import { type ActionRecord, type ActionStatus, sharedOutReason } from '../actions/action.ts';
import { completedReason, type HitStore, type IncomingHit } from '../hits/hit.ts';
import { mayBeOfBefore, takesLate } from '../hits/late.ts';
import { addsUp } from '../protocol/records-hits.ts';
import { ScrubbedCapture } from '../redaction/capture.ts';
import { finishAction } from './action-store.ts';
import type { Db, Queries } from './db.ts';
import { appendLate } from './late-hits.ts';
import { countHitsOf, sharesOut } from './shared-out.ts';
import { isStored, writeHit } from './write-hit.ts';

/** Actions deleted by one statement, so that a long backlog never holds locks for long. */
const actionsPerDelete = 500;

/** Hits over the database. */
export function createHitStore(db: Db): HitStore {
  return {
    async append(hit) {
      const statements = db.of(hit.org);
      const live = await statements.tx((queries) => appendLive(queries, hit));
      return live.outcome === 'late' ? statements.tx((queries) => appendLate(queries, hit)) : live;
    },

    async foresee({ org, actionId, agentId, agentHit }) {
      // Hits are not taken away from an action that lives, and what it may have is not raised.
      const [action] = await db.of(org).query<{ is_full: boolean; is_stored: boolean; asked: string }>(
        `select a.hits >= a.max_hits as is_full, a.asked, exists
           (select 1 from hits h where h.org = a.org and h.action_id = a.id and h.agent_id = $3 and h.agent_hit = $4) as is_stored
         from actions a where a.org = $1 and a.id = $2`,
        [org, actionId, agentId, agentHit],
      );
      if (action === undefined) return 'unknown';
      if (action.is_stored) return 'duplicate';
      if (!action.is_full) return undefined;
      return addsUp(JSON.parse(action.asked) as Pick<ActionRecord, 'kind' | 'duration'>) ? 'beyond' : 'full';
    },

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

/** Stores a hit of an action that is alive; `late` is for `appendLate`. */
async function appendLive(
  queries: Queries,
  hit: IncomingHit,
): Promise<Awaited<ReturnType<HitStore['append']>> | { outcome: 'late' }> {
  const { query } = queries;
  // The lock on the action's row makes hits of one action wait for each other, on every bridge.
  const [action] = await query<{
    status: ActionStatus;
    hits: number;
    max_hits: number;
    max_hits_per_agent: number | null;
    created_at: number;
    asked: string;
    listeners: string[];
  }>(
    `select status, hits, max_hits, max_hits_per_agent, created_at, asked, array_to_json(listeners) as listeners
     from actions where org = $1 and id = $2 for update`,
    [hit.org, hit.actionId],
  );
  if (action === undefined) return { outcome: 'unknown' };
  if (await isStored(queries, hit)) return { outcome: 'duplicate' };
  const asked = JSON.parse(action.asked) as Pick<ActionRecord, 'kind' | 'duration'>;
  const goesOn = addsUp(asked);
  if (action.hits >= action.max_hits) return { outcome: goesOn ? 'beyond' : 'full' };
  // A hit that comes in after the end but before anybody wrote that down still counts: its place is reserved.
  if (action.status !== 'pending') return { outcome: takesLate(action.status) ? 'late' : 'ended' };
  const share = action.max_hits_per_agent ?? Number.POSITIVE_INFINITY;
  // An agent that is wanted for it is asked again with every welcome, but for one whose place another action has by now.
  const placed = {
    ...asked,
    createdAt: action.created_at,
    maxHits: action.max_hits,
    maxHitsPerAgent: Math.min(share, action.max_hits),
  };
  if (!hit.isAsked && !(mayBeOfBefore(placed, hit) && (await isTarget(queries, hit)))) return { outcome: 'unasked' };
  const given = share < action.max_hits ? await countHitsOf(queries, hit.org, hit.actionId, hit.agentId) : 0;
  if (given >= share) return { outcome: 'full' };
  const number = action.hits + 1;
  await writeHit(queries, hit, number);
  const { listeners } = action;
  if (goesOn) return { outcome: 'stored', number, listeners };
  const isLast = number >= action.max_hits;
  const isShared = !isLast && given + 1 >= share && (await sharesOut(queries, hit.org, hit.actionId, hit.receivedAt));
  if (!isLast && !isShared) return { outcome: 'stored', number, listeners };
  const reason = isLast ? completedReason : sharedOutReason;
  const ended = await finishAction(queries, hit.org, hit.actionId, 'completed', reason, hit.receivedAt);
  return { outcome: 'stored', number, listeners, ended };
}

async function isTarget({ query }: Queries, { org, actionId, agentId }: IncomingHit): Promise<boolean> {
  const found = await query('select 1 as yes from action_targets where org = $1 and action_id = $2 and agent_id = $3', [
    ...[org, actionId, agentId],
  ]);
  return found.length > 0;
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
