import type { AgentRecord } from './agent.ts';

/** What list_sources shows of one service: where it runs and in which versions. */
export interface ServiceSummary {
  service: string;
  environments: string[];
  pools: string[];
  versions: string[];
  connectedAgents: number;
}

/** Services of these agents, those with most connected agents first. */
export function summarise(agents: AgentRecord[]): ServiceSummary[] {
  const services = new Map<string, AgentRecord[]>();
  for (const agent of agents) {
    const same = services.get(agent.service);
    if (same === undefined) services.set(agent.service, [agent]);
    else same.push(agent);
  }
  return [...services]
    .map(([service, of]) => ({
      service,
      environments: distinct(of.map((agent) => agent.environment)),
      pools: distinct(of.map((agent) => agent.pool)),
      versions: distinct(of.map((agent) => agent.version)),
      connectedAgents: of.filter((agent) => agent.connected).length,
    }))
    .sort((a, b) => b.connectedAgents - a.connectedAgents || (a.service < b.service ? -1 : 1));
}

export interface Recommendation {
  source: { service: string; environment?: string };
  why: string;
}

/**
 * The source most likely meant: a connected service whose name holds the words asked for, else the only one; where it
 * runs in several environments, the one with most agents.
 */
export function recommend(agents: AgentRecord[], asked: string | undefined): Recommendation | undefined {
  const connected = agents.filter((agent) => agent.connected);
  const services = summarise(connected);
  const named =
    asked === undefined ? undefined : services.find((service) => service.service.toLowerCase().includes(asked.toLowerCase()));
  const chosen = named ?? (services.length === 1 ? services[0] : undefined);
  if (chosen === undefined) return undefined;
  const environment = mostCommon(connected.filter((agent) => agent.service === chosen.service).map((agent) => agent.environment));
  const how = named === undefined ? 'It is the only connected service' : `Its name fits ${JSON.stringify(asked)}`;
  return {
    source: { service: chosen.service, ...(environment === undefined ? {} : { environment }) },
    why: `${how}; ${chosen.connectedAgents} agent${chosen.connectedAgents === 1 ? '' : 's'} connected.`,
  };
}

function distinct(values: (string | undefined)[]): string[] {
  return [...new Set(values.filter((value) => value !== undefined))].sort();
}

function mostCommon(values: (string | undefined)[]): string | undefined {
  const counts = new Map<string | undefined, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
