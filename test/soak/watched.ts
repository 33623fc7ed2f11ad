import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pTimeout from 'p-timeout';

const watcher = fileURLToPath(new URL('programs/watch.mjs', import.meta.url));
/** A process has so long to start, to answer and to end. */
const startMs = 60_000;
const answerMs = 120_000;
const stopMs = 20_000;
/** Lines of its stderr that are kept, from the first. */
const maxLines = 50;

/** What a process holds, after a collection. */
export interface Usage {
  heapBytes: number;
  /** Those of them that are compiled code, which still grows when the data does not. */
  codeBytes: number;
  /** Outside of the heap and known to V8, buffers included. */
  externalBytes: number;
  bufferBytes: number;
  rssBytes: number;
  /** Since its start. */
  cpuMicros: number;
  /** How late its event loop was, since the question before. */
  loopP99Ms: number;
  /** What keeps its event loop going, by kind. */
  resources: Record<string, number>;
  /** Open descriptors but `files`, and those of them that are sockets; absent where they cannot be counted. */
  fds?: number;
  sockets?: number;
  /** Files that are there and open, each counted once: a database keeps them open, and a leak opens one again and again. */
  files?: number;
}

/** A process that tells what it holds. */
export interface Watched {
  child: ChildProcess;
  /** What it printed to stderr. */
  said: string[];
  usage(): Promise<Usage>;
  /** Writes a heap snapshot; gives its file. */
  heapSnapshot(file: string): Promise<string>;
  /** Resolves with a message that has this property. */
  told<T>(property: string): Promise<T>;
  /** Ends it by SIGTERM; gives its exit code, null when it had to be killed. */
  stop(): Promise<number | null>;
}

interface Program {
  /** Arguments of `node`. */
  args: string[];
  cwd?: string;
  env?: Record<string, string>;
}

/** Starts `node args` with the watcher in it. What it prints to stdout is dropped. */
export function startWatched({ args, cwd, env = {} }: Program): Watched {
  const child = spawn(process.execPath, ['--expose-gc', '--import', watcher, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    cwd,
    env: { ...process.env, ...env },
  });
  const said: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => {
    if (said.length < maxLines) said.push(...chunk.toString().trimEnd().split('\n'));
  });
  const waiting = new Set<(message: Record<string, unknown> | undefined) => void>();
  child.on('message', (message) => {
    for (const look of [...waiting]) look(message as Record<string, unknown>);
  });
  child.once('exit', () => {
    for (const look of [...waiting]) look(undefined);
  });

  function hear<T>(what: string, find: (message: Record<string, unknown>) => T | undefined, ms: number): Promise<T> {
    let look: (message: Record<string, unknown> | undefined) => void = () => undefined;
    const heard = new Promise<T>((done, fail) => {
      look = (message) => {
        if (message === undefined) fail(new Error(`The process ended with ${child.exitCode}: ${said.join('\n')}`));
        else {
          const found = find(message);
          if (found !== undefined) done(found);
        }
      };
      waiting.add(look);
    });
    return pTimeout(heard, { milliseconds: ms, message: `No answer within ${ms} ms: ${what}` }).finally(() => {
      waiting.delete(look);
    });
  }

  let asked = 0;
  function ask<T>(question: { ask: string; file?: string }): Promise<T> {
    asked += 1;
    const n = asked;
    const heard = hear(question.ask, (message) => (message.n === n ? (message.answer as T) : undefined), answerMs);
    child.send({ n, ...question }, () => undefined);
    return heard;
  }

  return {
    ...{ child, said },
    usage: () => ask({ ask: 'usage' }),
    heapSnapshot: (file) => ask({ ask: 'heap snapshot', file }),
    told: (property) => hear(property, (message) => message[property] as never, startMs),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const hurry = setTimeout(() => child.kill('SIGKILL'), stopMs);
      await ended;
      clearTimeout(hurry);
      return child.exitCode;
    },
  };
}
