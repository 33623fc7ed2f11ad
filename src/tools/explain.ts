import { z } from 'zod';
import { explain as explainAction } from '../actions/explain.ts';
import { findAction, surroundingsOf } from './action-answer.ts';
import { actionId, open } from './fields.ts';
import type { Tool } from './tool.ts';

const input = z.object({ actionId });

/** Agents told one by one. */
const maxAgents = 20;

/** Says why an action has no hit. */
export const explain: Tool<typeof input> = {
  name: 'explain',
  title: 'Explain an action',
  description: `Say why an action has no hits: agent offline, file not loaded, line moved, never reached, condition false or failing, sampled out, over budget. One verdict, what each agent met, and the next step.
Example: {"actionId":"act_…"}`,
  input,
  output: z.object({
    verdict: open('{code, verdict, next}.'),
    evidence: z.array(open('{agentId, agentName, code, facts}.')).describe('Each agent, at most 20.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ permit }, { actionId: id }, context) {
    const action = await findAction(context, permit, id);
    context.note({ target: { actionId: id } });
    const { code, verdict, next, evidence } = explainAction(action, surroundingsOf(context.services, action.org));
    return {
      structured: {
        ...{ actionId: action.id, status: action.status, hitCount: action.hits, maxHits: action.maxHits },
        verdict: { code, verdict, next },
        evidence: evidence.slice(0, maxAgents),
      },
    };
  },
};
