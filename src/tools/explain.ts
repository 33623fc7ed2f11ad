import { z } from 'zod';
import { explain as explainAction, verdictOn } from '../actions/explain.ts';
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
  description: `Say why an action has no hits (agent offline, file not loaded, line never reached, condition false or failing, over budget), and the next step.
Example: {"actionId":"act_…"}`,
  input,
  output: z.object({
    verdict: open('{code, verdict, lastError, next}.'),
    evidence: z.array(open('{agentId, agentName, code, facts}.')).describe('Each agent, at most 20.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ permit }, { actionId: id }, context) {
    const action = await findAction(context, permit, id);
    context.note({ target: { actionId: id } });
    const surroundings = await surroundingsOf(context.services, action);
    const { evidence } = explainAction(action, surroundings);
    return {
      structured: {
        ...{ actionId: action.id, status: action.status, hitCount: action.hits, maxHits: action.maxHits },
        verdict: verdictOn(action, surroundings),
        evidence: evidence.slice(0, maxAgents),
      },
    };
  },
};
