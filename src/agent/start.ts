import { isMainThread } from 'node:worker_threads';
// What probes read with later, as it is before the program can change it. `node:inspector` is not among it.
import '../protocol/names.ts';
import './values/read.ts';
import { type AgentOptions, readConfig } from './config.ts';
import { later } from './later.ts';
import { newAgentId, tellingEnvironment } from './link/hello.ts';
import { Supervisor } from './link/supervisor.ts';
import { createLog } from './log.ts';

export type { AgentOptions } from './config.ts';

/** The agent of this process. */
export interface Agent {
  /** How the bridge names this process at first; new for each start of the program, empty when not started. */
  readonly id: string;
  /** False when it was switched off, or a setting is missing or wrong (told on stderr). */
  readonly started: boolean;
  /** Removes every probe and says bye to the bridge. */
  stop(): Promise<void>;
}

/** A short script ends before this and never pays for a thread; a service loads its modules without competition. */
const startAfterMs = 200;

/** Shared by all copies of this package in one process, so that `--import` and `start()` together are one agent. */
const processKey = Symbol.for('sidelight.agent');

/** Programs that only start others; each process they start is an agent of its own. */
const launchers =
  /[\\/](?:npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack)(?:-cli)?(?:\.[cm]?js)?$|[\\/]pm2[\\/](?:bin[\\/]pm2|lib[\\/]Daemon\.js)$|[\\/]bin[\\/]pm2$/;

/**
 * Connects this process to its bridge, once; later calls answer the same agent. Never throws and never keeps the process
 * alive: a missing setting is one line on stderr, and the program runs on.
 */
export function start(options: AgentOptions = {}): Agent {
  const shared = globalThis as { [processKey]?: Agent };
  const running = shared[processKey];
  if (running !== undefined) return running;
  try {
    const agent = create(options);
    if (agent.started) Object.defineProperty(globalThis, processKey, { value: agent, configurable: true });
    return agent;
  } catch (error) {
    createLog('warn').warn(`not started: ${String(error)}`);
    return notStarted;
  }
}

const notStarted: Agent = { id: '', started: false, stop: async () => undefined };

function create(options: AgentOptions): Agent {
  const disabled = process.env.SIDELIGHT_DISABLED;
  if (!isMainThread || (disabled !== undefined && !['', '0', 'false'].includes(disabled))) return notStarted;
  if (launchers.test(process.argv[1] ?? '')) return notStarted;
  const config = readConfig(options, process.env);
  if ('problem' in config) {
    createLog('warn').warn(`not started: ${config.problem}`);
    return notStarted;
  }
  const id = newAgentId();
  const script = process.argv[1];
  const facts = {
    agentId: id,
    directory: process.cwd(),
    startedAt: Math.round(performance.timeOrigin),
    environment: tellingEnvironment(process.env),
    ...(script === undefined ? {} : { script }),
  };
  const supervisor = new Supervisor(config, facts, createLog(config.log));
  later(() => supervisor.start(), startAfterMs);
  return {
    id,
    started: true,
    stop() {
      Reflect.deleteProperty(globalThis, processKey);
      return supervisor.stop();
    },
  };
}
