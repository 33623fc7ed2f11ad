import { z } from 'zod';
import type { Usage } from '../actions/action.ts';
import { type Permit, visibleTools } from '../authorization/authorize.ts';
import { leftOf } from '../quota/charge.ts';
import type { AgentRecord } from '../targets/agent.ts';
import { open } from './fields.ts';
import type { Tool } from './tool.ts';

const input = z.object({});

/** Whether the bridge is well, who the caller is, what it may do and what is left of its quotas. */
export const getStatus: Tool<typeof input> = {
  name: 'get_status',
  title: 'Get status',
  description: `Is the bridge healthy, who am I, what may I use, what is left of each quota. Use it when something is refused.
Example: {}`,
  input,
  output: z.object({
    status: z.string().describe('ok | degraded.'),
    checks: open('Parts that must work.'),
    version: z.string().describe('Of the bridge.'),
    timestamp: z.string().describe('Its time.'),
    caller: open('Who you are, with role, scopes and groups.'),
    tools: z.array(z.string()).describe('Yours.'),
    limits: open('Ceilings of one request.'),
    quotas: z
      .array(open('{quota, limit, used, left, renewsAt, agentId, investigation}.'))
      .describe('Fullest agent, latest investigation.'),
    connectedAgents: z.number().int().describe('Within reach.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ permit }, _input, { services }) {
    const { principal } = permit;
    const now = services.clock.now();
    const [ready, agents, windows, usage] = await Promise.all([
      services.ready(),
      services.connected(principal.org),
      leftOf(services.counters, services.clock, permit),
      services.actions.store.usage(principal.org, principal.subject, now),
    ]);
    const reached = agents.filter((agent) => permit.mayReach(agent));
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
        quotas: [
          ...windows,
          ...quotasOfActions(permit, usage, reached).map((each) => ({ ...each, left: Math.max(0, each.limit - each.used) })),
        ],
        connectedAgents: reached.length,
      },
    };
  },
};

/** Of the agents the fullest is told, of the investigations the one that was placed in last. */
function quotasOfActions({ quotas }: Permit, { principal, org, agents, investigation }: Usage, reached: AgentRecord[]) {
  const [fullest] = reached.map(({ id }) => ({ agentId: id, used: agents.get(id) ?? 0 })).sort((a, b) => b.used - a.used);
  const named = investigation === undefined ? {} : { investigation: investigation.name };
  const { live = 0, hits = 0 } = investigation ?? {};
  return [
    { quota: 'hits_per_investigation', limit: quotas.hitsPerInvestigation, used: hits, ...named },
    { quota: 'concurrent_actions_per_principal', limit: quotas.concurrentActionsPerPrincipal, used: principal },
    { quota: 'concurrent_actions_per_investigation', limit: quotas.concurrentActionsPerInvestigation, used: live, ...named },
    { quota: 'concurrent_actions_per_agent', limit: quotas.concurrentActionsPerAgent, ...(fullest ?? { used: 0 }) },
    { quota: 'concurrent_actions_per_org', limit: quotas.concurrentActionsPerOrg, used: org },
  ];
}
