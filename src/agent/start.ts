import { createRequire } from 'node:module';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';
// What probes read with later, as it is before the program can change it. `node:inspector` is not among it.
import '../protocol/names.ts';
import './values/read.ts';
import { type AgentConfig, wantsLoadTime } from './config.ts';
import { later } from './later.ts';
import { newAgentId, tellingEnvironment } from './link/hello.ts';
import { Supervisor } from './link/supervisor.ts';
import type { LoadTime } from './load-time/load-time.ts';
import { type AgentLog, createLog } from './log.ts';
import type { AgentOptions } from './options.ts';
import { environment, scriptOfProgram, settled } from './settled.ts';

export type { AgentOptions } from './options.ts';

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
/** Worker threads are often made for one piece of work. */
const threadStartAfterMs = 1_000;

/** Shared by all copies of this package in one process, so that `--import` and `start()` together are one agent. */
const processKey = Symbol.for('sidelight.agent');

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
  const config = settled(options);
  if (config === undefined) return notStarted;
  if ('problem' in config) {
    createLog('warn').warn(`not started: ${config.problem}`);
    return notStarted;
  }
  const id = newAgentId();
  const script = scriptOfProgram();
  const facts = {
    agentId: id,
    directory: process.cwd(),
    startedAt: Math.round(performance.timeOrigin),
    ...(isMainThread ? {} : { threadId }),
    environment: tellingEnvironment(environment()),
    ...(script === undefined ? {} : { script }),
  };
  const log = createLog(config.log);
  const supervisor = new Supervisor(config, facts, log, instrumented(config, facts.directory));
  later(() => supervisor.start(), isMainThread ? startAfterMs : threadStartAfterMs);
  const stop = (keepsProcess = true): Promise<void> => {
    Reflect.deleteProperty(globalThis, processKey);
    return supervisor.stop(keepsProcess);
  };
  if (config.killSignal !== undefined) stopBySignal(config.killSignal as NodeJS.Signals, log, () => void stop(false));
  return { id, started: true, stop: () => stop() };
}

/** Only the main thread hears signals; it tells the others. */
function stopBySignal(signal: NodeJS.Signals, log: AgentLog, stop: () => void): void {
  const channel = new BroadcastChannel('sidelight.stop');
  if (!isMainThread) channel.onmessage = stop;
  channel.unref();
  if (!isMainThread) return;
  // Stays, or the second signal would end the program.
  process.on(signal, () => {
    log.warn(`${signal}: every probe is removed, and this process has no agent any more`);
    channel.postMessage('stop');
    stop();
  });
}

/** Loaded only where it is asked for, and at once: the program's files are loaded next. */
function instrumented(config: AgentConfig, directory: string): LoadTime | undefined {
  if (!wantsLoadTime(config)) return undefined;
  const { loadTimeOf } = createRequire(import.meta.url)('./load-time.cjs') as typeof import('./load-time.ts');
  return loadTimeOf(config, directory);
}
