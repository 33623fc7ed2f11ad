import type { RefusalDetails } from '../lib/refusal.ts';
import type { AgentErrorCode } from '../protocol/frames.ts';

/** What is said for an agent's code: our own sentence, because an agent's words are data and may be anybody's. */
export const agentRefusals: Readonly<Record<AgentErrorCode, RefusalDetails>> = {
  'no-such-file': {
    code: 'invalid_location',
    message: 'The agent knows no such file.',
    field: 'file',
    next: 'Give the path as it is in the source tree, for example src/checkout.ts.',
  },
  'ambiguous-file': {
    code: 'invalid_location',
    message: 'More than one loaded file ends in this path.',
    field: 'file',
    next: 'Give more of the path, so that only one loaded file ends in it.',
  },
  'no-such-line': {
    code: 'invalid_location',
    message: 'No statement stands on this line or soon after it.',
    field: 'line',
    next: 'Choose a line that holds a statement.',
  },
  'line-mismatch': {
    code: 'invalid_location',
    message: 'Another text stands on this line in the deployed source.',
    field: 'expectLine',
    next: 'Compare your checkout with the commit that list_sources shows, or give the text that the deployed line has.',
  },
  'bad-expression': {
    code: 'invalid_expression',
    message: 'The agent could not bind the condition or an expression on this line.',
    next: 'Correct the condition or expression and call take_snapshot again.',
  },
  'too-many': {
    code: 'too_busy',
    message: 'The agent has as many actions as it takes.',
    next: 'Cancel actions you no longer need (list_actions, cancel_action), or wait until some expire.',
  },
  overhead: {
    code: 'too_busy',
    message: 'The agent takes nothing more, to keep its overhead low.',
    next: 'Wait until other actions end, or choose a line that runs less often.',
  },
  'not-allowed': {
    code: 'upstream_error',
    message: 'The agent is set not to take such an action.',
    next: 'Choose another file or agent; list_sources shows which are connected.',
  },
  unsupported: {
    code: 'upstream_error',
    message: 'The agent cannot do this.',
    next: 'What it said names the reason and often another way: another line, two lines instead of a function, or another engine.',
  },
  internal: {
    code: 'upstream_error',
    message: 'The agent failed to place it.',
    next: 'Call list_sources to see whether the agent is still connected, then try again.',
  },
};
