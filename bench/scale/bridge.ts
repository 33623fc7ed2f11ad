import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Asked, Started, Usage } from './bridge-process.ts';

const program = fileURLToPath(new URL('./bridge-process.ts', import.meta.url));

/** A bridge in another process. */
export interface BridgeProcess extends Started {
  issue(name: string): Promise<string>;
  usage(): Promise<Usage>;
  close(): Promise<void>;
}

/** Starts it; `policies` is a folder that replaces the usual one. */
export async function startBridgeProcess(policies?: string): Promise<BridgeProcess> {
  const args = policies === undefined ? [] : [policies];
  const child: ChildProcess = fork(program, args, { execArgv: ['--import', 'tsx', '--expose-gc'] });
  const next = async <T>(): Promise<T> => {
    const [message] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`The bridge ended with ${code}`))),
    ]);
    return message as T;
  };
  const ask = <T>(asked: Asked): Promise<T> => {
    const answer = next<T>();
    child.send(asked);
    return answer;
  };
  const started = await next<Started>();
  return {
    ...started,
    issue: (name) => ask({ issue: name }),
    usage: () => ask('usage'),
    async close() {
      const ended = once(child, 'exit');
      child.send('close' satisfies Asked);
      await ended;
    },
  };
}
