import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

/** A program that runs, with or without the agent. */
export interface RunningProgram {
  child: ChildProcessWithoutNullStreams;
  stdout(): string;
  stderr(): string;
  /** Waits for a line on stdout. */
  said(text: string): Promise<void>;
  /** A line on its stdin. */
  tell(line: string): void;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** The path of a fixture in test/agent/programs. */
export function program(name: string): string {
  return fileURLToPath(new URL(`programs/${name}`, import.meta.url));
}

/** Starts `node ...args` with only these `SIDELIGHT_` variables. */
export function runProgram(node: string, args: string[], environment: Record<string, string>, cwd?: string): RunningProgram {
  const clean = Object.entries(process.env).filter(([name]) => !/^(SIDELIGHT_|NODE_OPTIONS|VITEST|TEST$)/.test(name));
  const child = spawn(node, args, { env: { ...Object.fromEntries(clean), ...environment }, cwd });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  child.stdin.on('error', () => undefined);
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    said: async (text) => {
      await until(() => stdout.includes(text), `the program to say ${JSON.stringify(text)}; it said: ${stdout}${stderr}`);
    },
    tell: (line) => child.stdin.write(`${line}\n`),
    ended: new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal }))),
  };
}
