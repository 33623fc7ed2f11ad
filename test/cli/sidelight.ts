import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { putEmptyStore } from '../helpers/empty-store.ts';
import { until } from '../helpers/program.ts';

/** The command as `npm run build` leaves it. */
export const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** What a command printed, and how it ended. */
export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The first line of `serve --json` and `demo --json`; keys only on the first start. */
export interface FirstLine {
  mcpUrl: string;
  agentUrl: string;
  bridgeKey: string;
  signInLink?: string;
  readKey?: string;
  fullKey?: string;
  enrolKey?: string;
  program?: { service: string; file: string; line: number };
}

/** A command that goes on until it is stopped. */
export interface Serving {
  first: FirstLine;
  child: ChildProcess;
  /** What it logged so far. */
  stderr(): string;
  /** Sends SIGTERM and gives how it ended, and after how many milliseconds. */
  stop(): Promise<{ code: number | null; ms: number }>;
}

/** A command that should have ended by itself does not stay behind. */
const maxRunMs = 60_000;

function start(args: string[], timeout?: number): { child: ChildProcess; stdout: () => string; stderr: () => string } {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout, killSignal: 'SIGKILL' });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return { child, stdout: () => stdout, stderr: () => stderr };
}

/** Runs `sidelight …` to its end. */
export async function sidelight(...args: string[]): Promise<Ran> {
  const { child, stdout, stderr } = start(args, maxRunMs);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: stdout(), stderr: stderr() };
}

/** As `servingAnew`; a data directory without a store is given an empty one before, which is quicker than a first start. */
export async function serving(command: 'serve' | 'demo', ...args: string[]): Promise<Serving> {
  const data = args[args.indexOf('--data') + 1];
  if (data !== undefined && args.includes('--data') && !args.includes('--database-url')) await putEmptyStore(data);
  return servingAnew(command, ...args);
}

/** Starts `sidelight serve` or `demo` with `--json` on a free port, and waits for its first line. */
export async function servingAnew(command: 'serve' | 'demo', ...args: string[]): Promise<Serving> {
  const { child, stdout, stderr } = start([command, '--json', '--port', '0', ...args]);
  const first = await until(
    `sidelight ${command} prints its first line`,
    () => {
      if (child.exitCode !== null) throw new Error(`sidelight ${command} ended with ${child.exitCode}: ${stderr()}`);
      return stdout().includes('\n') ? (JSON.parse(stdout().split('\n')[0] ?? '') as FirstLine) : undefined;
    },
    60_000,
  );
  return {
    first,
    child,
    stderr,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return { code: child.exitCode, ms: 0 };
      const ended = once(child, 'close');
      const startedAt = performance.now();
      child.kill('SIGTERM');
      await ended;
      return { code: child.exitCode, ms: performance.now() - startedAt };
    },
  };
}
