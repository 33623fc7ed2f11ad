import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { ProbeOptions } from '../../src/agent/probes/probes.ts';
import type { Action, CaptureData, HitFrame, StateFrame } from '../../src/protocol/frames.ts';
import type { Value } from '../../src/protocol/value.ts';
import { onceARun } from '../helpers/once-a-run.ts';

export type State = Omit<StateFrame, 't' | 'n'>;
export type Hit = Omit<HitFrame, 't' | 'n'>;

const programs = fileURLToPath(new URL('./programs/', import.meta.url));
const host = join(programs, 'host.mjs');
const agent = fileURLToPath(new URL('../../src/agent/', import.meta.url));

/** An entry of the agent as one file beside the reader's thread, built from the sources once a run. */
export async function builtAgentFile(entry: 'probes/probes' | 'source/reader-client'): Promise<string> {
  const folder = await onceARun(basename(entry), async (outdir) => {
    const entryPoints = [entry, 'source/reader-worker', 'load-time/load-time'].map((file) => join(agent, `${file}.ts`));
    const options = { bundle: true, platform: 'node', format: 'esm', target: 'node20', entryNames: '[name]' } as const;
    await build({ entryPoints, outdir, ...options });
    await writeFile(join(outdir, 'package.json'), '{"type":"module"}');
  });
  return pathToFileURL(join(folder, `${basename(entry)}.js`)).href;
}

/** Path of a fixture program. */
export function program(name: string): string {
  return join(programs, name);
}

/** The line a fixture marks with `// <- here`, or `// <- name`. */
export function marked(file: string, name = 'here'): number {
  const lines = readFileSync(file, 'utf8').split('\n');
  const index = lines.findIndex((line) => line.trimEnd().endsWith(`// <- ${name}`));
  if (index < 0) throw new Error(`No line of ${file} is marked ${name}`);
  return index + 1;
}

/** A program with probes, in a process of its own. */
export class ProbeProgram {
  readonly child: ChildProcess;
  readonly states: State[] = [];
  readonly hits: Hit[] = [];
  stdout = '';
  stderr = '';
  readonly #answers = new Map<number, (message: { result?: unknown; error?: string }) => void>();
  readonly #waiting = new Set<() => void>();
  #nextId = 0;
  #nextAction = 0;

  private constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    child.on('message', (message: { t: string; id: number; body: never; result?: unknown; error?: string }) => {
      if (message.t === 'state') this.states.push(message.body);
      if (message.t === 'hit') this.hits.push(message.body);
      if (message.t === 'done') this.#answers.get(message.id)?.(message);
      for (const check of this.#waiting) check();
    });
    child.on('exit', (code, signal) => {
      for (const answer of this.#answers.values()) answer({ error: `exited with ${code ?? signal}: ${this.stderr}` });
      for (const check of this.#waiting) check();
    });
  }

  static async start(
    execPath: string,
    options: Omit<ProbeOptions, 'silence' | 'loadTime'> & { instrument?: string[] } = {},
    execArgv: string[] = [],
  ): Promise<ProbeProgram> {
    const env = { ...process.env, PROBES_URL: await builtAgentFile('probes/probes') };
    const child = fork(host, [], { execPath, execArgv, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], serialization: 'json' });
    const started = new ProbeProgram(child);
    await once(child, 'message');
    await started.do('create', options);
    return started;
  }

  /** Sends one command and gives its result. */
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

  load(file: string): Promise<unknown> {
    return this.do('load', { file, commonjs: file.endsWith('.cjs') });
  }

  call<Result = unknown>(file: string, name: string, args: unknown[] = [], times = 1): Promise<Result> {
    return this.do<Result>('call', { file, name, args, times });
  }

  /** Arms an action and gives its first state. */
  async arm(action: Partial<Action> & { where: Action['where'] }): Promise<State> {
    const id = action.id ?? `act_${this.#nextAction++}`;
    const from = this.states.length;
    const whole: Action = {
      rev: 1,
      kind: 'snapshot',
      expressions: [],
      ...action,
      id,
      limits: { hits: 1, depth: 3, ttlMs: 30_000, ...action.limits },
    };
    await this.do('probes', { method: 'arm', args: [whole] });
    return this.until(() => this.states.slice(from).find((state) => state.id === id));
  }

  /** Waits until something has been told; fails with what was told instead. */
  until<Found>(find: () => Found | undefined | false, timeoutMs = 30_000): Promise<Found> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = find();
        if (found !== undefined && found !== false) resolve(found);
        else if (this.child.exitCode !== null)
          reject(new Error(`The program exited with ${this.child.exitCode}: ${this.stderr}`));
        else return;
        clearTimeout(timer);
        this.#waiting.delete(check);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        const { states, hits, stderr } = this;
        const told = JSON.stringify({ states: states.slice(-10), hits: hits.map(({ id, hit }) => `${id} ${hit}`), stderr });
        reject(new Error(`Waited ${timeoutMs} ms for ${find.toString()}; told was ${told}`));
      }, timeoutMs);
      this.#waiting.add(check);
      check();
    });
  }

  hit(number = 1): Promise<Hit> {
    return this.until(() => this.hits[number - 1]);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}

/** The value of a variable, in whichever scope it is listed. */
export function variable(capture: CaptureData, name: string): Value | undefined {
  for (const { variables } of capture.scopes) for (const [own, value] of variables) if (own === name) return value;
  return undefined;
}

/** Name → value of the fields of an object. */
export function fields(value: Value | undefined): Record<string, Value> {
  if (typeof value !== 'object' || value === null || value.$ !== 'object')
    throw new Error(`Not an object: ${JSON.stringify(value)}`);
  return Object.fromEntries(value.fields);
}
