import type { StateFrame } from '../protocol/frames.ts';
import { cleanLabel } from '../redaction/clean.ts';
import type { ActionRecord, TargetRecord } from './action.ts';
import type { ActionContext } from './context.ts';
import { finish } from './finish.ts';

/** Characters kept of a message from an agent. */
const maxMessageChars = 500;
/** Agent states in which nothing more can come from that agent. */
const finalStates = new Set<TargetRecord['state']>(['failed', 'expired', 'removed']);

/** Takes in what an agent says of one action, and ends the action when no agent is left that could still hit. */
export async function observe(context: ActionContext, org: string, agentId: string, frame: StateFrame): Promise<void> {
  const { id, state } = frame;
  await context.store.setTarget(org, id, reportOf(agentId, frame));
  if (finalStates.has(state)) {
    const action = await context.store.get(org, id);
    if (action?.status === 'pending') await endIfHopeless(context, action);
  }
  context.waker.wake(id);
}

/** What is kept of a state frame; its texts are the agent's words, so they become plain short lines. */
function reportOf(agentId: string, { state, at, hits, skipped, lastError, code, message }: Omit<StateFrame, 't' | 'n'>) {
  const line = (text: string | undefined) => (text === undefined ? undefined : cleanLabel(text, maxMessageChars));
  return { agentId, state, at, hits, skipped, lastError: line(lastError), code, message: line(message) };
}

async function endIfHopeless(context: ActionContext, action: ActionRecord): Promise<void> {
  if (!action.targets.every((target) => finalStates.has(target.state))) return;
  const failed = action.targets.find((target) => target.state === 'failed');
  if (failed !== undefined) await finish(context, action.org, action.id, 'failed', failed.message ?? 'The agent refused it.');
}
