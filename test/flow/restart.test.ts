import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { putEmptyStore } from '../helpers/empty-store.ts';
import { markedLine, type Program, startProgram, until } from '../helpers/program.ts';
import { clients, type TestClient } from '../mcp/clients.ts';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const ticker = fileURLToPath(new URL('./programs/ticker.mjs', import.meta.url));

interface FirstLine {
  mcpUrl: string;
  agentUrl: string;
  fullKey: string;
  enrolKey: string;
}

let directory: string;
let port: number;
let serving: ChildProcess | undefined;
let program: Program | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sidelight-restart-'));
  await putEmptyStore(directory);
  port = await freePort();
});

afterAll(async () => {
  await program?.stop();
  if (serving !== undefined) await end(serving, 'SIGTERM');
  await rm(directory, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function serve(): Promise<FirstLine> {
  const child = spawn(
    process.execPath,
    [cli, 'serve', '--port', String(port), '--data', directory, '--json', '--log-level', 'warn'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  serving = child;
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return until('the bridge says its first line', () =>
    text.includes('\n') ? (JSON.parse(text.split('\n')[0] ?? '') as FirstLine) : undefined,
  );
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
  return child.exitCode;
}

async function callsUsed(client: TestClient): Promise<number> {
  const { structuredContent } = await client.call('get_status', {});
  const { quotas } = structuredContent as { quotas: { quota: string; used: number }[] };
  return quotas.find((quota) => quota.quota === 'calls_per_hour')?.used ?? -1;
}

const connect = clients[0].connect;

it('survives kill -9 of the bridge: the program goes on clean within 10 s, and agent, action and quotas come back', async () => {
  const first = await serve();
  program = startProgram({ file: ticker, service: 'ticker', url: first.agentUrl, key: first.enrolKey });
  await program.printed(/"ready"/);
  let client = await connect(first.mcpUrl, first.fullKey);
  const placed = await until('the snapshot is armed', async () => {
    const { structuredContent } = await client.call('take_snapshot', {
      source: { service: 'ticker' },
      file: 'ticker.mjs',
      line: markedLine(ticker),
      condition: 'wanted',
      expressions: ['count'],
      timeoutSeconds: 120,
      waitSeconds: 0,
    });
    return (structuredContent as { status?: string; actionId: string }).status === 'pending'
      ? (structuredContent as { actionId: string })
      : undefined;
  });
  await program.printed(/"watched":true/);
  const usedBefore = await callsUsed(client);
  await client.close();

  await end(serving as ChildProcess, 'SIGKILL');
  const killedAt = performance.now();
  await program.printed(/"watched":false/);
  expect(performance.now() - killedAt).toBeLessThan(10_000);
  expect(program.child.exitCode).toBeNull();

  const again = await serve();
  expect(again).not.toHaveProperty('fullKey');
  client = await connect(again.mcpUrl, first.fullKey);
  await program.printed(/"watched":false[\s\S]*"watched":true/);
  program.child.kill('SIGUSR2');
  const { structuredContent } = await client.call('wait_for_hits', { actionId: placed.actionId, waitSeconds: 20 });
  expect(structuredContent).toMatchObject({ status: 'completed', hits: [{ variables: { label: 'interval', wanted: true } }] });
  expect(await callsUsed(client)).toBeGreaterThan(usedBefore);
  await client.close();

  expect(await end(serving as ChildProcess, 'SIGTERM')).toBe(0);
  serving = undefined;
}, 90_000);
