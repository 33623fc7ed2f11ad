/** Parts of an action that can be at fault; `to` is the other line of a duration, `agent` what this process cannot do at all. */
export const problemParts = ['condition', 'expression', 'line', 'to', 'agent'] as const;
export type ProblemPart = (typeof problemParts)[number];

/**
 * What the `message` of a failed action says, for machines, and what would fit instead. Every field may be missing: an agent that tells
 * none of it is understood by its code.
 */
export interface Problem {
  part?: ProblemPart;
  /** Of an expression: its place among those asked, from 0. */
  index?: number;
  /** The name in it that is not in scope. */
  name?: string;
  /** Names in scope that are nearest to it, the nearest first. */
  nearest?: string[];
  /** Names in scope, inner ones first. */
  names?: string[];
  /** The lines that were compared, as deployed and without the space around them; the expected line's own place is first. */
  deployed?: string[];
  /** Where the expected text stands, the likeliest first. */
  lines?: number[];
}
