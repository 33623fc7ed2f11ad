import { isLive } from './action-rows.ts';
import type { Queries } from './db.ts';

/** Live actions of all organisations, by kind. */
export async function liveActions({ query }: Queries, now: number): Promise<Record<string, number>> {
  const rows = await query<{ kind: string; live: number }>(
    `select a.asked::jsonb->>'kind' as kind, count(*)::int8 as live from actions a where ${isLive('$1')} group by 1`,
    [now],
  );
  return Object.fromEntries(rows.map(({ kind, live }) => [kind, live]));
}
