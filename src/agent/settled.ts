import { isMainThread } from 'node:worker_threads';
import { type AgentConfig, type AgentOptions, readConfig } from './config.ts';

/** Programs that only start others; each process they start is an agent of its own. */
const launchers =
  /[\\/](?:npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack)(?:-cli)?(?:\.[cm]?js)?$|[\\/]pm2[\\/](?:bin[\\/]pm2|lib[\\/]Daemon\.js)$|[\\/]bin[\\/]pm2$/;

/** The settings of the agent of this thread; undefined where there is to be none, or what is wrong with them. */
export function settled(options: AgentOptions): AgentConfig | { problem: string } | undefined {
  const disabled = process.env.SIDELIGHT_DISABLED;
  if (disabled !== undefined && !['', '0', 'false'].includes(disabled)) return undefined;
  if (launchers.test(process.argv[1] ?? '')) return undefined;
  const config = readConfig(options, process.env);
  return isMainThread || 'workerThreads' in config ? config : undefined;
}
