import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestBridge } from './bridge.ts';

/** The agent as `npm run build` leaves it. */
export const agentEntry = fileURLToPath(new URL('../../dist/sidelight-agent/register.js', import.meta.url));

/** A real program with the real agent in it. */
export interface Program {
  child: ChildProcess;
  /** What it printed to stdout so far. */
  output(): string;
  /** Resolves when a line of stdout matches. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  stop(): Promise<number | null>;
}

interface ProgramStart {
  file: string;
  args?: string[];
  service: string;
  url: string;
  key: string;
  env?: Record<string, string>;
  node?: string;
  /** The agent to import; the built one unless said otherwise. */
  agent?: string;
}

/** Starts `node --import <agent> file args`. */
export function startProgram(start: ProgramStart): Program {
  const { file, args = [], service, url, key, env = {}, node = process.execPath, agent = agentEntry } = start;
  const child = spawn(node, ['--import', agent, file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SIDELIGHT_URL: url, SIDELIGHT_KEY: key, SIDELIGHT_SERVICE: service, ...env },
  });
  let output = '';
  let errors = '';
  const waiting = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    for (const look of [...waiting]) look();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  return {
    child,
    output: () => output,
    printed: (pattern) =>
      new Promise((done, fail) => {
        const look = () => {
          const match = pattern.exec(output);
          if (match === null) return;
          waiting.delete(look);
          done(match);
        };
        waiting.add(look);
        child.once('exit', (code) => fail(new Error(`The program ended with ${code} before it printed ${pattern}: ${errors}`)));
        look();
      }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const hurry = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(hurry);
      return child.exitCode;
    },
  };
}

/** Resolves when an agent of the service is connected. */
export async function connected(bridge: TestBridge, service: string): Promise<string> {
  return until(`${service} is connected`, async () => {
    const agents = await bridge.bridge.services.agents('default');
    return agents.find((agent) => agent.connected && agent.service === service)?.id;
  });
}

/** Looks every 20 ms until there is an answer; fails after `withinMs`. */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined, withinMs = 30_000): Promise<T> {
  const endsAt = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endsAt) throw new Error(`Waited ${withinMs} ms in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** The line of a file that is marked, from 1. */
export function markedLine(file: string, mark = '// <- here'): number {
  const index = readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(mark));
  if (index < 0) throw new Error(`${file} has no line marked ${mark}.`);
  return index + 1;
}
