import { describe, expect } from 'vitest';
import { limits } from '../../src/protocol/limits.ts';
import { type FakeBridge, framesOf, snapshot } from './fake-bridge.ts';
import { test as linkTest, settings } from './link-world.ts';
import { nodes } from './nodes.ts';
import { marked } from './probe-program.ts';
import { program, type RunningProgram } from './run-program.ts';
import { until } from './until.ts';

const file = program('obedient.mjs');
const here = { file: 'obedient.mjs', line: marked(file) };
describe.concurrent.each(nodes())('Node $major', ({ execPath: node }) => {
  const test = linkTest.extend<{ run: (bridge: FakeBridge, app?: string) => RunningProgram }>({
    run: ({ start, register }, use) =>
      use((bridge, app = file) => start(node, ['--import', register, app], settings(bridge, { SIDELIGHT_AGENT_LOG: 'debug' }))),
  });

  test('an action is armed, its hit comes, and its end is told, all numbered in order', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith();
    run(bridge);
    const connection = await bridge.connection(0);
    connection.send({ t: 'arm', action: { ...snapshot('act_a', here), expressions: ['passes', 'step + 1'] } });
    await until(() => framesOf(connection, 'hit').length === 1, 'the hit');
    await until(() => framesOf(connection, 'state').at(-1)?.state === 'removed', 'the end');
    expect(framesOf(connection, 'state').map((frame) => frame.state)).toContain('armed');
    expect(framesOf(connection, 'hit')[0]).toMatchObject({ id: 'act_a', rev: 1, hit: 1 });
    expect(framesOf(connection, 'hit')[0]?.capture.expressions[1]).toEqual({ expression: 'step + 1', value: 2 });
    const numbers = connection.frames.flatMap((frame) => ('n' in frame ? [frame.n] : []));
    expect(numbers).toEqual(numbers.map((_number, index) => index + 1));
  });

  test('a program that patched the language before the first action came is read with the language as it was', async ({
    bridgeWith,
    run,
  }) => {
    const patched = program('patched.cjs');
    const names = { hidden: { password: ['password'] }, harmlessEndings: [], harmlessBeginnings: [] };
    const bridge = await bridgeWith({ welcome: { policy: { names, pause: false } } });
    const running = run(bridge, patched);
    const connection = await bridge.connection(0);
    await running.said('[]');
    const where = { file: 'patched.cjs', line: marked(patched) };
    connection.send({ t: 'arm', action: { ...snapshot('act_a', where, { hits: 3 }), expressions: ['account.owner'] } });
    await until(() => framesOf(connection, 'state').at(-1)?.state === 'removed', 'the end');
    const hits = framesOf(connection, 'hit');
    expect(hits).toHaveLength(3);
    expect(hits[2]?.capture).toMatchObject({
      expressions: [{ expression: 'account.owner', value: 'o' }],
      redacted: { password: 1 },
    });
    expect(hits[0]?.ts).toBeGreaterThan(1_700_000_000_000);
    const lines = running.stdout().length;
    await until(() => running.stdout().length > lines, 'a pass after the last hit');
    expect([...new Set(running.stdout().trim().split('\n'))]).toEqual(['[]']);
  });

  test('what a welcome no longer holds is removed, what it holds stays with its counts, what ended here does not start anew', async ({
    bridgeWith,
    run,
  }) => {
    const kept = snapshot('act_kept', { file: 'not-loaded-here.ts', line: 1 });
    const bridge = await bridgeWith({ welcome: { maxSilenceMs: 5_000 } });
    run(bridge);
    const first = await bridge.connection(0);
    const ended = snapshot('act_ended', here);
    for (const action of [kept, snapshot('act_gone', { file: 'not-loaded-here.ts', line: 2 }), ended])
      first.send({ t: 'arm', action });
    await until(
      () => framesOf(first, 'state').some(({ id, state }) => id === 'act_ended' && state === 'removed'),
      'the end of one',
    );
    await until(() => framesOf(first, 'state').filter(({ state }) => state === 'pending').length === 2, 'two pending');
    first.send({ t: 'ack', n: Math.max(...first.frames.flatMap((frame) => ('n' in frame ? [frame.n] : []))) });
    await until(() => framesOf(first, 'beat').at(-1)?.queue.length === 0, 'a beat after the ack');
    bridge.options.welcome = { maxSilenceMs: 5_000, actions: [kept, ended] };
    first.socket.terminate();
    const second = await bridge.connection(1);
    await until(() => framesOf(second, 'state').some(({ id, state }) => id === 'act_gone' && state === 'removed'), 'the removal');
    second.send({ t: 'arm', action: ended });
    await until(() => framesOf(second, 'state').some(({ id }) => id === 'act_ended'), 'the answer to the one that ended');
    expect(framesOf(second, 'state').find(({ id }) => id === 'act_ended')).toMatchObject({ state: 'removed', hits: 1 });
    expect(framesOf(second, 'hit')).toEqual([]);
  });

  test('kill -9 of the bridge: probes are gone within 10 s, the program goes on, and what is still wanted comes back', async ({
    bridgeWith,
    run,
  }) => {
    const action = { ...snapshot('act_a', here), condition: 'passes < 0' };
    const bridge = await bridgeWith({ welcome: { maxSilenceMs: limits.maxSilenceMs, actions: [action] } });
    const running = run(bridge);
    const first = await bridge.connection(0);
    await until(() => framesOf(first, 'state').some(({ state }) => state === 'armed'), 'the probe');
    first.send({ t: 'ack', n: framesOf(first, 'state').at(-1)?.n ?? 0 });
    const killedAt = performance.now();
    await bridge.kill();
    await until(() => running.stderr().includes('probes suspended'), 'the suspension', 10_000);
    expect(performance.now() - killedAt).toBeLessThan(10_000);
    const before = running.stdout();
    running.tell('passes');
    await until(() => running.stdout() !== before, 'an answer of the program');
    const again = await bridgeWith({ port: bridge.port, welcome: { session: 'ses_other', actions: [action] } });
    const second = await until(() => again.connections[0], 'the return', 20_000);
    const states = (): string =>
      framesOf(second, 'state')
        .map(({ state }) => state)
        .join(' ');
    await until(() => /suspended( suspended)* armed$/.test(states()), `the probe again, after ${states()}`);
    expect(second.hello.agent.id).toBe(first.hello.agent.id);
    running.tell('exit 9');
    expect(await running.ended).toEqual({ code: 9, signal: null });
  });
});
