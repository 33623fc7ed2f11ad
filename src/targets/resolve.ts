import type { Permit } from '../authorization/authorize.ts';
import { Refusal } from '../lib/refusal.ts';
import type { AgentRecord } from './agent.ts';
import { fits } from './fits.ts';
import type { SourceSelector } from './source.ts';

/** Agents one action may be placed on at once; more would make a fan-out nobody asked for. */
export const maxTargets = 200;

/** The connected agents a source means, of those the caller may reach. A miss is refused with what there is. */
export function resolve(permit: Permit, connected: AgentRecord[], source: SourceSelector): AgentRecord[] {
  const targets = connected.filter((agent) => fits(agent, source) && permit.mayReach(agent));
  if (targets.length === 0) throw missing(permit, connected, source);
  if (isEmpty(source) && new Set(targets.map((agent) => agent.service)).size > 1) throw ambiguous(targets);
  if (targets.length > maxTargets) throw tooMany(targets.length);
  return targets;
}

function missing(permit: Permit, connected: AgentRecord[], source: SourceSelector): Refusal {
  const reachable = connected.filter((agent) => permit.mayReach(agent));
  if (connected.some((agent) => fits(agent, source))) {
    return new Refusal({
      code: 'org_access_denied',
      message: `${describe(source)} is connected, but in a pool or service that the groups of ${permit.principal.name} do not reach.`,
      field: firstField(source),
      next: 'Ask an administrator to add the pool or service to one of your groups, or choose a source that list_sources shows.',
    });
  }
  const wrong = (Object.keys(source) as (keyof SourceSelector)[]).find(
    (field) => source[field] !== undefined && !reachable.some((agent) => fits(agent, { [field]: source[field] })),
  );
  return new Refusal({
    code: 'not_found',
    message: `No connected agent is ${describe(source)}.`,
    field: wrong === undefined ? 'source' : `source.${wrong}`,
    next:
      reachable.length === 0
        ? 'No agent is connected that you may reach. Start a program with the agent, then call list_sources.'
        : 'Choose from the sources in data.connected, or call list_sources for more.',
    data: { connected: summary(reachable) },
  });
}

function ambiguous(targets: AgentRecord[]): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message: 'The source is empty and several services are connected.',
    field: 'source.service',
    next: 'Name the service; data.connected lists them.',
    data: { connected: summary(targets) },
  });
}

function tooMany(count: number): Refusal {
  return new Refusal({
    code: 'limit_exceeded',
    message: `The source means ${count} agents; one action may be placed on at most ${maxTargets}.`,
    field: 'source',
    next: 'Narrow it by version, tag, pool or agentIds.',
  });
}

const isEmpty = (source: SourceSelector) => Object.values(source).every((part) => part === undefined);
const firstField = (source: SourceSelector) => `source.${Object.keys(source)[0] ?? 'service'}`;

function describe(source: SourceSelector): string {
  const parts = Object.entries(source).filter(([, part]) => part !== undefined);
  if (parts.length === 0) return 'a source you may reach';
  return parts.map(([field, part]) => `${field} ${JSON.stringify(part)}`).join(' and ');
}

/** At most 20 services with their environments, so that a refusal stays readable. */
function summary(agents: AgentRecord[]): { service: string; environment?: string; pool: string; agents: number }[] {
  const groups = new Map<string, { service: string; environment?: string; pool: string; agents: number }>();
  for (const { service, environment, pool } of agents) {
    const key = JSON.stringify([service, environment, pool]);
    const group = groups.get(key) ?? { service, ...(environment === undefined ? {} : { environment }), pool, agents: 0 };
    group.agents += 1;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.agents - a.agents).slice(0, 20);
}
