import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '../helpers/program.ts';
import type { Bridges } from './bridges.ts';
import type { Done, LoadOptions } from './load.ts';

const loadProgram = fileURLToPath(new URL('load.ts', import.meta.url));
const startMs = 240_000;
const endMs = 60_000;

/** How much of it. */
export type Amount = Pick<LoadOptions, 'seed' | 'agents' | 'pauseMs' | 'agentEveryMs' | 'policyEveryMs'>;

/** The load, in its process. */
export interface Load {
  /** Resolves when its agents are connected. */
  begun(): Promise<void>;
  isRunning(): boolean;
  /** So far. */
  done(): Done;
  /** Ends it and gives what it did. */
  stop(): Promise<Done>;
}

/** Starts every kind of caller and agent on these bridges. */
export function startLoad({ all, keys, policies }: Bridges, load: Amount): Load {
  const options: LoadOptions = {
    mcpUrls: all.map(({ urls }) => urls.mcpUrl),
    agentUrls: all.map(({ urls }) => urls.agentUrl),
    ...{ keys, policies, ...load },
  };
  const child: ChildProcess = fork(loadProgram, [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] });
  let done: Done = { counts: {}, amiss: [], cpuMicros: 0 };
  child.on('message', (message) => {
    if (typeof message === 'object') done = (message as { done: Done }).done;
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    isRunning,
    done: () => done,
    async begun() {
      const look = () => {
        if (!isRunning()) throw new Error('The load ended before it began.');
        return (done.counts['agent:came'] ?? 0) >= load.agents || undefined;
      };
      await until('the load has begun', look, startMs);
    },
    async stop() {
      if (!isRunning()) return done;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const hurry = setTimeout(() => child.kill('SIGKILL'), endMs);
      await ended;
      clearTimeout(hurry);
      return done;
    },
  };
}
