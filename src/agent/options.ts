// The package publishes these types as they are here, so nothing is imported.

/** What `start()` takes; everything that is left out comes from the environment (docs/agent.md). */
export interface AgentOptions {
  /** Address of the bridge: `https://bridge.example:4100`, `ws://…`, with or without `/agent`. SIDELIGHT_URL. */
  url?: string;
  /** Enrolment key, `sle_…`. SIDELIGHT_KEY. */
  key?: string;
  /** What `sidelight keys create --kind enrolment` tells: no other bridge is obeyed. Without it the first one is trusted. SIDELIGHT_BRIDGE_KEY. */
  bridgeKey?: string;
  /** SIDELIGHT_SERVICE; else the name in the package.json of the working directory. */
  service?: string;
  /** SIDELIGHT_ENVIRONMENT. */
  environment?: string;
  /** SIDELIGHT_VERSION; else the version in the package.json of the working directory. */
  version?: string;
  /** SIDELIGHT_COMMIT; else what the build or the hosting says, else the checked-out commit. */
  commit?: string;
  /** SIDELIGHT_TAGS, separated by commas. */
  tags?: string[];
  /** For people; else `service@host/pid`. SIDELIGHT_AGENT_NAME. */
  name?: string;
  /** Files of the program to instrument when they are loaded, as globs from the working directory. SIDELIGHT_INSTRUMENT, with commas. */
  instrument?: string[];
  /** Files that are never observed nor shown, whatever the bridge asks; globs as in `instrument`. SIDELIGHT_DENY_FILES, with commas. */
  denyFiles?: string[];
  /** Ways of observing that may be used: `breakpoint`, `live-edit`, `load-time`. Without it all but `live-edit`. SIDELIGHT_ENGINES, with commas. */
  engines?: ('breakpoint' | 'live-edit' | 'load-time')[];
  /** Whether each worker thread of the program is an agent of its own, with a thread beside it. SIDELIGHT_WORKER_THREADS=1. */
  workerThreads?: boolean;
  /** A signal that takes every probe away and ends the agent, such as SIGUSR2. None without it. SIDELIGHT_KILL_SIGNAL. */
  killSignal?: string;
  /** `warn` tells only what somebody has to mend. SIDELIGHT_AGENT_LOG. */
  log?: LogLevel;
}

/** How much the agent tells on stderr. */
export type LogLevel = 'warn' | 'debug';
