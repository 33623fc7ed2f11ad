import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { builtAgentFile, program } from './probe-program.ts';

export interface StartOptions {
  /** Whether V8's hash of each script is told, so that its file can be read instead. */
  withHash?: boolean;
  /** Of the reader, if not as built. */
  url?: string;
  env?: Record<string, string>;
}

/** A program with the agent's reader, in a process of its own. */
export class ReaderProgram {
  readonly child: ChildProcess;
  readonly #answers = new Map<number, (message: { result?: unknown; error?: string }) => void>();
  #nextId = 0;

  private constructor(child: ChildProcess) {
    this.child = child;
    let stderr = '';
    child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
    child.on('message', (message: { id: number; result?: unknown; error?: string }) => this.#answers.get(message.id)?.(message));
    child.on('exit', (code, signal) => {
      for (const answer of this.#answers.values()) answer({ error: `exited with ${code ?? signal}: ${stderr}` });
    });
  }

  static async start(
    execPath: string,
    { url, env, ...options }: StartOptions = {},
    execArgv: string[] = [],
  ): Promise<ReaderProgram> {
    const all = { ...process.env, READER_URL: url ?? (await builtAgentFile('source/reader-client')), ...env };
    const child = fork(program('reader-host.mjs'), [], {
      execPath,
      execArgv,
      env: all,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const started = new ReaderProgram(child);
    await once(child, 'message');
    await started.do('create', { withHash: true, ...options });
    return started;
  }

  do<Result = unknown>(command: string, input?: unknown): Promise<Result> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ result, error }) => {
        this.#answers.delete(id);
        if (error === undefined) resolve(result as Result);
        else reject(new Error(error));
      });
      this.child.send({ id, command, input });
    });
  }

  /** Loads a module and gives the ids of its scripts. */
  load(file: string): Promise<string[]> {
    return this.do('load', { file, commonjs: file.endsWith('.cjs') });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
