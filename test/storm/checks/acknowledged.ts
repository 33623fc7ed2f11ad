import type { StormAgent, Told } from '../agents.ts';
import type { Stored } from './rows.ts';
import { must } from './violation.ts';

/** What was acknowledged to an honest agent is stored, unless its action had ended, its time was up, or it had all that it may. */
export function checkAcknowledged(
  fresh: readonly { agent: StormAgent; told: Told }[],
  { actions, hits }: Stored,
  now: number,
): void {
  for (const { agent, told } of fresh) {
    const { id } = agent.agent;
    if (!agent.isHonest || hits.some((hit) => hit.action === told.id && hit.agent === id && hit.agent_hit === told.hit)) continue;
    const action = actions.find((one) => one.id === told.id);
    if (action === undefined || action.status !== 'pending' || action.expires_at <= now) continue;
    if (action.hits >= action.max_hits) continue;
    const given = hits.filter((hit) => hit.action === told.id && hit.agent === id).length;
    if (given >= (action.max_hits_per_agent ?? action.max_hits)) continue;
    must(false, 'what is acknowledged is stored', () => `hit ${told.hit} of ${told.id}, by ${id}`);
  }
}
