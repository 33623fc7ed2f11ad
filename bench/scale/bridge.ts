import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Asked, Started, Usage } from './bridge-process.ts';
import { typescript } from './loader.ts';

const program = fileURLToPath(new URL('./bridge-process.ts', import.meta.url));

/** A bridge in another process. */
export interface BridgeProcess extends Started {
  issue(name: string): Promise<string>;
  usage(): Promise<Usage>;
  close(): Promise<void>;
}

/** Starts it with these settings, as flags of `sidelight serve`. */
export async function startBridgeProcess(settings: Record<string, string>): Promise<BridgeProcess> {
  const child: ChildProcess = fork(program, [JSON.stringify(settings)], { execArgv: [...typescript, '--expose-gc'] });
  const ended = once(child, 'exit').then(([code]): never => {
    throw new Error(`The bridge ended with ${code}`);
  });
  ended.catch(() => undefined);
  const next = async <T>(): Promise<T> => {
    const [message] = await Promise.race([once(child, 'message'), ended]);
    return message as T;
  };
  // One question at a time, so that each answer is that of its question.
  let last: Promise<unknown> = Promise.resolve();
  const ask = <T>(asked: Asked): Promise<T> => {
    const answer = last.then(() => {
      child.send(asked);
      return next<T>();
    });
    last = answer;
    return answer;
  };
  const started = await next<Started>();
  return {
    ...started,
    issue: (name) => ask({ issue: name }),
    usage: () => ask('usage'),
    async close() {
      child.send('close' satisfies Asked);
      await ended.catch(() => undefined);
    },
  };
}
