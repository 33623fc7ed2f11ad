import type { Action, ScopeVariables, StackFrame } from '../src/protocol/frames.ts';
import type { Random } from './random.ts';

/** One pass of the pretended program through one line: real JavaScript values in scope. */
export interface Pass {
  file: string;
  line: number;
  function: string;
  /** Callers, inner first, without the frame of the line itself. */
  callers: StackFrame[];
  this?: unknown;
  /** Inner first. */
  scopes: { kind: ScopeVariables['kind']; values: Record<string, unknown> }[];
  pauseMicros: number;
  /** How long the function around the line took; absent when it never came to its end. */
  durationMs?: number;
}

/** What a pretended program is and does. */
export interface Scenario {
  service: string;
  /** Path → text of every source file. */
  files: Record<string, string>;
  /** The next thing the program does. */
  next(random: Random): Pass;
  /** False: the agent is old or broken, and sends what the redaction policy told it to hide. Default true. */
  hides?: boolean;
  /** Share of the passes that probes look at, as on a hot line; the others are estimated. Default 1. */
  sampling?: number;
  /** Instead of honest hits: frames, or raw text, that are sent when an action was armed. */
  lie?(action: Action, random: Random, nextN: () => number): Iterable<unknown>;
}

/** The line that carries this mark, counted from 1, so that nobody writes line numbers. */
export function lineOf(text: string, mark: string): number {
  const index = text.split('\n').findIndex((line) => line.includes(mark));
  if (index < 0) throw new Error(`No line carries ${mark}.`);
  return index + 1;
}
