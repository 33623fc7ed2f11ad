import { type AgentConfig, wantsLoadTime } from './config.ts';
import { installLoadTime, type LoadTime } from './load-time/load-time.ts';
import { createLog } from './log.ts';
import { settled } from './settled.ts';

// A file of its own in the package, loaded only where it is asked for, and before the program's files.

/** Where `register.cjs` leaves what it had to install before the program loads. */
const key = Symbol.for('sidelight.load-time');

/** Instruments what is loaded from now on; once, whoever calls it. */
export function loadTimeOf(config: AgentConfig, directory: string): LoadTime | undefined {
  const shared = globalThis as { [key]?: LoadTime };
  if (shared[key] !== undefined) return shared[key];
  const loadTime = installLoadTime({ patterns: config.instrument, directory, log: createLog(config.log) });
  Object.defineProperty(globalThis, key, { value: loadTime, configurable: true });
  return loadTime;
}

/** For `--require`: the agent is loaded later, behind the program's first files. Never throws. */
export function instrumentFirst(): void {
  try {
    const config = settled({});
    if (config !== undefined && !('problem' in config) && wantsLoadTime(config)) loadTimeOf(config, process.cwd());
  } catch {
    // The agent tells what is wrong.
  }
}
