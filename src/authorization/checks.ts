import { type Principal, roles, type Scope } from '../identity/principal.ts';
import { matchesGlob } from '../lib/glob.ts';
import type { RefusalDetails } from '../lib/refusal.ts';
import type { Policies, ToolPolicy } from './policies.ts';

/** What a caller brings to a decision. */
export type Caller = Pick<Principal, 'kind' | 'role' | 'scopes' | 'permissions' | 'groups'>;

/** Where an agent stands: what a caller names, once it is resolved. */
export interface Source {
  pool: string;
  service: string;
}

/** What one check found: why it lets the caller pass, or the refusal. */
export type Finding = { check: string; passes: string } | { check: string; refusal: RefusalDetails };

/**
 * The checks of a tool call, in order; the first refusal counts. Exposure comes first, so that a tool this deployment
 * does not have looks the same to everybody; the role before the credential, because a new consent cannot mend a role.
 */
const checks: {
  check: string;
  run: (policies: Policies, caller: Caller, name: string, tool: ToolPolicy) => string | RefusalDetails;
}[] = [
  { check: 'exposure', run: exposed },
  { check: 'role', run: roleAllows },
  { check: 'credential', run: credentialCovers },
];

/** Runs every check of `tool` for `caller`; a tool nobody registered has just the one finding. */
export function examine(policies: Policies, caller: Caller, tool: string): Finding[] {
  const policy = policies.tools[tool];
  if (policy === undefined) {
    const message = `There is no tool ${JSON.stringify(tool.slice(0, 64))}.`;
    return [{ check: 'exposure', refusal: { code: 'unsupported_tool', message, next: 'List the tools to see what there is.' } }];
  }
  return checks.map(({ check, run }) => finding(check, run(policies, caller, tool, policy)));
}

/** Whether the caller's role or groups reach this pool and service. */
export function examineReach(policies: Policies, caller: Caller, { pool, service }: Source): Finding {
  if (policies.roles[caller.role]?.reaches === 'all') return finding('reach', `${caller.role} reaches every pool and service`);
  const group = caller.groups.find((name) => {
    const reach = policies.groups[name];
    return reach?.pools.some((glob) => matchesGlob(glob, pool)) && reach.services.some((glob) => matchesGlob(glob, service));
  });
  if (group !== undefined) return finding('reach', `group ${group} reaches ${service} in pool ${pool}`);
  const groups = caller.groups.length > 0 ? `Your groups (${caller.groups.join(', ')}) do` : 'You are in no group; that does';
  return finding('reach', {
    code: 'org_access_denied',
    message: `${groups} not reach service ${service} in pool ${pool}.`,
    field: 'source',
    next: 'Call list_sources to see what you reach, or ask a company admin to widen a group.',
  });
}

function finding(check: string, result: string | RefusalDetails): Finding {
  return typeof result === 'string' ? { check, passes: result } : { check, refusal: result };
}

function exposed({ exposure }: Policies, _caller: Caller, name: string, tool: ToolPolicy): string | RefusalDetails {
  const denied = exposure.deny.find((glob) => matchesGlob(glob, name));
  const why = !exposure.allow.some((glob) => matchesGlob(glob, name))
    ? 'it is not on the allow list'
    : denied !== undefined
      ? `the deny list has ${denied}`
      : exposure.readOnly && !tool.reads
        ? 'it is read-only'
        : undefined;
  if (why === undefined) return 'this deployment exposes it';
  return {
    code: 'unsupported_tool',
    message: `This deployment does not expose ${name}: ${why}.`,
    next: 'List the tools to see what there is; the operator decides in exposure.yaml.',
  };
}

function roleAllows(policies: Policies, caller: Caller, name: string, tool: ToolPolicy): string | RefusalDetails {
  if (policies.roles[caller.role]?.tools.includes(name)) return `role ${caller.role} has it`;
  const able = roles.filter((role) => policies.roles[role]?.tools.includes(name));
  return {
    code: 'org_access_denied',
    message: `The role ${caller.role} does not have ${name}; ${able.length > 0 ? `${able.join(', ')} do` : 'no role does'}.`,
    next: able[0] === undefined ? 'Ask the operator: roles.yaml decides.' : howToGet(caller, able[0], tool),
    data: { role: caller.role, roles: able },
  };
}

function credentialCovers(_policies: Policies, caller: Caller, name: string, tool: ToolPolicy): string | RefusalDetails {
  const missingScopes = caller.scopes.includes(tool.scope) ? [] : [tool.scope];
  // Dev API and its like are what a key is given; a person signs in with a role instead.
  const missingPermissions =
    caller.kind === 'person' ? [] : tool.permissions.filter((each) => !caller.permissions.includes(each));
  const missing = [
    ...missingPermissions.map((each) => `the permission ${each}`),
    ...missingScopes.map((each) => `the scope ${each}`),
  ];
  if (missing.length === 0) return `carries ${[tool.scope, ...(caller.kind === 'person' ? [] : tool.permissions)].join(' and ')}`;
  return {
    code: 'insufficient_scope',
    message: `${caller.kind === 'person' ? 'This sign-in' : 'This API key'} lacks ${missing.join(' and ')}, which ${name} needs.`,
    next: howToGet(caller, caller.role, tool),
    // `scope` is what a step-up challenge asks for: clients drop what they had, so granted and needed go together.
    data: { missingScopes, missingPermissions, scope: neededScopes(caller, tool).join(' ') },
  };
}

function howToGet(caller: Caller, role: string, tool: ToolPolicy): string {
  if (caller.kind === 'person') {
    return role === caller.role ? `Sign in again and consent to ${tool.scope}.` : `Ask a company admin for the role ${role}.`;
  }
  const scopes = neededScopes(caller, tool).join(',');
  return `Use a key that may: sidelight keys create --name NAME --role ${role} --scopes ${scopes} --permissions ${tool.permissions.join(',')}`;
}

function neededScopes(caller: Caller, tool: ToolPolicy): Scope[] {
  return [...new Set([...caller.scopes, tool.scope])];
}
