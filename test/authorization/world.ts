import { fileURLToPath } from 'node:url';
import { type PolicyTexts, parsePolicies, readPolicyTexts } from '../../src/authorization/load.ts';
import type { Policies } from '../../src/authorization/policies.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { Refusal } from '../../src/lib/refusal.ts';

/** Where the shipped policy files are. */
export const shipped = fileURLToPath(new URL('../../policies', import.meta.url));

/** The tools that `policies/tools.yaml` is written for. */
export const tools = [
  ...['list_sources', 'list_actions', 'wait_for_hits', 'explain', 'get_status', 'take_snapshot', 'cancel_actions'],
  ...['add_log', 'count_hits', 'measure_duration', 'measure_value', 'locate', 'get_hits', 'compare_hits'],
  'preview_redaction',
];

/** A `cases.yaml` that holds whatever the others say. */
export const noCases =
  '- { as: { role: viewer, scopes: [], permissions: [], groups: [] }, tool: no_such_tool, expect: unsupported_tool }';

/** The shipped policies with some files replaced, and no cases but one that always holds (replace `cases.yaml` for more). */
export async function policiesWith(changed: Partial<PolicyTexts>): Promise<Policies> {
  return parsePolicies('policies', { ...(await readPolicyTexts(shipped)), 'cases.yaml': noCases, ...changed }, { tools });
}

/** A developer's API key that may read and capture and is in the group `everyone`. */
export function principal(changes: Partial<Principal> = {}): Principal {
  return {
    org: 'default',
    subject: 'key:abc',
    name: 'test key',
    kind: 'api_key',
    role: 'developer',
    scopes: ['runtime:read', 'runtime:capture'],
    permissions: ['dev_api'],
    groups: ['everyone'],
    ...changes,
  };
}

/** The refusal that `run` throws; anything else it does is an error. */
export async function refusalOf(run: () => unknown): Promise<Refusal> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('expected a refusal, but nothing was refused');
}
