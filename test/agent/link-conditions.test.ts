import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { HitFrame } from '../../src/protocol/frames.ts';
import { type FakeBridge, type FakeConnection, framesOf, snapshot } from './fake-bridge.ts';
import { test as linkTest, settings } from './link-world.ts';
import { nodes } from './nodes.ts';
import { marked, variable } from './probe-program.ts';
import { program, type RunningProgram } from './run-program.ts';
import { until } from './until.ts';

const tsx = import.meta.resolve('tsx');
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sidelight-conditions-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** Two hits of the fixture's marked line. */
async function hitsOf(connection: FakeConnection, file: string, hits = 2): Promise<HitFrame[]> {
  const where = { file: file.slice(dirname(file).length + 1), line: marked(file) };
  connection.send({ t: 'arm', action: snapshot('act_a', where, { hits }) });
  await until(() => framesOf(connection, 'state').some(({ state }) => state === 'removed' || state === 'failed'), 'the end');
  expect(framesOf(connection, 'state').at(-1)).toMatchObject({ state: 'removed', hits });
  return framesOf(connection, 'hit');
}

describe.concurrent.each(nodes())('Node $major', ({ major, execPath: node }) => {
  /** Starts a program that finds a bridge. */
  type Run = (command: string, args: string[], more?: Record<string, string>, cwd?: string) => RunningProgram;
  const test = linkTest.extend<{ bridge: FakeBridge; run: Run }>({
    bridge: async ({ bridgeWith }, use) => use(await bridgeWith()),
    run: ({ bridge, start }, use) => use((command, args, more, cwd) => start(command, args, settings(bridge, more), cwd)),
  });

  test.for<[flag: string, name: string, args: string[]]>([
    ['--disable-proto=delete', 'obedient.mjs', []],
    ['--disable-proto=throw', 'obedient.mjs', []],
    ['--frozen-intrinsics', 'obedient.mjs', []],
    ['--stack-trace-limit=0', 'obedient.mjs', []],
    ['--enable-source-maps', 'obedient.mjs', []],
    ['--no-warnings', 'replaced.cjs', []],
    ['--no-warnings', 'replaced.cjs', ['delete']],
    ['--no-warnings', 'inspects.cjs', []],
    ['--no-warnings', 'obedient.mjs', Array.from({ length: 500 }, () => 'x'.repeat(1_000))],
  ])('with %s, %s is read like any other program and runs on', async ([flag, name, args], { bridge, register, run }) => {
    const file = program(name);
    const running = run(node, [flag, '--import', register, file, ...args]);
    const hits = await hitsOf(await bridge.connection(0), file);
    expect(variable(hits[1]?.capture as HitFrame['capture'], 'passes')).toBeGreaterThan(0);
    // Where `Error` is frozen there is no way to the frames without stopping.
    expect(hits[0]?.capture.stack[0]?.function).toBe(flag === '--frozen-intrinsics' ? undefined : 'count');
    expect(running.child.exitCode).toBeNull();
    expect(running.stderr()).not.toMatch(/called by the agent|TypeError|sidelight/);
  });

  const permission = [major < 24 ? '--experimental-permission' : '--permission', '--allow-fs-read=*', '--no-warnings'];

  test('where Node allows no threads there is one line on stderr and no agent, and the program runs on', async ({
    register,
    run,
  }) => {
    const running = run(node, [...permission, '--import', register, program('obedient.mjs')]);
    await until(() => running.stderr() !== '', 'a line on stderr');
    running.tell('exit 4');
    expect(await running.ended).toEqual({ code: 4, signal: null });
    expect(running.stderr()).toMatch(/^sidelight: not started: Access to this API has been restricted[^\n]*\n$/);
  });

  test('where Node allows threads but no debugger an action fails with the reason', async ({ bridge, register, run }) => {
    const file = program('obedient.mjs');
    const running = run(node, [...permission, '--allow-worker', '--import', register, file]);
    const connection = await bridge.connection(0);
    connection.send({ t: 'arm', action: snapshot('act_a', { file: 'obedient.mjs', line: marked(file) }) });
    const state = await until(() => framesOf(connection, 'state')[0], 'an answer');
    expect(state).toMatchObject({
      state: 'failed',
      code: 'unsupported',
      message: expect.stringMatching(/^V8's debugger cannot be used in this process: Access to this API/),
    });
    running.tell('exit 4');
    expect(await running.ended).toEqual({ code: 4, signal: null });
  });

  test.for<[place: string, order: (first: string[], second: string[]) => string[]]>([
    ['before', (agentFirst, loader) => [...agentFirst, ...loader]],
    ['behind', (agentFirst, loader) => [...loader, ...agentFirst]],
  ])(
    'TypeScript that a loader compiles is read by its own lines; the agent stands %s the loader',
    async ([place, order], { bridge, register, run }) => {
      const file = join(home, `typed-${major}-${place}.ts`);
      await writeFile(file, typed);
      run(node, [...order(['--import', register], ['--import', tsx]), file]);
      const [hit] = await hitsOf(await bridge.connection(0), file);
      expect(hit?.capture.at).toMatchObject({ line: marked(file), function: 'price', text: 'return total; // <- here' });
      expect(hit?.capture.stack[0]).toMatchObject({ function: 'price', line: marked(file) });
      expect(variable(hit?.capture as HitFrame['capture'], 'total')).toBe(8);
    },
  );

  test('of a package script only the program becomes an agent, not the package manager', async ({ bridge, register, run }) => {
    const folder = await mkdtemp(join(home, 'scripted-'));
    await cp(program('obedient.mjs'), join(folder, 'obedient.mjs'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'scripted', scripts: { go: 'node obedient.mjs' } }));
    const path = `${dirname(node)}${delimiter}${process.env.PATH}`;
    const running = run('npm', ['run', '--silent', 'go'], { NODE_OPTIONS: `--import ${register}`, PATH: path }, folder);
    const { hello } = await bridge.connection(0);
    await running.said('ready');
    expect(hello.pid).toBe(Number(/ready (\d+)/.exec(running.stdout())?.[1]));
    await hitsOf(bridge.connections[0] as FakeConnection, join(folder, 'obedient.mjs'));
    expect(bridge.connections).toHaveLength(1);
    process.kill(hello.pid, 'SIGKILL');
  });

  test('neither idle, nor armed, nor after its last hit does the agent change anything the program can see of itself', async ({
    bridge,
    register,
    run,
  }) => {
    const file = program('witness.cjs');
    const running = run(node, [
      '--require',
      file,
      '--import',
      register,
      fileURLToPath(new URL('programs/late.cjs', import.meta.url)),
    ]);
    const connection = await bridge.connection(0);
    await running.said('unchanged');
    await hitsOf(connection, file, 5);
    const lines = running.stdout().length;
    await until(() => running.stdout().length > lines, 'a pass after the last hit');
    const said = running.stdout().trim().split('\n');
    expect([...new Set(said)]).toEqual(['unchanged', 'unchanged, but for the hook']);
    expect(said.at(-1)).toBe('unchanged');
  });

  test('what is asked for and taken back while the program is busy leaves no probe behind', async ({ bridge, register, run }) => {
    const file = program('obedient.mjs');
    const running = run(node, ['--import', register, file]);
    const connection = await bridge.connection(0);
    await running.said('ready');
    running.tell('block 1000');
    const beats = framesOf(connection, 'beat').length;
    await until(() => framesOf(connection, 'beat').length > beats, 'a beat of the busy program');
    const action = { ...snapshot('act_a', { file: 'obedient.mjs', line: marked(file) }), condition: 'step === 1' };
    connection.send({ t: 'arm', action });
    connection.send({ t: 'remove', id: 'act_a', reason: 'cancelled' });
    await running.said('unblocked');
    await until(() => framesOf(connection, 'state').at(-1)?.state === 'removed', 'the removal');
    running.tell('passes');
    await running.said('passes');
    await until(() => framesOf(connection, 'beat').at(-1)?.actions === 0, 'a beat without actions');
    expect(framesOf(connection, 'hit')).toEqual([]);
  });
});

const typed = `interface Order { id: number; total: number }


type Unused = { a: string };
const scale: number = 2;
export function price(order: Order): number {
  const total: number = order.total * scale;
  return total; // <- here
}
enum Kind { A, B }
setInterval(() => price({ id: Kind.B, total: 4 }), 20);
`;
