import { z } from 'zod';
import type { AgentRecord } from '../targets/agent.ts';
import { recommend, summarise } from '../targets/directory.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { next, open, shortText } from './fields.ts';
import type { Tool } from './tool.ts';

const input = z.object({
  query: shortText(200).optional().describe('Words in any name, host, pod or tag.'),
  service: shortText(200).optional().describe('Service.'),
  environment: shortText(200).optional().describe('Environment.'),
  pool: shortText(200).optional().describe('Pool.'),
  tag: shortText(200).optional().describe('Tag.'),
  includeDisconnected: z.boolean().default(false).describe('Also those of the last hour.'),
  limit: z.number().int().min(1).max(100).default(20).describe('Page size.'),
  cursor: shortText(300).optional().describe('nextCursor before.'),
});

const output = z.object({
  recommended: open('Source most likely meant: {source, why}.'),
  services: z.array(open('{service, environments, pools, versions, connectedAgents}.')).describe('At most 50.'),
  agents: z
    .array(open('{agentId, name, service, version, commit, environment, pool, host, tags, connected, …}.'))
    .describe('One page.'),
  totalAgents: z.number().int().describe('On all pages.'),
  nextCursor: z.string().describe('Of the next page.'),
  next,
});

/** Services listed in one answer. */
const maxServices = 50;

/** What runs and can be debugged by this caller, and which source is probably meant. */
export const listSources: Tool<typeof input> = {
  name: 'list_sources',
  title: 'List sources',
  description: `List the running programs you can inspect: services with environments, versions and pools, and agents. Use it first, to learn what to name; it recommends one.
Example: {"query":"checkout"}`,
  input,
  output,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  async run({ permit }, { query, includeDisconnected, limit, cursor, ...filter }, { services }) {
    const { org } = permit.principal;
    const known = await (includeDisconnected ? services.agents(org) : services.connected(org));
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
