import { z } from 'zod';
import type { Permit } from '../authorization/authorize.ts';
import type { Policies } from '../authorization/policies.ts';
import { Refusal } from '../lib/refusal.ts';
import { type Explained, explainText, explainValue } from '../redaction/explained.ts';
import { limitTogether } from '../redaction/patterns.ts';
import type { RedactionPolicy } from '../redaction/policy.ts';
import { parseRedactionPolicy } from '../redaction/policy-file.ts';
import { open, shortText } from './fields.ts';
import type { Tool } from './tool.ts';

const maxTextChars = 16_384;
/** Of a policy to try, which is read and made ready for one call; files may be longer. */
const maxPolicyChars = 16_384;
/** Hidden stretches told one by one. */
const maxTold = 200;

const name = shortText(200).optional();

const input = z.object({
  text: shortText(maxTextChars).describe('A text, or JSON.'),
  name: name.describe('Name of the variable it would be in.'),
  pool: name.describe('With service.'),
  service: name.describe('Whose rules; without it the strictest.'),
  policy: shortText(maxPolicyChars).optional().describe('Text of a redaction.yaml to try.'),
});

/** What redaction makes of a text of the caller's own. It gets no tags, or a caller could try values until a tag is that of a hidden one. */
export const previewRedaction: Tool<typeof input> = {
  name: 'preview_redaction',
  title: 'Preview redaction',
  description: `What would be hidden in a value, and by which rule, under the policy in force or one you try. The answer passes the policy in force, too: what counts is hidden.
Example: {"text":"{\\"user\\":{\\"email\\":\\"ada@example.com\\"}}"}`,
  input,
  output: z.object({
    shown: z.string().describe('As it would be shown.'),
    hidden: z.array(open('{path, start, rule, by, detectors}.')).describe('In order.'),
    hiddenCount: z.number().int().describe('All of it.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ permit }, { text, name, policy: tried, ...source }, { services, latency }) {
    const policy = policyFor(permit, services.policies(), source, tried);
    if (tried !== undefined) limitTogether(policy, text.length);
    const { shown, hidden } = await latency.measure('read', () => explain(policy, text, name));
    const told = hidden.slice(0, maxTold).map(({ breaksBefore: _, ...each }) => each);
    return { structured: { shown, hidden: told, hiddenCount: hidden.length } };
  },
};

function policyFor(
  permit: Permit,
  { redaction }: Policies,
  { pool, service }: { pool?: string | undefined; service?: string | undefined },
  tried: string | undefined,
): RedactionPolicy {
  const policies = tried === undefined ? redaction : parseRedactionPolicy(tried, 'policy');
  if (pool === undefined && service === undefined) return policies.base;
  if (pool === undefined || service === undefined) {
    throw new Refusal({
      code: 'invalid_input',
      message: 'A source is a pool and a service; only one of them is given.',
      field: pool === undefined ? 'pool' : 'service',
      next: 'Give both, as list_sources tells them, or neither.',
    });
  }
  permit.requireReach({ pool, service });
  return policies.for({ pool, service });
}

function explain(policy: RedactionPolicy, text: string, name: string | undefined): Explained<string> {
  if (name === undefined) return explainText(policy, text);
  const { shown, ...rest } = explainValue(policy, parsedOr(text), name);
  return { shown: typeof shown === 'string' ? shown : JSON.stringify(shown), ...rest };
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
