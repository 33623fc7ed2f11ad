import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicySource } from '../../src/authorization/in-force.ts';
import { type PolicyTexts, parsePolicies, policyFiles } from '../../src/authorization/load.ts';

/** Where the policies of a storm seem to be. */
export const policyDirectory = '/storm/policies';

/** Allowances so small that callers meet them. */
export const quotas = {
  calls_per_hour: 24,
  hits_per_hour: 20,
  refused_calls_per_hour: 6,
  hits_per_investigation: 12,
  concurrent_actions_per_principal: 3,
  concurrent_actions_per_investigation: 2,
  concurrent_actions_per_agent: 3,
  concurrent_actions_per_org: 5,
  concurrent_calls: 3,
  queued_calls: 4,
} as const;

/** Members of this group reach one pool only. */
export const narrowPool = 'blue';

/** Tools that nobody has while the stricter set is in force. */
export const deniedTools: ReadonlySet<string> = new Set(['add_log', 'compare_hits', 'wait_for_hits']);

/** The policies that ship, with small allowances and a narrow group; the stricter set takes some tools from everybody. */
export function stormPolicies(tools: PolicySource['registered'], isStrict: boolean): PolicySource {
  const shipped = join(import.meta.dirname, '../../policies');
  const read = policyFiles.map((name) => [name, readFileSync(join(shipped, name), 'utf8')]);
  const texts = Object.fromEntries(read) as PolicyTexts;
  const all = Object.entries(quotas).map(([name, limit]) => `  ${name}: ${limit}`);
  texts['quotas.yaml'] = `all:\n${all.join('\n')}\nroles: {}\n`;
  texts['groups.yaml'] += `\nnarrow: { pools: [${narrowPool}], services: ['*'] }\n`;
  if (isStrict) {
    const denied = texts['exposure.yaml'].replace('deny: []', `deny: [${[...deniedTools].join(', ')}]`);
    if (denied === texts['exposure.yaml'])
      throw new Error('The shipped exposure.yaml has no empty list of denied tools any more.');
    texts['exposure.yaml'] = denied;
  }
  return { directory: policyDirectory, registered: tools, texts, policies: parsePolicies(policyDirectory, texts, tools) };
}
