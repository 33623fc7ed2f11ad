import type { Action, AgentPolicy, Arm, Welcome } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { maxHandOvers } from '../protocol/seal.ts';

/** More than a seal adds: some 280 bytes, and 151 for each key before. */
const sealBytes = 280 + 151 * maxHandOvers;

/**
 * A welcome that fits into one frame, and `arm` frames for the actions that did not: 100 actions of the longest
 * expressions are about a megabyte.
 */
export function createWelcome(
  rest: Omit<Welcome, 't' | 'policy' | 'actions'>,
  policy: AgentPolicy,
  actions: Action[],
): [Welcome, ...Arm[]] {
  const welcome: Welcome = { t: 'welcome', ...rest, policy, actions: [] };
  const later: Arm[] = [];
  let bytes = Buffer.byteLength(JSON.stringify(welcome)) + sealBytes;
  for (const action of actions.slice(0, limits.maxActionsPerAgent)) {
    bytes += Buffer.byteLength(JSON.stringify(action)) + 1;
    if (bytes <= limits.maxBridgeFrameBytes) welcome.actions.push(action);
    else later.push({ t: 'arm', action });
  }
  return [welcome, ...later];
}
