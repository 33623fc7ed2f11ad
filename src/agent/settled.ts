import { isMainThread } from 'node:worker_threads';
import { type AgentConfig, readConfig } from './config.ts';
import type { AgentOptions } from './options.ts';

/** Programs that only start others; each process they start is an agent of its own. */
const launchers =
  /[\\/](?:npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack)(?:-cli)?(?:\.[cm]?js)?$|[\\/]pm2[\\/](?:bin[\\/]pm2|lib[\\/]Daemon\.js)$|[\\/]bin[\\/]pm2$/;

/** pm2 hands over the environment of a program in its cluster as one variable, which the program's own variables are made of later. */
export function environment(): Record<string, string | undefined> {
  const { pm2_env: packed } = process.env;
  if (packed === undefined) return process.env;
  try {
    return { ...JSON.parse(packed), ...process.env };
  } catch {
    return process.env;
  }
}

/** The program's own file: pm2 starts one of its own, which loads the program. */
export function scriptOfProgram(): string | undefined {
  const started = process.argv[1];
  const isContainer = /[\\/]pm2[\\/]lib[\\/]ProcessContainer/.test(started ?? '');
  return isContainer ? (environment().pm_exec_path ?? started) : started;
}

/** The settings of the agent of this thread; undefined where there is to be none, or what is wrong with them. */
export function settled(options: AgentOptions): AgentConfig | { problem: string } | undefined {
  const given = environment();
  const disabled = given.SIDELIGHT_DISABLED;
  if (disabled !== undefined && !['', '0', 'false'].includes(disabled)) return undefined;
  if (launchers.test(process.argv[1] ?? '')) return undefined;
  const config = readConfig(options, given);
  return isMainThread || 'workerThreads' in config ? config : undefined;
}
