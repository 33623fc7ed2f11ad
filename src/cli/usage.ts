import { type ParseArgsConfig, parseArgs } from 'node:util';
import { Refusal } from '../lib/refusal.ts';
import { settings } from '../settings.ts';

/** One command of `sidelight`. */
export interface Command {
  name: string;
  usage: string;
  /** Resolves with the exit code. */
  run(args: string[]): Promise<number>;
}

/** The command was called wrongly. */
export class Usage extends Error {
  override readonly name = 'Usage';
}

/** What went wrong, for a person at a terminal. */
export function explainProblem(problem: unknown): string {
  if (problem instanceof Usage) return `${problem.message}\nRun sidelight help to see what there is.`;
  if (problem instanceof Refusal) {
    const { code, message, next } = problem.details;
    return `${message} (${code})${next === undefined ? '' : `\n${next}`}`;
  }
  return 'sidelight failed.';
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** Flags of every setting, for commands that open a bridge or its storage. */
export const settingOptions: Options = Object.fromEntries(
  Object.values(settings).map((setting) => [
    setting.flag,
    { type: setting.kind === 'switch' ? ('boolean' as const) : ('string' as const) },
  ]),
);

/** Flags as a command got them. */
export type Flags = Record<string, string | boolean | undefined>;

/** Reads the flags of one command, and at most `maxPositionals` words beside them; an unknown flag or one word more is a `Usage`. */
export function readFlags(args: string[], options: Options, maxPositionals = 0): { values: Flags; positionals: string[] } {
  const { values, positionals } = parsed(args, options);
  const surplus = positionals[maxPositionals];
  if (surplus !== undefined) throw new Usage(`Nothing is known about ${JSON.stringify(surplus)}.`);
  return { values: values as Flags, positionals };
}

function parsed(args: string[], options: Options) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (problem) {
    throw new Usage(problem instanceof Error ? problem.message : String(problem));
  }
}
