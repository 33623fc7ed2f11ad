import { z } from 'zod';
import { finish } from '../actions/finish.ts';
import { findAction } from './action-answer.ts';
import { actionId } from './fields.ts';
import type { Tool } from './tool.ts';

const input = z.object({ actionId });

/** Ends an action now and takes it off every agent; its hits stay readable. */
export const cancelAction: Tool<typeof input> = {
  name: 'cancel_action',
  title: 'Cancel an action',
  description: `End a placed action now and take it off every agent. What came so far stays readable with wait_for_hits. You may cancel your own actions; admins those they manage.
Example: {"actionId":"act_…"}`,
  input,
  output: z.object({
    actionId: z.string().describe('Handle.'),
    status: z.string().describe('Its status now.'),
    cancelled: z.boolean().describe('False when it had ended before.'),
    hitCount: z.number().int().describe('Hits it captured.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ permit }, { actionId: id }, context) {
    const action = await findAction(context, permit, id);
    permit.requireManage(action);
    context.note({ target: { actionId: id } });
    const ended = await finish(context.services.actions, action.org, id, 'cancelled', `Cancelled by ${permit.principal.name}.`);
    await ended?.takenOff;
    const now = ended?.action ?? action;
    return { structured: { actionId: id, status: now.status, cancelled: ended !== undefined, hitCount: now.hits } };
  },
};
