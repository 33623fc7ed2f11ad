import { z } from 'zod';
import { visibleTools } from '../authorization/authorize.ts';
import { leftOf } from '../quota/charge.ts';
import { open } from './fields.ts';
import type { Tool } from './tool.ts';

const input = z.object({});

/** Whether the bridge is well, who the caller is, what it may do and what is left of its quotas. */
export const getStatus: Tool<typeof input> = {
  name: 'get_status',
  title: 'Get status',
  description: `Is the bridge healthy, who am I, which tools may I use, within which limits, what is left of each quota, how many agents are connected. Use it first when something is refused.
Example: {}`,
  input,
  output: z.object({
    status: z.string().describe('ok | degraded.'),
    checks: open('Each part that must work.'),
    version: z.string().describe('Version of the bridge.'),
    timestamp: z.string().describe('Its time.'),
    caller: open('{subject, name, organisation, kind, role, scopes, permissions, groups, expiresAt}.'),
    tools: z.array(z.string()).describe('Tools you may use.'),
    limits: open('Ceilings of one request.'),
    quotas: z.array(open('{quota, limit, used, left, renewsAt}.')).describe('What is left.'),
    connectedAgents: z.number().int().describe('Agents you may reach.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ permit }, _input, { services }) {
    const { principal } = permit;
    const now = services.clock.now();
    const [ready, agents, windows, concurrent] = await Promise.all([
      services.ready(),
      services.agents(principal.org),
      leftOf(services.counters, services.clock, permit),
      services.actions.store.concurrent(principal.org, principal.subject, now),
    ]);
    const atOnce = [
      {
        quota: 'concurrent_actions_per_principal',
        limit: permit.quotas.concurrentActionsPerPrincipal,
        used: concurrent.principal,
      },
      { quota: 'concurrent_actions_per_org', limit: permit.quotas.concurrentActionsPerOrg, used: concurrent.org },
    ];
    const { subject, name, org, kind, role, scopes, permissions, groups, expiresAt } = principal;
    return {
      structured: {
        status: ready.ok ? 'ok' : 'degraded',
        checks: ready.checks,
        version: services.version,
        timestamp: new Date(now).toISOString(),
        caller: {
          subject,
          name,
          organisation: org,
          kind,
          role,
          scopes,
          permissions,
          groups,
          ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
        },
        tools: visibleTools(services.policies(), principal),
        limits: { ...permit.limits },
        quotas: [...windows, ...atOnce.map((each) => ({ ...each, left: Math.max(0, each.limit - each.used) }))],
        connectedAgents: agents.filter((agent) => agent.connected && permit.mayReach(agent)).length,
      },
    };
  },
};
