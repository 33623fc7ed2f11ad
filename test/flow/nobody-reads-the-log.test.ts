import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { cli, type FirstLine } from '../cli/sidelight.ts';
import { putEmptyStore } from '../helpers/empty-store.ts';
import { until } from '../helpers/program.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A bridge whose stderr is a pipe that has no room. */
async function startUnread() {
  const data = mkdtempSync(join(tmpdir(), 'sidelight-test-'));
  await putEmptyStore(data);
  const pipe = join(data, 'stderr');
  execFileSync('mkfifo', [pipe]);
  const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  // Another opening of the pipe: the bridge gets one that waits for room, as a shell would give it.
  const writer = openSync(pipe, constants.O_WRONLY);
  for (let chunk = 4_096; chunk > 0; chunk = chunk === 1 ? 0 : 1) fill(reader, Buffer.alloc(chunk, '.'));
  const args = ['serve', '--json', '--port', '0', '--data', data, '--log-level', 'trace'];
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', writer] });
  ends.push(() => {
    child.kill('SIGKILL');
    closeSync(reader);
    closeSync(writer);
    rmSync(data, { recursive: true, force: true });
  });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const first = await until('it tells where it is', () => (output.includes('\n') ? output.split('\n')[0] : undefined));
  return { child, reader, first: JSON.parse(first) as FirstLine };
}

function fill(fd: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(fd, bytes);
  } catch {
    // It is full.
  }
}

/** What stands in the pipe now. */
function readAll(fd: number): string {
  const buffer = Buffer.alloc(65_536);
  let text = '';
  try {
    for (;;) text += buffer.toString('latin1', 0, readSync(fd, buffer));
  } catch {
    return text;
  }
}

/** Ten calls, each of which logs at least a line, and what `/healthz` says meanwhile. */
async function asMany({ mcpUrl, fullKey }: FirstLine): Promise<number[]> {
  const signal = AbortSignal.timeout(10_000);
  const headers = {
    ...{ authorization: `Bearer ${fullKey}`, 'content-type': 'application/json' },
    accept: 'application/json, text/event-stream',
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_status', arguments: {} } });
  const statuses: number[] = [];
  for (let at = 0; at < 10; at++) {
    const answer = await fetch(mcpUrl, { method: 'POST', headers, body, signal });
    await answer.text();
    statuses.push(answer.status, (await fetch(new URL('/healthz', mcpUrl), { signal })).status);
  }
  return statuses;
}

it('a bridge whose log nobody reads answers, tells its lines once somebody reads, and ends as ever', async () => {
  const { child, reader, first } = await startUnread();
  expect(new Set(await asMany(first))).toEqual(new Set([200]));
  let text = readAll(reader);
  await until('the lines of the calls come', () => {
    text += readAll(reader);
    return text.includes('call ended') ? true : undefined;
  });
  expect(text).not.toContain('dropped');
  fill(reader, Buffer.alloc(4_096, '.'));
  fill(reader, Buffer.alloc(1, '.'));
  const before = performance.now();
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  expect(performance.now() - before).toBeLessThan(8_000);
}, 60_000);
