import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { marked } from '../../test/agent/probe-program.ts';

/** The service that is measured. */
export const program = fileURLToPath(new URL('../agent-server.cjs', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
const patienceMs = 60_000;
const isPinnable = process.platform === 'linux' && cpus().length > 1;

/** One running copy of it. */
export interface Service {
  child: ChildProcess;
  port: number;
}

export interface Usage {
  /** Processor time of all its threads. */
  cpuMicros: number;
  rssBytes: number;
  /** Calls of the hot function. */
  calls: number;
}

export interface ServiceOptions {
  args?: string[];
  env?: Record<string, string>;
  /** Live objects, in megabytes. */
  heapMb: number;
  /** The Node that runs it. */
  node: string;
  /** On the first core alone, where the platform can do that. */
  isPinned: boolean;
}

export async function startService({ args = [], env, heapMb, node, isPinned }: ServiceOptions): Promise<Service> {
  const pinned = isPinned && isPinnable ? ['taskset', '-c', '0'] : [];
  const [command = node, ...rest] = [...pinned, node, ...args, program];
  const child = spawn(command, rest, {
    cwd: root,
    env: { ...process.env, BENCH_HEAP_MB: String(heapMb), ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ port }] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`The service ended with ${code}`))),
  ])) as [{ port: number }];
  return { child, port };
}

/** Keeps this process, which makes the load, off the core of the service. */
export function leaveFirstCore(): void {
  if (isPinnable) execFileSync('taskset', ['-apc', `1-${cpus().length - 1}`, String(process.pid)], { stdio: 'ignore' });
}

export async function usage({ port }: Service): Promise<Usage> {
  const { user, system, rss, calls } = (await ask(port, '/usage')) as Record<string, number>;
  return { cpuMicros: Number(user) + Number(system), rssBytes: Number(rss), calls: Number(calls) };
}

/** What the calls of the hot function took, and how long the event loop was busy with each and its aftermath. */
export interface Paced {
  /** Number of the first call. */
  first: number;
  tookMicros: number[];
  busyMicros: number[];
}

export async function paced({ port }: Service, times: number, everyMs: number): Promise<Paced> {
  return (await ask(port, `/paced/${times}/${everyMs}`)) as Paced;
}

/** Ends a service. */
export async function stopService({ child }: Service): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Number of a marked line. */
export function lineOf(mark: string): number {
  return marked(program, mark);
}

async function ask(port: number, path: string): Promise<unknown> {
  return (await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(patienceMs) })).json();
}
