import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { until } from '../helpers/program.ts';
import type { World } from '../mcp/world.ts';
import { cli } from './sidelight.ts';

export const baseOf = ({ port }: World) => `http://127.0.0.1:${port}`;
export const toolsCall = (id: number, name: string, meta: object = {}) => ({
  ...{ jsonrpc: '2.0', id, method: 'tools/call' },
  params: { name, arguments: {}, _meta: meta },
});
export const modern = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
/** `sidelight stdio` with the test on its pipes. */
export interface Piped {
  child: ChildProcess;
  write(...messages: (object | string)[]): void;
  /** The answer with this id, or without one, once it is there. */
  answer(id: number | undefined): Promise<Reply>;
  /** Everything on stdout so far, line by line. */
  lines(): string[];
  stderr(): string;
  /** The exit code, once it has ended. */
  closed: Promise<number | null>;
  /** Ends stdin and gives the exit code. */
  end(): Promise<number | null>;
}

/** A JSON-RPC message as it came. */
export interface Reply {
  id?: number;
  result?: { structuredContent?: Record<string, unknown> };
  error?: { code: number; message: string; data?: { code?: string; next?: string } };
}

/** Starts the command with nothing in its environment but what is given. */
export function startPiped(args: string[], env: Record<string, string> = {}): Piped {
  const child = spawn(process.execPath, [cli, 'stdio', ...args], { stdio: 'pipe', env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const closed = once(child, 'close').then(([code]) => code as number | null);
  const lines = () => stdout.split('\n').slice(0, -1);
  return {
    ...{ child, lines, closed, stderr: () => stderr },
    write: (...messages) => {
      for (const each of messages) child.stdin.write(`${typeof each === 'string' ? each : JSON.stringify(each)}\n`);
    },
    answer: (id) =>
      until(`the answer ${id} is there`, () => {
        const replies = lines().map((line) => JSON.parse(line) as Reply & { method?: string });
        return replies.find((reply) => reply.id === id && reply.method === undefined);
      }),
    end() {
      child.stdin.end();
      return closed;
    },
  };
}

/** Runs the command on pipes against a bridge, and sees that nothing but protocol came out of it. */
export async function withPipes(args: string[], run: (piped: Piped) => Promise<void>): Promise<void> {
  const piped = startPiped(args);
  try {
    await run(piped);
    expect(await piped.end()).toBe(0);
    for (const line of piped.lines()) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
  } finally {
    piped.child.kill('SIGKILL');
  }
}

/** A server that is no bridge, on a free loopback port. */
export async function withServer(serve: RequestListener, run: (url: string) => Promise<void>): Promise<void> {
  const server: Server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** The URL of a port where nobody listens any more. */
export async function nobodyAt(): Promise<string> {
  let gone = '';
  await withServer(
    () => undefined,
    async (url) => {
      gone = url;
    },
  );
  return gone;
}
