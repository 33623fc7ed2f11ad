import { z } from 'zod';
import type { AgentRecord } from '../targets/agent.ts';
import { recommend, summarise } from '../targets/directory.ts';
import { readCursor, writeCursor } from './cursor.ts';
import type { Tool } from './tool.ts';

const input = z.object({
  query: z
    .string()
    .max(200)
    .optional()
    .describe('Words to look for in service, agent name, host, pod and tags, for example "checkout".'),
  service: z.string().max(200).optional().describe('Only this service.'),
  environment: z.string().max(200).optional().describe('Only this environment.'),
  pool: z.string().max(200).optional().describe('Only this pool.'),
  tag: z.string().max(200).optional().describe('Only agents with this tag.'),
  includeDisconnected: z.boolean().default(false).describe('Also agents seen within the last hour that are not connected now.'),
  limit: z.number().int().min(1).max(100).default(20).describe('At most this many agents, 1 to 100; default 20.'),
  cursor: z.string().max(300).optional().describe('nextCursor of the answer before, for the next page.'),
});

const agent = z.object({
  agentId: z.string().describe('Id for source.agentIds.'),
  name: z.string().describe('Name.'),
  service: z.string().describe('Service.'),
  version: z.string().optional().describe('Service version.'),
  commit: z.string().optional().describe('Deployed commit.'),
  environment: z.string().optional().describe('Environment.'),
  pool: z.string().describe('Pool.'),
  runtime: z.string().describe('Language and runtime version.'),
  host: z.string().describe('Host.'),
  pid: z.number().int().describe('Process id.'),
  pod: z.string().optional().describe('Pod.'),
  tags: z.array(z.string()).describe('Tags.'),
  kinds: z.array(z.string()).describe('Kinds of action this agent can take.'),
  connected: z.boolean().describe('Whether it is connected now.'),
  startedAt: z.string().describe('When the process started, ISO 8601.'),
  lastSeenAt: z.string().describe('When it was last heard of, ISO 8601.'),
});

const output = z.object({
  recommended: z
    .object({
      source: z.record(z.string(), z.string()).describe('Give this as source.'),
      why: z.string().describe('Why.'),
    })
    .describe('The source most likely meant; absent when nothing stands out.'),
  services: z
    .array(
      z.object({
        service: z.string().describe('Service.'),
        environments: z.array(z.string()).describe('Environments it runs in.'),
        pools: z.array(z.string()).describe('Pools it runs in.'),
        versions: z.array(z.string()).describe('Versions that run.'),
        connectedAgents: z.number().int().describe('Agents connected now.'),
      }),
    )
    .describe('All services that fit, those with most agents first, at most 50.'),
  agents: z.array(agent).describe('One page of the agents that fit.'),
  totalAgents: z.number().int().describe('Agents that fit on all pages.'),
  nextCursor: z.string().describe('Give it as cursor for the next page; absent on the last.'),
});

/** Services listed in one answer. */
const maxServices = 50;

/** What runs and can be debugged by this caller, and which source is probably meant. */
export const listSources: Tool<typeof input> = {
  name: 'list_sources',
  title: 'List sources',
  description: `List the running programs you can inspect: services with their environments, versions and pools, and agents with commit, runtime, host and tags. Use it first, to learn which service to name in take_snapshot; it recommends one.
Filter by words (query), service, environment, pool or tag; pages of 20.
Example: {"query":"checkout"}`,
  input,
  output,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  async run({ permit }, { query, includeDisconnected, limit, cursor, ...filter }, { services }) {
    const known = await services.agents(permit.principal.org);
    const fitting = known
      .filter(
        (each) =>
          permit.mayReach(each) && (includeDisconnected || each.connected) && passes(each, filter) && mentions(each, query),
      )
      .sort((a, b) => order(key(a), key(b)));
    const after = cursor === undefined ? undefined : readCursor(cursor, z.object({ after: z.string() })).after;
    const rest = after === undefined ? fitting : fitting.filter((each) => order(key(each), after) > 0);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    const recommended = recommend(fitting, query ?? filter.service);
    return {
      structured: {
        ...(recommended === undefined ? {} : { recommended }),
        services: summarise(fitting).slice(0, maxServices),
        agents: page.map(describe),
        totalAgents: fitting.length,
        ...(rest.length > limit && last !== undefined ? { nextCursor: writeCursor({ after: key(last) }) } : {}),
      },
      ...(recommended === undefined
        ? {}
        : { next: { tool: 'take_snapshot', why: recommended.why, arguments: { source: recommended.source } } }),
    };
  },
};

const key = (each: AgentRecord) => `${each.service}\n${each.id}`;
const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function passes(
  each: AgentRecord,
  { service, environment, pool, tag }: { service?: string; environment?: string; pool?: string; tag?: string },
): boolean {
  return (
    (service === undefined || each.service === service) &&
    (environment === undefined || each.environment === environment) &&
    (pool === undefined || each.pool === pool) &&
    (tag === undefined || each.tags.includes(tag))
  );
}

function mentions(each: AgentRecord, query: string | undefined): boolean {
  if (query === undefined) return true;
  const text = [each.service, each.name, each.host, each.pod ?? '', ...each.tags].join('\n').toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function describe(each: AgentRecord) {
  const { version, commit, environment, pod } = each;
  return {
    agentId: each.id,
    name: each.name,
    service: each.service,
    ...(version === undefined ? {} : { version }),
    ...(commit === undefined ? {} : { commit }),
    ...(environment === undefined ? {} : { environment }),
    pool: each.pool,
    runtime: `${each.runtime.language} (${each.runtime.name} ${each.runtime.version})`,
    host: each.host,
    pid: each.pid,
    ...(pod === undefined ? {} : { pod }),
    tags: each.tags,
    kinds: each.capabilities.kinds,
    connected: each.connected,
    startedAt: new Date(each.startedAt).toISOString(),
    lastSeenAt: new Date(each.lastSeenAt).toISOString(),
  };
}
