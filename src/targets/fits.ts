import type { AgentRecord } from './agent.ts';
import type { SourceSelector } from './source.ts';

/** Whether an agent is part of a source: every part that is given must fit, letter by letter. */
export function fits(agent: AgentRecord, source: SourceSelector): boolean {
  return (
    (source.service === undefined || agent.service === source.service) &&
    (source.environment === undefined || agent.environment === source.environment) &&
    (source.version === undefined || agent.version === source.version) &&
    (source.pool === undefined || agent.pool === source.pool) &&
    (source.tag === undefined || agent.tags.includes(source.tag)) &&
    (source.agentIds === undefined || source.agentIds.includes(agent.id))
  );
}
