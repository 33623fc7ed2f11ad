import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HitFrame } from '../../src/protocol/frames.ts';
import { buildAgent } from './built-agent.ts';
import { type FakeBridge, type FakeConnection, framesOf, snapshot, startFakeBridge } from './fake-bridge.ts';
import { nodes } from './nodes.ts';
import { marked, variable } from './probe-program.ts';
import { program, type RunningProgram, runProgram } from './run-program.ts';
import { until } from './until.ts';

let agent: string;
let bridge: FakeBridge;
let running: RunningProgram;

beforeAll(async () => {
  agent = await buildAgent();
});
afterAll(() => rm(agent, { recursive: true, force: true }));
afterEach(async () => {
  running.child.kill('SIGKILL');
  await bridge.kill();
});

async function hitOf(connection: FakeConnection, file: string): Promise<HitFrame['capture']> {
  connection.send({ t: 'arm', action: snapshot('act_a', { file, line: marked(program(file)) }) });
  const [hit] = await until(() => framesOf(connection, 'hit').length > 0 && framesOf(connection, 'hit'), 'the hit');
  return (hit as HitFrame).capture;
}

describe.each(nodes())('Node $major', ({ major, execPath: node }) => {
  async function start(file: string, more: Record<string, string> = {}): Promise<void> {
    bridge = await startFakeBridge();
    const settings = { SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_test', SIDELIGHT_SERVICE: 'shop', ...more };
    running = runProgram(node, ['--import', pathToFileURL(join(agent, 'register.js')).href, program(file)], settings);
  }

  test('with SIDELIGHT_WORKER_THREADS each thread is an agent of its own, with snapshots of its own', async () => {
    await start('threads.mjs', { SIDELIGHT_WORKER_THREADS: '1' });
    const main = await bridge.connection(0);
    running.tell('thread');
    const thread = await bridge.connection(1);
    running.tell('thread');
    const other = await bridge.connection(2);
    expect(new Set([main, thread, other].map(({ hello }) => hello.agent.id)).size).toBe(3);
    expect(new Set([main, thread, other].map(({ hello }) => hello.pid))).toEqual(new Set([running.child.pid]));
    const [, number] = /thread (\d+)/.exec(running.stdout()) ?? [];
    expect(thread.hello.agent.name).toBe(`${main.hello.agent.name}#${number}`);
    for (const [connection, name] of [
      [main, 'main'],
      [thread, `thread ${number}`],
    ] as const)
      expect(variable(await hitOf(connection, 'threads.mjs'), 'name')).toBe(name);
    expect(framesOf(other, 'hit')).toEqual([]);

    // The end of a thread is not delayed, nor that of the process.
    running.tell('terminate');
    await running.said('terminated in');
    expect(Number(/terminated in (\d+)/.exec(running.stdout())?.[1])).toBeLessThan(1_000);
    await until(() => other.closed, 'the end of the agent of the thread');
    const began = performance.now();
    running.tell('exit 3');
    expect(await running.ended).toEqual({ code: 3, signal: null });
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(running.stderr()).toBe('');
  });

  test('a thread that ends by itself is not kept by its agent, and one that ends soon never connects', async () => {
    await start('threads.mjs', { SIDELIGHT_WORKER_THREADS: '1' });
    await bridge.connection(0);
    running.tell('short');
    await running.said('ended 0');
    running.tell('thread');
    const thread = await bridge.connection(1);
    await hitOf(thread, 'threads.mjs');
    running.tell('end');
    await until(() => running.stdout().match(/ended 0/g)?.length === 2, 'the end of the thread');
    running.tell('done');
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect([bridge.connections.length, running.stderr()]).toEqual([2, '']);
  });

  test('the signal that ends the agent ends those of the threads, and the program runs on', async () => {
    await start('threads.mjs', { SIDELIGHT_WORKER_THREADS: '1', SIDELIGHT_KILL_SIGNAL: 'SIGUSR2' });
    const main = await bridge.connection(0);
    running.tell('thread');
    const thread = await bridge.connection(1);
    for (const connection of [main, thread]) {
      const where = { file: 'threads.mjs', line: marked(program('threads.mjs')) };
      connection.send({ t: 'arm', action: { ...snapshot('act_a', where), condition: 'passes < 0' } });
      await until(() => framesOf(connection, 'state').at(-1)?.state === 'armed', 'the probe');
    }
    running.child.kill('SIGUSR2');
    await until(() => main.closed && thread.closed, 'the end of both agents');
    expect([main, thread].map(({ frames }) => frames.at(-1))).toEqual([
      { t: 'bye', reason: 'config' },
      { t: 'bye', reason: 'config' },
    ]);
    running.child.kill('SIGUSR2');
    running.tell('end');
    await running.said('ended 0');
    running.tell('done');
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(running.stderr()).toBe('sidelight: SIGUSR2: every probe is removed, and this process has no agent any more\n');
    expect(bridge.connections).toHaveLength(2);
  });

  test('what a thread loads is instrumented there, and what another loads is not armed with it', async () => {
    await start('threads.mjs', { SIDELIGHT_WORKER_THREADS: '1', SIDELIGHT_INSTRUMENT: '**/threads.mjs' });
    const main = await bridge.connection(0);
    running.tell('thread');
    const thread = await bridge.connection(1);
    await hitOf(thread, 'threads.mjs');
    const { engine } = framesOf(thread, 'state').at(-1) ?? {};
    expect(engine?.name).toBe(major > 20 ? 'load-time' : 'breakpoint');
    expect([framesOf(main, 'state'), framesOf(main, 'hit')]).toEqual([[], []]);
  });

  test('each worker of a cluster takes snapshots of its own', async () => {
    await start('clustered.mjs');
    await until(() => bridge.connections.length === 3, 'primary and two workers');
    const pids: unknown[] = [];
    for (const connection of bridge.connections) {
      const capture = await hitOf(connection, 'clustered.mjs');
      expect(variable(capture, 'pid')).toBe(connection.hello.pid);
      pids.push(variable(capture, 'pid'));
    }
    expect(new Set(pids).size).toBe(3);
  });
});
