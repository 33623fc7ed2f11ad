import type { z } from 'zod';
import { type Role, roles } from '../identity/principal.ts';
import type { Mistake, StrictYaml } from '../lib/strict-yaml.ts';
import type { EffectiveLimits, EffectiveQuotas, Policies, RolePolicy } from './policies.ts';
import type { limitsFile, quotasFile, rolesFile } from './schema.ts';

type Roles = z.output<typeof rolesFile>;
type Limits = z.output<typeof limitsFile>;
type Quotas = z.output<typeof quotasFile>;

/** What each role has once inclusions, its limits and its quotas are worked out; what does not fit goes into `mistakes`. */
export function resolveRoles(
  file: StrictYaml<Roles>,
  limits: StrictYaml<Limits>,
  quotas: StrictYaml<Quotas>,
  tools: readonly string[],
  mistakes: Mistake[],
): Record<Role, RolePolicy> {
  for (const role of roles) {
    for (const [index, tool] of file.value[role].tools.entries()) {
      if (tools.includes(tool)) continue;
      mistakes.push(
        file.mistake([role, 'tools', index], `${role}: there is no tool ${tool}; expected one of ${tools.join(', ')}`),
      );
    }
    for (const [name, limit] of Object.entries(limits.value.roles[role] ?? {})) {
      const all = limits.value.all[name as keyof EffectiveLimits];
      if (limit === undefined || limit <= all) continue;
      mistakes.push(
        limits.mistake(
          ['roles', role, name],
          `${role}: ${name} ${limit} is above the ${all} of everybody; a role may only lower it`,
        ),
      );
    }
  }
  const resolve = (role: Role): RolePolicy => ({
    tools: toolsOf(file, role, mistakes),
    reaches: file.value[role].reaches,
    manages: file.value[role].manages,
    limits: limitsOf(limits.value, role),
    quotas: quotasOf(quotas.value, role),
  });
  return Object.fromEntries(roles.map((role) => [role, resolve(role)])) as Record<Role, RolePolicy>;
}

function toolsOf(file: StrictYaml<Roles>, role: Role, mistakes: Mistake[]): string[] {
  const tools = new Set<string>();
  const seen = new Set<Role>();
  for (let next: Role | undefined = role; next !== undefined; next = file.value[next].includes) {
    if (seen.has(next)) {
      mistakes.push(file.mistake([role, 'includes'], `${role}: it includes itself through ${[...seen].join(' → ')}`));
      break;
    }
    seen.add(next);
    for (const tool of file.value[next].tools) tools.add(tool);
  }
  return [...tools];
}

function limitsOf(limits: Limits, role: Role): EffectiveLimits {
  return { ...limits.all, ...limits.roles[role] };
}

/** The quotas no role can differ in. */
export function sharedQuotas({ all }: Quotas): Policies['shared'] {
  return { concurrentActionsPerAgent: all.concurrent_actions_per_agent, concurrentActionsPerOrg: all.concurrent_actions_per_org };
}

function quotasOf(quotas: Quotas, role: Role): EffectiveQuotas {
  const own = { ...quotas.all, ...quotas.roles[role] };
  return {
    ...sharedQuotas(quotas),
    callsPerHour: own.calls_per_hour,
    refusedCallsPerHour: own.refused_calls_per_hour,
    hitsPerHour: own.hits_per_hour,
    hitsPerInvestigation: own.hits_per_investigation,
    concurrentActionsPerPrincipal: own.concurrent_actions_per_principal,
    concurrentActionsPerInvestigation: own.concurrent_actions_per_investigation,
    concurrentCalls: own.concurrent_calls,
    queuedCalls: own.queued_calls,
  };
}
