import { type Caller, examine, examineReach, type Finding, type Source } from './checks.ts';
import type { Policies } from './policies.ts';

/** Why `tool` would be allowed or refused, as lines of text: the caller, every check with its outcome, and the decision. */
export function explain(policies: Policies, caller: Caller, tool: string, source?: Source): string[] {
  const findings = examine(policies, caller, tool);
  if (source !== undefined) findings.push(examineReach(policies, caller, source));
  const refused = findings.find((finding) => 'refusal' in finding);
  return [
    `${tool}${source ? ` on service ${source.service} in pool ${source.pool}` : ''}`,
    `as ${caller.role} (${caller.kind === 'person' ? 'person' : 'API key'})`,
    `  scopes       ${list(caller.scopes)}`,
    `  permissions  ${list(caller.permissions)}`,
    `  groups       ${list(caller.groups)}`,
    ...findings.map(line),
    refused && 'refusal' in refused ? `refused: ${refused.refusal.code}` : 'allowed',
  ];
}

function line(finding: Finding): string {
  const name = finding.check.padEnd(11);
  if ('passes' in finding) return `  ✓ ${name}${finding.passes}`;
  const { code, message, next } = finding.refusal;
  return `  ✗ ${name}${code}: ${message}${next ? ` ${next}` : ''}`;
}

function list(names: readonly string[]): string {
  return names.length > 0 ? names.join(', ') : 'none';
}
