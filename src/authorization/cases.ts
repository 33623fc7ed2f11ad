import type { Principal } from '../identity/principal.ts';
import { Refusal, type RefusalCode } from '../lib/refusal.ts';
import { authorize } from './authorize.ts';
import type { Policies, PolicyCase } from './policies.ts';

/** The decision on one case, through the same door as every call: `allow`, or the code of the refusal. */
function decide(policies: Policies, { as, tool, source, action }: PolicyCase): 'allow' | RefusalCode {
  const principal: Principal = { ...as, org: 'cases', subject: 'self', name: 'a case' };
  try {
    const permit = authorize(policies, principal, tool);
    if (source !== undefined) permit.requireReach(source);
    if (action !== undefined) permit.requireManage({ org: principal.org, principal: action.of, targets: [action] });
    return 'allow';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

/**
 * What a case decided instead of what it expects, or undefined when it holds. A registered tool that this deployment does
 * not expose keeps every case about it: exposure only ever takes away, and read-only mode needs no new cases.
 */
export function broken(policies: Policies, each: PolicyCase): 'allow' | RefusalCode | undefined {
  const decision = decide(policies, each);
  if (decision === each.expect) return undefined;
  return decision === 'unsupported_tool' && policies.tools[each.tool] !== undefined ? undefined : decision;
}
