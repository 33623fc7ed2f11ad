import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { StateFrame } from '../../src/protocol/frames.ts';
import { buildAgent } from './built-agent.ts';
import { type FakeBridge, framesOf, snapshot, startFakeBridge } from './fake-bridge.ts';
import { nodes } from './nodes.ts';
import { marked } from './probe-program.ts';
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

describe.each(nodes())('SIDELIGHT_INSTRUMENT on Node $major', ({ major, execPath: node }) => {
  const register = (how: string): string[] =>
    how === '--import' ? [how, pathToFileURL(join(agent, 'register.js')).href] : [how, join(agent, 'register.cjs')];

  async function start(args: string[], more: Record<string, string> = {}): Promise<void> {
    bridge = await startFakeBridge();
    const settings = { SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_test', SIDELIGHT_INSTRUMENT: 'ticks*.?js' };
    const cwd = dirname(program('ticks.cjs'));
    running = runProgram(node, args, { ...settings, SIDELIGHT_AGENT_LOG: 'debug', ...more }, cwd);
  }

  async function engineAt(name: string, mark: string): Promise<StateFrame['engine']> {
    const connection = await bridge.connection(0);
    const id = `act_${mark}`;
    connection.send({ t: 'arm', action: snapshot(id, { file: name, line: marked(program(name), mark) }, { hits: 2 }) });
    const end = await until(
      () => framesOf(connection, 'state').find((state) => state.id === id && ['removed', 'failed'].includes(state.state)),
      'the end',
    );
    expect(end).toMatchObject({ state: 'removed', hits: 2 });
    return end.engine;
  }

  test.each([
    ['--import', 'ticks.cjs'],
    ['--import', 'ticks.mjs'],
    ['--require', 'ticks.cjs'],
    ['--require', 'ticks.mjs'],
  ])('%s instruments %s and what it loads, before any of it runs', async (how, name) => {
    await start([...register(how), name]);
    // Node 20 lets nobody into its loading of ES modules without a thread.
    const expected = name.endsWith('.cjs') || major > 20 ? 'load-time' : 'breakpoint';
    expect(await engineAt(name, 'here')).toMatchObject({ name: expected });
    expect(await engineAt('ticks-price.cjs', 'price')).toMatchObject({ name: 'load-time' });
    expect(running.stderr().match(/instrumented \S*ticks-price\.cjs/g)).toHaveLength(1);
    running.tell('end');
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(running.stdout()).toBe('right\n');
  });

  test.each([
    ['it is switched off', { SIDELIGHT_DISABLED: '1' }, ''],
    ['a setting is missing', { SIDELIGHT_KEY: '' }, 'sidelight: not started: SIDELIGHT_KEY is not set\n'],
    ['load time is not among the engines', { SIDELIGHT_ENGINES: 'breakpoint' }, undefined],
  ])('nothing is instrumented when %s', async (_why, more: Record<string, string>, said) => {
    await start([...register('--require'), 'ticks.cjs'], more);
    if (said === undefined) expect(await engineAt('ticks.cjs', 'here')).toMatchObject({ name: 'breakpoint' });
    else await new Promise((resolve) => setTimeout(resolve, 500));
    running.tell('end');
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(running.stdout()).toBe('right\n');
    if (said === undefined) expect(running.stderr()).not.toContain('instrumented');
    else expect(running.stderr()).toBe(said);
  });
});
