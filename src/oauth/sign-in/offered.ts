import { keyRules } from '../../authorization/administer.ts';
import { visibleTools } from '../../authorization/authorize.ts';
import type { Policies } from '../../authorization/policies.ts';
import { accountId, type Person } from '../../identity/people.ts';
import type { Scope } from '../../identity/principal.ts';

/** Of the scopes asked for, those that open at least one tool, or the keys, to this person: the others are not offered, so nobody consents to nothing. */
export function offeredScopes(
  policies: Policies,
  { org, subject, name, role, groups }: Person,
  asked: readonly Scope[],
): Scope[] {
  const nobodyYet = { kind: 'person' as const, scopes: [], permissions: [], credentialId: accountId({ org, subject }) };
  const tools = visibleTools(policies, { org, subject, name, role, groups, ...nobodyYet });
  const useful = new Set(tools.map((tool) => policies.tools[tool]?.scope));
  if (keyRules[role].manages !== 'none') useful.add('runtime:admin');
  return asked.filter((scope) => useful.has(scope));
}
