import type { ActionRecord } from './action.ts';
import type { ActionContext } from './context.ts';
import { finish, takeOff } from './finish.ts';

/**
 * Ends an action whose handle nobody got, and says what became of it; undefined when there is nothing to end. Agents are told
 * even when the end cannot be stored: a probe nobody knows of is worse than an action that is told twice.
 */
export async function takeBack(context: ActionContext, action: ActionRecord): Promise<string | undefined> {
  const { org, id, expiresAt } = action;
  try {
    const ended = await finish(context, org, id, 'cancelled', 'Its call gave no answer.');
    return ended === undefined ? undefined : `The action ${id} that it placed is cancelled.`;
  } catch (cause) {
    context.log.error({ err: cause, actionId: id }, 'an action without an answer could not be ended');
    void takeOff(context, action, 'cancelled');
    return `The action ${id} that it placed was taken off its agents, but its end could not be stored; it ends at ${new Date(expiresAt).toISOString()} at the latest.`;
  }
}
