import { createHmac, randomBytes } from 'node:crypto';
import type { RedactionPolicy } from './policy.ts';

/** A process trusts its own scrubbing only: another one, or this one before an update, may have known fewer rules. */
const process = randomBytes(16);
const known = new WeakMap<RedactionPolicy, string>();

/** Names scrubbing under this policy by this process. What was scrubbed under the same name need not be scrubbed again. */
export function passOf(policy: RedactionPolicy): string {
  const before = known.get(policy);
  if (before !== undefined) return before;
  const { profile, tags, names, show, hide, patterns, allowLists } = policy;
  const pass = createHmac('sha256', process)
    .update(JSON.stringify([profile, tags, names, show, hide, patterns, allowLists]))
    .digest('hex')
    .slice(0, 32);
  known.set(policy, pass);
  return pass;
}
