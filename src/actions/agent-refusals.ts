import type { RefusalDetails } from '../lib/refusal.ts';
import type { AgentErrorCode, Problem } from '../protocol/frames.ts';
import type { ActionRecord, TargetRecord } from './action.ts';

/** What is said for an agent's code: our own sentence, because an agent's words are data and may be anybody's. */
const agentRefusals: Readonly<Record<AgentErrorCode, RefusalDetails>> = {
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
    next: 'Correct the condition or expression and call again.',
  },
  'too-many': {
    code: 'too_busy',
    message: 'The agent has as many actions as it takes.',
    next: 'Cancel actions you no longer need (list_actions, cancel_actions), or wait until some expire.',
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
    code: 'invalid_input',
    message: 'The agent cannot do this.',
    field: 'line',
    next: 'What it said names the reason and often another way: another line, two lines instead of a function, or another engine.',
  },
  internal: {
    code: 'upstream_error',
    message: 'The agent failed to place it.',
    next: 'Call list_sources to see whether the agent is still connected, then try again.',
  },
};

/** A name as an expression may have it. */
const isName = /^#?[\p{ID_Start}$_][\p{ID_Continue}$]{0,79}$/u;

type Asked = Pick<ActionRecord, 'kind' | 'condition' | 'expressions'>;

/**
 * Why an agent did not take an action, in our own words: of what the agent told only numbers are in them, and a name only when the caller
 * wrote it. What would fit instead are an agent's words, and so data.
 */
export function agentRefusal(asked: Asked, { code = 'internal', problem = {} }: TargetRecord): RefusalDetails {
  const field = fieldOf(asked, code, problem);
  const details = { ...agentRefusals[code], ...wordsFor(asked, code, problem) };
  const options = optionsOf(problem);
  return {
    ...details,
    ...(field === undefined ? {} : { field }),
    ...(options === undefined ? {} : { data: { options } }),
  };
}

/** The argument at fault. An agent that does not tell the part is understood where only one can be meant. */
function fieldOf(asked: Asked, code: AgentErrorCode, { part, index }: Problem): string | undefined {
  switch (part) {
    case 'condition':
      return 'condition';
    case 'expression':
      return expressionField(asked, index);
    case 'to':
      return 'toLine';
    case 'agent':
      return 'source';
    default:
      if (code !== 'bad-expression') return agentRefusals[code].field;
      if (asked.expressions.length === 0) return 'condition';
      if (asked.condition !== undefined) return undefined;
      return expressionField(asked, asked.expressions.length === 1 ? 0 : undefined);
  }
}

/** The argument that expressions of an action of this kind come from. */
export function expressionField({ kind }: Pick<ActionRecord, 'kind'>, index: number | undefined): string {
  if (kind === 'logpoint') return 'template';
  if (kind === 'metric') return 'expression';
  return index === undefined ? 'expressions' : `expressions[${index}]`;
}

function wordsFor(asked: Asked, code: AgentErrorCode, problem: Problem): Partial<RefusalDetails> {
  const { part, index = 0, name } = problem;
  if (code === 'bad-expression' && name !== undefined) {
    const text = part === 'condition' ? asked.condition : asked.expressions[index];
    if (text?.includes(name) !== true || !isName.test(name)) return {};
    return {
      message: `\`${name}\` is not in scope on this line.`,
      next: 'Use a name that is in scope there: what the agent said has the nearest ones.',
    };
  }
  if (code === 'not-allowed' && part === 'condition') {
    return {
      code: 'invalid_expression',
      message: 'The condition reads a name that a redaction rule hides.',
      next: 'Decide by other values: what is hidden may not steer a hit either.',
    };
  }
  if (part === 'to' && code === 'unsupported') {
    return {
      message: 'toLine is in another function than line.',
      next: 'Give a toLine in the function around line, or leave it out to measure that function as a whole.',
    };
  }
  return code === 'line-mismatch' ? wordsForMoved(problem.lines ?? []) : {};
}

function wordsForMoved(lines: number[]): Partial<RefusalDetails> {
  const [only] = lines;
  if (only === undefined) return {};
  if (lines.length === 1) return { next: `Call again with line ${only}: the expected text stands there.` };
  return {
    next: `The expected text stands on lines ${lines.join(', ')}: call again with the one you mean, or add the lines that follow it to expectLine.`,
  };
}

function optionsOf({ name, nearest, names, deployed, lines }: Problem): Record<string, unknown> | undefined {
  const options = {
    ...(name === undefined ? {} : { name }),
    ...(nearest === undefined || nearest.length === 0 ? {} : { didYouMean: nearest }),
    ...(names === undefined ? {} : { inScope: names }),
    ...(deployed === undefined ? {} : { deployed }),
    ...(lines === undefined ? {} : { lines }),
  };
  return Object.keys(options).length === 0 ? undefined : options;
}
