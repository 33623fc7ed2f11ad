import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { WebSocket } from 'ws';
import { subprotocol } from '../../src/protocol/frames.ts';
import { cli, type FirstLine, type Serving } from '../cli/sidelight.ts';
import { until } from '../helpers/program.ts';
import type { Room } from './namespaces.ts';

/** In a room of its own a bridge has every port to itself. */
const port = 7433;

/** Starts `sidelight serve` in a room, known by the address there, and waits for its first line. */
export async function servingIn(room: Room, ...args: string[]): Promise<Serving> {
  const where = ['--host', '0.0.0.0', '--port', String(port), '--public-url', `http://${room.address}:${port}`];
  const child = spawn(room.node, [cli, 'serve', '--json', ...where, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString();
  });
  const first = await until(
    `the bridge at ${room.address} prints its first line`,
    () => {
      if (child.exitCode !== null) throw new Error(`sidelight serve ended with ${child.exitCode}: ${said.err}`);
      return said.out.includes('\n') ? (JSON.parse(said.out.split('\n')[0] ?? '') as FirstLine) : undefined;
    },
    60_000,
  );
  return {
    ...{ first, child, stderr: () => said.err },
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

/** Connects an agent from this address. */
export function dialFrom(localAddress: string): (url: string, key: string) => WebSocket {
  return (url, key) =>
    new WebSocket(url, subprotocol, { headers: { authorization: `Bearer ${key}` }, perMessageDeflate: false, localAddress });
}

/** How many connections from an address the network of this bridge takes for open, whatever the other end knows. */
export async function openFrom(address: string, { child }: Serving): Promise<number> {
  // As the kernel writes it: the bytes of an IPv4 address from the last to the first, in hexadecimal; state 01 is ESTABLISHED.
  const peer = address
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0').toUpperCase())
    .reverse()
    .join('');
  const rows = await readFile(`/proc/${child.pid}/net/tcp`, 'utf8');
  return rows.split('\n').filter((row) => {
    const [, , remote = '', state] = row.trim().split(/\s+/);
    return remote.startsWith(`${peer}:`) && state === '01';
  }).length;
}
