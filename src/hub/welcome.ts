import type { Action, AgentPolicy, Arm, Welcome } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';

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
  let bytes = Buffer.byteLength(JSON.stringify(welcome));
  for (const action of actions.slice(0, limits.maxActionsPerAgent)) {
    bytes += Buffer.byteLength(JSON.stringify(action)) + 1;
    if (bytes <= limits.maxBridgeFrameBytes) welcome.actions.push(action);
    else later.push({ t: 'arm', action });
  }
  return [welcome, ...later];
}
