import { z } from 'zod';
import { permissions, type Role, roles, scopes } from '../identity/principal.ts';
import { refusals } from '../lib/refusal.ts';
import { only } from '../lib/strict-yaml.ts';
import { engines } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';

/** Largest number a quota may name; a slip of the finger is not a way to have no quota. */
const maxQuota = 1_000_000;

const toolName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'expected a tool name: snake_case, at most 40 characters');
const groupName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/i, 'expected a group name of at most 64 letters, digits, `_`, `.` and `-`');
const glob = z.string().min(1).max(200);
const quota = z.int().min(1).max(maxQuota);

const perRole = <Value extends z.ZodType>(value: Value) =>
  only(Object.fromEntries(roles.map((role) => [role, value])) as Record<Role, Value>);

/** roles.yaml: what each role may call, what it reaches, and whose actions it manages. */
export const rolesFile = perRole(
  only({
    includes: z.enum(roles).optional(),
    tools: z.array(toolName),
    reaches: z.enum(['groups', 'all']),
    manages: z.enum(['own', 'pools', 'all']),
  }),
);

/** tools.yaml: what a credential must carry for each tool. */
export const toolsFile = z.record(
  toolName,
  only({ scope: z.enum(scopes), permissions: z.array(z.enum(permissions)).min(1), reads: z.boolean() }),
);

/** groups.yaml: which pools and services the members of a group reach. */
export const groupsFile = z.record(groupName, only({ pools: z.array(glob), services: z.array(glob) }));

const limitNumbers = {
  maxHits: z.int().min(limits.minHits).max(limits.maxHits),
  maxTimeoutSeconds: z.int().min(limits.minTimeoutSeconds).max(limits.maxTimeoutSeconds),
  maxExpressions: z.int().min(1).max(limits.maxExpressions),
  maxDepth: z.int().min(1).max(limits.maxDepth),
};

/** limits.yaml: ceilings of one request; the protocol's own cannot be raised. */
export const limitsFile = only({
  all: only(limitNumbers),
  roles: perRole(only(limitNumbers).partial().optional()),
  agents: only({
    maxShare: z.number().min(0).max(limits.maxShare),
    maxArmMs: z.int().min(0).max(limits.maxArmMs),
    engines: z.array(z.enum(engines)).min(1),
  })
    .partial()
    .optional(),
});

const personalQuotas = {
  calls_per_hour: quota,
  refused_calls_per_hour: quota,
  hits_per_hour: quota,
  hits_per_investigation: quota,
  concurrent_actions_per_principal: quota,
  concurrent_actions_per_investigation: quota,
  concurrent_calls: z.int().min(1).max(1_000),
  queued_calls: z.int().min(0).max(1_000),
};

/** quotas.yaml: how much in an hour and how much at once; what all share cannot differ by role. */
export const quotasFile = only({
  all: only({
    ...personalQuotas,
    // Numbers that came later: a file without them stays good.
    refused_calls_per_hour: quota.default(1_000),
    hits_per_investigation: quota.default(250),
    concurrent_actions_per_investigation: quota.default(8),
    concurrent_actions_per_agent: z.int().min(1).max(limits.maxActionsPerAgent),
    concurrent_actions_per_org: quota,
  }),
  roles: perRole(only(personalQuotas).partial().optional()),
});

/** exposure.yaml: which tools this deployment has at all. */
export const exposureFile = only({ read_only: z.boolean(), allow: z.array(glob), deny: z.array(glob) });

const source = only({ pool: z.string().min(1), service: z.string().min(1) });

/** cases.yaml: decisions that must hold. */
export const casesFile = z
  .array(
    only({
      as: only({
        kind: z.enum(['api_key', 'person']).default('api_key'),
        role: z.enum(roles),
        scopes: z.array(z.enum(scopes)),
        permissions: z.array(z.enum(permissions)),
        groups: z.array(groupName),
      }),
      tool: z.string(),
      source: source.optional(),
      action: only({ of: z.enum(['self', 'other']), pool: z.string().min(1), service: z.string().min(1) }).optional(),
      expect: z.enum(['allow', ...(Object.keys(refusals) as (keyof typeof refusals)[])]),
    }),
  )
  .min(1);
