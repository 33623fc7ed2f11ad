import type { NameRules } from '../protocol/names.ts';
import { harmlessBeginnings, harmlessEndings } from './harmless-names.ts';
import { rules } from './rules.ts';

/** `debug` hides secrets and personal data but keeps what debugging lives on; `strict` hides more; `secrets-only` only the floor. */
export const profiles = ['debug', 'strict', 'secrets-only'] as const;
export type Profile = (typeof profiles)[number];

/** Where a value comes from: the pool its agent's enrolment key is bound to, and the service it calls itself. */
export interface RedactionSource {
  pool: string;
  service: string;
}

/** What alone may be shown, beside what says nothing; `allow-list.ts` reads it. */
export interface AllowList {
  /** Phrases of names, as the whole of a name: `order status` is `orderStatus` and not `orderStatusNote`. */
  names: string[];
  /** Names from a variable on, as `order.items[].sku`; `*` is any one name. */
  paths: string[];
}

/** What holds for one source. Secrets are not in it: they are hidden whatever it says. */
export interface RedactionPolicy {
  profile: Profile;
  /** Whether markers carry a keyed tag that is equal for equal values. */
  tags: boolean;
  /** Rule → phrases of names whose values are hidden too, like secrets: in the agent, whole containers included. */
  names: Record<string, string[]>;
  /** Personal classes that are shown although the profile hides them. */
  show: string[];
  /** Personal classes that are hidden although the profile shows them. */
  hide: string[];
  /** Rule → regular expressions in RE2's syntax; what they match is hidden, or their first group where they have one. */
  patterns: Record<string, string[]>;
  /** With any of these nothing is shown but what all of them name. */
  allowLists: AllowList[];
}

/** What policies/redaction.yaml says, for each source. */
export interface RedactionPolicies {
  /** What holds for this source: the same object for the same rules. `base` for a source that is not known. */
  for(source: RedactionSource | undefined): RedactionPolicy;
  /** Hides whatever is hidden for any source. */
  base: RedactionPolicy;
}

/** What holds when nobody wrote a policy. */
export const defaultRedactionPolicy: RedactionPolicy = Object.freeze({
  profile: 'debug',
  tags: true,
  names: {},
  show: [],
  hide: [],
  patterns: {},
  allowLists: [],
});

/** Whether this rule hides anything under the policy. Rules the table does not know are the policy's own, so they do. */
export function applies(policy: RedactionPolicy, rule: string): boolean {
  const known = Object.hasOwn(rules, rule) ? rules[rule] : undefined;
  if (known === undefined || known.kind === 'secret' || policy.hide.includes(rule)) return true;
  if (policy.profile === 'secrets-only' || policy.show.includes(rule)) return false;
  return known.from === 'debug' || policy.profile === 'strict';
}

/** Whether a name of this rule hides everything below it and must not leave the process. */
export function isSecret(policy: RedactionPolicy, rule: string): boolean {
  return Object.hasOwn(policy.names, rule) || !Object.hasOwn(rules, rule) || rules[rule]?.kind === 'secret';
}

/** All names the bridge hides under this policy. */
export function toNameRules(policy: RedactionPolicy): NameRules {
  const hidden: Record<string, string[]> = {};
  for (const [name, rule] of Object.entries(rules)) {
    if (rule.names.length > 0 && applies(policy, name)) hidden[name] = [...rule.names];
  }
  for (const [name, phrases] of Object.entries(policy.names)) hidden[name] = [...(hidden[name] ?? []), ...phrases];
  return { hidden, harmlessEndings: [...harmlessEndings], harmlessBeginnings: [...harmlessBeginnings] };
}

/**
 * The names whose values never leave the program: secrets and the policy's own names, and under `strict` personal data
 * too. Under `debug` personal data is hidden in the bridge, where its marker gets a tag that tells equal values.
 */
export function toAgentRules(policy: RedactionPolicy): NameRules {
  const known = agentRules.get(policy);
  if (known !== undefined) return known;
  const all = toNameRules(policy);
  const hidden = Object.fromEntries(
    Object.entries(all.hidden).filter(([rule]) => policy.profile === 'strict' || isSecret(policy, rule)),
  );
  const made = { ...all, hidden };
  agentRules.set(policy, made);
  return made;
}

/** Many agents are told the same. */
const agentRules = new WeakMap<RedactionPolicy, NameRules>();
