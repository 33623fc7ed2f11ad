import { z } from 'zod';
import { only, parseStrictYaml, refuseMistakes } from '../lib/strict-yaml.ts';
import type { NameRules } from '../protocol/names.ts';
import { harmlessBeginnings, harmlessEndings } from './harmless-names.ts';
import { rules } from './rules.ts';

/** `debug` hides secrets and personal data but keeps what debugging lives on; `strict` hides more; `secrets-only` only the floor. */
export const profiles = ['debug', 'strict', 'secrets-only'] as const;
export type Profile = (typeof profiles)[number];

/** What policies/redaction.yaml says. Secrets are not in it: they are hidden whatever it says. */
export interface RedactionPolicy {
  profile: Profile;
  /** Whether markers carry a keyed tag that is equal for equal values. */
  tags: boolean;
  /** Rule → phrases of names whose values are hidden too, like secrets: in the agent, whole containers included. */
  names: Record<string, string[]>;
  /** Personal classes that are shown although the profile hides them. */
  show: string[];
}

/** Ceilings of one policy: names are compared on the agent's hot path and sent to every agent. */
const maxRules = 50;
const maxPhrases = 100;
const maxPhraseChars = 64;

const personalRules = Object.keys(rules).filter((name) => rules[name]?.kind === 'personal');
const phrase = z
  .string()
  .max(maxPhraseChars)
  .regex(/[A-Za-z]{2}/, 'expected words of a name, for example "loyalty number"');

const schema = only({
  profile: z.enum(profiles).default('debug'),
  tags: z.boolean().default(true),
  names: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'expected a rule name of lower-case letters, digits and dashes'),
      z.array(phrase).min(1).max(maxPhrases),
    )
    .default({}),
  show: z.array(z.enum(personalRules as [string, ...string[]])).default([]),
});

/** Reads policies/redaction.yaml. Throws a Refusal that names file, line and column of every mistake. */
export function parseRedactionPolicy(yamlText: string, file: string): RedactionPolicy {
  const yaml = parseStrictYaml(yamlText, file, schema);
  if (Object.keys(yaml.value.names).length > maxRules) {
    throw refuseMistakes([yaml.mistake(['names'], `more than ${maxRules} rules`)]);
  }
  return yaml.value;
}

/** What holds when nobody wrote a policy. */
export const defaultRedactionPolicy: RedactionPolicy = Object.freeze({ profile: 'debug', tags: true, names: {}, show: [] });

/** Whether this rule hides anything under the policy. Rules the table does not know are the policy's own, so they do. */
export function applies(policy: RedactionPolicy, rule: string): boolean {
  const known = Object.hasOwn(rules, rule) ? rules[rule] : undefined;
  if (known === undefined || known.kind === 'secret') return true;
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
  const all = toNameRules(policy);
  const hidden = Object.fromEntries(
    Object.entries(all.hidden).filter(([rule]) => policy.profile === 'strict' || isSecret(policy, rule)),
  );
  return { ...all, hidden };
}
