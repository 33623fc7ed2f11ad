import { z } from 'zod';
import type { ActionRecord } from '../actions/action.ts';
import { finish } from '../actions/finish.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Charge } from '../quota/charge.ts';
import { findAction } from './action-answer.ts';
import { investigation, open, shortText } from './fields.ts';
import type { CallContext, Tool } from './tool.ts';

/** Ids one call may name. */
const maxIds = 50;
/** Live actions of an investigation that one call ends; far more than quotas allow by default. */
const maxAtOnce = 200;

const input = z.object({
  actionIds: z
    .array(shortText(64))
    .min(1)
    .refine((ids) => ids.length <= maxIds, `expected 1 to ${maxIds} ids`)
    .optional()
    .describe('Handles.'),
  investigation: investigation.optional().describe('All of this one of yours.'),
});

/** What became of one action: ended, or ended before, or why not. */
interface Told {
  actionId: string;
  status?: string;
  cancelled: boolean;
  hitCount?: number;
  error?: { code: string; message: string };
}

/** Ends actions now and takes them off every agent; their hits stay readable. */
export const cancelActions: Tool<typeof input> = {
  name: 'cancel_actions',
  title: 'Cancel actions',
  description: `End actions now and take them off every agent; their hits stay readable. Use it to clean up. Admins may end those they manage.
Example: {"investigation":"checkout-total"}`,
  input,
  output: z.object({
    actions: z
      .array(open('{actionId, status, cancelled, hitCount, error}.'))
      .describe('cancelled false: it had ended, or error.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run(charge, { actionIds = [], investigation: name }, context) {
    if (actionIds.length === 0 && name === undefined) {
      throw new Refusal({
        code: 'invalid_input',
        message: 'Neither actionIds nor investigation is given.',
        field: 'actionIds',
        next: 'Give the ids of list_actions, or the investigation to clean up.',
      });
    }
    const ids = [...new Set(actionIds)];
    const named = await Promise.all(ids.map((id) => cancelNamed(charge, id, context)));
    if (name === undefined) throwIfNothingDone(named);
    const live = name === undefined ? [] : await liveOf(charge, name, context);
    const others = live.slice(0, maxAtOnce).filter(({ id }) => !ids.includes(id));
    const actions = [...named.map(({ told }) => told), ...(await Promise.all(others.map((one) => cancel(charge, one, context))))];
    context.note({ target: { actionIds: actions.filter(({ error }) => error === undefined).map(({ actionId }) => actionId) } });
    const again = {
      tool: 'cancel_actions',
      why: `It had more than ${maxAtOnce} live actions.`,
      arguments: { investigation: name },
    };
    return { structured: { actions }, ...(live.length > maxAtOnce ? { next: again } : {}) };
  },
};

/** Live actions of the caller's investigation; refused when it never had one, because that is a slip of the pen. */
async function liveOf({ permit }: Charge, name: string, { services }: CallContext): Promise<ActionRecord[]> {
  const { org, subject } = permit.principal;
  const { store } = services.actions;
  const live = await store.list(org, { principal: subject, investigation: name, status: 'pending', limit: maxAtOnce + 1 });
  if (live.length > 0) return live;
  const [any] = await store.list(org, { principal: subject, investigation: name, limit: 1 });
  if (any !== undefined) return [];
  throw new Refusal({
    code: 'not_found',
    message: 'You have placed no action in this investigation.',
    field: 'investigation',
    next: 'Call list_actions with mine to see your actions and their investigations.',
  });
}

/** One of the ids; what cannot be done is told beside it, and does not keep the others. */
async function cancelNamed(charge: Charge, id: string, context: CallContext): Promise<{ told: Told; refusal?: Refusal }> {
  try {
    const action = await findAction(context, charge.permit, id);
    charge.permit.requireManage(action);
    return { told: await cancel(charge, action, context) };
  } catch (problem) {
    if (!(problem instanceof Refusal)) throw problem;
    const { code, message } = problem.details;
    return { told: { actionId: id, cancelled: false, error: { code, message } }, refusal: problem };
  }
}

async function cancel({ permit }: Charge, action: ActionRecord, { services }: CallContext): Promise<Told> {
  const { id, org } = action;
  const ended = await finish(services.actions, org, id, 'cancelled', `Cancelled by ${permit.principal.name}.`);
  await ended?.takenOff;
  const now = ended?.action ?? (await services.actions.store.get(org, id)) ?? action;
  return { actionId: id, status: now.status, cancelled: ended !== undefined, hitCount: now.hits };
}

/** A call that could do nothing it was asked for is refused, with the reason of the first. */
function throwIfNothingDone(named: { told: Told; refusal?: Refusal }[]): void {
  const [first] = named;
  if (first?.refusal === undefined || named.some(({ refusal }) => refusal === undefined)) return;
  const actions = named.map(({ told }) => told);
  throw new Refusal({ ...first.refusal.details, field: 'actionIds', ...(actions.length > 1 ? { data: { actions } } : {}) });
}
