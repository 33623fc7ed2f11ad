import type { IncomingHit } from '../hits/hit.ts';
import type { Queries } from './db.ts';

/** Whether it is stored already: agents send again what they do not know to be stored. */
export async function isStored({ query }: Queries, { org, actionId, agentId, agentHit }: IncomingHit): Promise<boolean> {
  const [same] = await query(
    'select 1 as same from hits where org = $1 and action_id = $2 and agent_id = $3 and agent_hit = $4',
    [org, actionId, agentId, agentHit],
  );
  return same !== undefined;
}

/** Writes it under its number and counts it, on its action and its target. The lock on the action's row is held. */
export async function writeHit({ query }: Queries, hit: IncomingHit, number: number): Promise<void> {
  const key = [hit.org, hit.actionId];
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
}
