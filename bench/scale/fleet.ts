import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { typescript } from './loader.ts';

const program = fileURLToPath(new URL('../../agents-sim/main.ts', import.meta.url));

/** So many simulated agents of services nobody asks for, in a process of their own; resolves when all are connected. */
export async function startFleet(url: string, key: string, count: number, seed = 1): Promise<{ stop(): Promise<void> }> {
  const args = ['--url', url, '--key', key, '--scenario', 'fleet', '--count', String(count), '--seed', String(seed)];
  const child = spawn(process.execPath, [...typescript, program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const connected = /^(\d+) connected$/.exec(line)?.[1];
    if (connected === undefined) continue;
    if (Number(connected) !== count) throw new Error(`Only ${connected} of ${count} agents connected`);
    return {
      async stop() {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      },
    };
  }
  throw new Error('The fleet ended before it was connected');
}
