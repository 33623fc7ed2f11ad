import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test as inAnyOrder } from 'vitest';
import { WebSocket } from 'ws';
import { nodes } from './nodes.ts';
import { marked, ProbeProgram, program, variable } from './probe-program.ts';
import { until } from './until.ts';

const file = program('life.cjs');
const here = { file: 'life.cjs', line: marked(file) };
const quiet = { hidden: {}, harmlessEndings: [], harmlessBeginnings: [] };
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sidelight-life-'));
});
afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

/** The Nodes side by side, the tests of each one after the other. */
const test = inAnyOrder.sequential;
describe.concurrent.each(nodes())('on Node $major', ({ execPath }) => {
  let app: ProbeProgram;
  const running: ProbeProgram[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.stop()));
  });
  async function start(...settings: [options?: object, execArgv?: string[]]): Promise<void> {
    app = await ProbeProgram.start(execPath, ...settings);
    running.push(app);
    await app.load(file);
  }
  beforeEach(() => start({ maxShare: 1, maxCaptureMs: 1_000 }));

  const probes = (method: string, ...args: unknown[]): Promise<unknown> => app.do('probes', { method, args });
  const last = (id: string) => app.states.filter((state) => state.id === id).at(-1);

  test('a line without code gives the next one that has some, and says so', async () => {
    const state = await app.arm({ where: { file: 'life.cjs', line: marked(file, 'blank') } });
    expect(state).toMatchObject({ state: 'armed', at: [{ line: marked(file, 'blank') + 3 }] });
  });

  test('a line with nothing below it is refused, with the nearest line before it', async () => {
    const state = await app.arm({ where: { file: 'life.cjs', line: marked(file, 'last') + 25 } });
    expect(state).toMatchObject({ state: 'failed', code: 'no-such-line' });
    expect(state.message).toContain(`nearest line with code before it is ${marked(file, 'last')}`);
  });

  test('a file name that several loaded files have is refused with all of them', async () => {
    const paths = ['a', 'b'].map((name) => join(home, `${execPath.length}-${name}`));
    for (const path of paths) {
      await mkdir(path, { recursive: true });
      await cp(program('late.cjs'), join(path, 'twin.cjs'));
      await app.load(join(path, 'twin.cjs'));
    }
    const state = await app.arm({ where: { file: 'twin.cjs', line: 2 } });
    expect(state).toMatchObject({ state: 'failed', code: 'ambiguous-file' });
    for (const path of paths) expect(state.message).toContain(join(path, 'twin.cjs'));
    expect(await app.arm({ where: { file: join(paths[0] as string, 'twin.cjs'), line: 2 } })).toMatchObject({ state: 'armed' });
  });

  test('an action that comes to a line while another has its last hit there is observed', async () => {
    const ended = (id: string) => app.states.some((one) => one.id === id && one.state === 'removed');
    for (let round = 0; round < 25; round += 1) {
      const pair = [`first-${round}`, `second-${round}`];
      const armed = pair.map((id) => app.arm({ id, where: here }));
      while (!pair.every(ended)) {
        await app.call(file, 'pass', [1]);
        if (pair.every((id) => app.states.some((one) => one.id === id && one.state === 'armed'))) break;
      }
      await Promise.all(armed);
      await app.call(file, 'pass', [1], 3);
      await app.until(() => pair.every(ended), 5_000);
    }
  });

  test.each(['late.cjs', 'late.mjs'])('an action on %s waits until the file is loaded', async (name) => {
    const late = program(name);
    const state = await app.arm({ id: 'late', where: { file: name, line: marked(late, 'late') }, expressions: ['top'] });
    expect(state.state).toBe('pending');
    await app.load(late);
    await app.until(() => app.states.some((one) => one.id === 'late' && one.state === 'armed'));
    expect(app.hits).toEqual([]);
    await app.call(late, name === 'late.cjs' ? 'top' : 'after');
    expect((await app.hit()).id).toBe('late');
  });

  test('of an arrow function on one line its body is seen, not the moment that makes it', async () => {
    const late = program('late.mjs');
    await app.load(late);
    const column = 'export const after = () => '.length + 1;
    const state = await app.arm({ where: { file: 'late.mjs', line: marked(late, 'late') } });
    expect(state).toMatchObject({ state: 'armed', at: [{ column, function: 'after' }] });
    await app.call(late, 'after');
    expect((await app.hit()).capture.stack[0]).toMatchObject({ column, function: 'after' });
  });

  test('a line at the top of a module that is loaded later is seen as it runs', async () => {
    const late = program('late.cjs');
    // On a busy machine the line takes longer to be found than the 50 ms a program is held for by default.
    await app.do('probes', { method: 'setPolicy', args: [{ names: quiet, pause: false, budget: { armMs: 5_000 } }] });
    await app.arm({ where: { file: 'late.cjs', line: marked(late, 'lateTop') } });
    await app.load(late);
    expect(variable((await app.hit()).capture, 'top')).toBe('late top');
  });

  test('an action whose file comes without the line fails, and the program that loads it runs on', async () => {
    await app.arm({ id: 'late', where: { file: 'late.cjs', line: 500 } });
    await app.load(program('late.cjs'));
    await app.until(() => last('late')?.state === 'failed');
    expect(last('late')).toMatchObject({ code: 'no-such-line' });
    expect(await app.call(program('late.cjs'), 'top')).toBe('late top');
    expect(await app.do('globals')).toBe(0);
  });

  test('all hits asked for are taken, then the action and the debugger go', async () => {
    await app.arm({ id: 'three', where: here, limits: { hits: 3, depth: 3, ttlMs: 10_000 } });
    expect(await app.do('globals')).toBe(1);
    await app.call(file, 'pass', [4], 5);
    await app.until(() => last('three')?.state === 'removed');
    expect(app.hits.map(({ hit, capture }) => [hit, variable(capture, 'twice')])).toEqual([
      [1, 8],
      [2, 8],
      [3, 8],
    ]);
    expect(last('three')).toMatchObject({ hits: 3 });
    expect(await app.do('globals')).toBe(0);
    expect(await app.do('count')).toBe(0);
  });

  test('an action that has ended and is offered again after a reconnect does not start anew', async () => {
    await app.arm({ id: 'once', where: here });
    await app.call(file, 'pass', [1]);
    await app.until(() => last('once')?.state === 'removed');
    expect(await app.arm({ id: 'once', where: here })).toMatchObject({ state: 'removed', hits: 1 });
    expect(await app.do('count')).toBe(0);
  });

  test('arming twice changes nothing, and a higher revision replaces', async () => {
    await app.arm({ id: 'same', where: here, expressions: ['value'] });
    await app.arm({ id: 'same', where: here, expressions: ['twice'] });
    expect(await app.do('count')).toBe(1);
    await app.arm({ id: 'same', rev: 2, where: here, expressions: ['twice + 1'] });
    await app.call(file, 'pass', [1]);
    expect(await app.hit()).toMatchObject({ rev: 2, capture: { expressions: [{ expression: 'twice + 1', value: 3 }] } });
  });

  test('two actions on one line are both served at one pass', async () => {
    await app.arm({ id: 'one', where: here, condition: 'value > 1' });
    await app.arm({ id: 'two', where: here, expressions: ['value'] });
    await app.call(file, 'pass', [5]);
    await app.hit(2);
    expect(app.hits.map(({ id }) => id).sort()).toEqual(['one', 'two']);
    expect(await app.do('globals')).toBe(0);
  });

  test('a condition chooses the passes; the others and its errors are counted', async () => {
    await app.arm({ id: 'if', where: here, condition: 'value.deep.er === 1', limits: { hits: 1, depth: 3, ttlMs: 60_000 } });
    await app.call(file, 'pass', [{ deep: { er: 2 } }], 3);
    await app.call(file, 'pass', [7], 2);
    await app.call(file, 'pass', [{ deep: { er: 1 } }]);
    await app.until(() => last('if')?.state === 'removed');
    expect(last('if')).toMatchObject({ hits: 1, skipped: { condition: 3, error: 2 }, lastError: '`undefined` has no `er`.' });
  });

  test('counts of an armed action are told while it waits', async () => {
    await app.arm({ id: 'wait', where: here, condition: 'value === -1' });
    await app.call(file, 'pass', [1], 4);
    await app.until(() => last('wait')?.skipped?.condition === 4);
  });

  test('nothing is captured while the queue to the bridge is full', async () => {
    await app.arm({ id: 'full', where: here });
    await app.do('mayQueue', false);
    await app.call(file, 'pass', [1], 2);
    await app.do('mayQueue', true);
    await app.call(file, 'pass', [2]);
    await app.until(() => last('full')?.state === 'removed');
    expect(last('full')).toMatchObject({ hits: 1, skipped: { queue: 2 } });
  });

  test('an action ends with its time, though its line is never passed', async () => {
    await app.arm({ id: 'short', where: here, limits: { hits: 1, depth: 3, ttlMs: 50 } });
    await app.until(() => last('short')?.state === 'expired');
    // It may have ended while it was still looked for.
    while ((await app.do('globals')) !== 0);
  });

  test('what the bridge may not ask is refused or cut in the agent too', async () => {
    await app.arm({ id: 'greedy', where: here, limits: { hits: 1_000, depth: 99, ttlMs: 1e12 } });
    await app.call(file, 'pass', [1], 60);
    await app.until(() => last('greedy')?.state === 'removed');
    expect(app.hits).toHaveLength(50);
    const eleven = Array.from({ length: 11 }, () => 'value');
    expect(await app.arm({ where: here, expressions: eleven })).toMatchObject({ state: 'failed', code: 'too-many' });
    expect(await app.arm({ where: here, condition: 'process.exit()' })).toMatchObject({
      state: 'failed',
      code: 'bad-expression',
    });
    expect(await app.arm({ where: { file: 'life.cjs', line: -1 } })).toMatchObject({ state: 'failed', code: 'no-such-line' });
    expect(await app.arm({ where: here, kind: 'future' as 'snapshot' })).toMatchObject({ state: 'failed', code: 'unsupported' });
    for (let index = 0; index < 100; index += 1) await app.arm({ where: here });
    expect(await app.arm({ where: here })).toMatchObject({ state: 'failed', code: 'too-many' });
    expect(await app.do('count')).toBe(100);
  });

  test('a removed action is gone, and removing an unknown one is answered', async () => {
    await app.arm({ id: 'gone', where: here });
    await probes('remove', 'gone', 'cancelled');
    await app.until(() => last('gone')?.state === 'removed');
    expect(await app.do('globals')).toBe(0);
    await app.call(file, 'pass', [1]);
    await probes('remove', 'never-there', 'cancelled');
    await app.until(() => last('never-there')?.state === 'removed');
    expect(app.hits).toEqual([]);
  });

  test('when the bridge is silent every probe goes at once, and comes back when it is armed again', async () => {
    await app.arm({ id: 'kept', where: here, limits: { hits: 2, depth: 3, ttlMs: 10_000 } });
    await app.call(file, 'pass', [1]);
    await probes('suspendAll', 'The bridge is silent.');
    expect(last('kept')).toMatchObject({ state: 'suspended', hits: 1 });
    expect(await app.do('globals')).toBe(0);
    await app.call(file, 'pass', [2]);
    expect(await app.arm({ id: 'kept', where: here, limits: { hits: 2, depth: 3, ttlMs: 10_000 } })).toMatchObject({
      state: 'armed',
      hits: 1,
    });
    await app.call(file, 'pass', [3]);
    await app.until(() => last('kept')?.state === 'removed');
    expect(app.hits.map(({ hit, capture }) => [hit, variable(capture, 'value')])).toEqual([
      [1, 1],
      [2, 3],
    ]);
  });

  test('a main thread that never rests is cut off through the shared flag', async () => {
    await app.arm({ id: 'cut', where: { file: 'life.cjs', line: marked(file, 'spin') }, condition: 'rounds < 0' });
    await app.do('silence', 1);
    await app.call(file, 'spin', [20]);
    await app.until(() => last('cut')?.state === 'suspended');
    expect(await app.do('globals')).toBe(0);
    expect(app.hits).toEqual([]);
  });

  test('the kill switch takes everything away, and gives it back when it is lifted', async () => {
    await app.arm({ id: 'switch', where: here });
    await probes('setPolicy', { names: quiet, pause: true });
    expect(last('switch')?.state).toBe('suspended');
    await app.call(file, 'pass', [1]);
    expect(await app.arm({ id: 'during', where: here })).toMatchObject({ state: 'suspended' });
    await probes('setPolicy', { names: quiet, pause: false });
    await app.until(() => last('switch')?.state === 'armed' && last('during')?.state === 'armed');
    await app.call(file, 'pass', [2]);
    await app.hit(2);
    expect(app.hits.map(({ capture }) => variable(capture, 'value'))).toEqual([2, 2]);
  });

  test('a hot line costs little: the probe is taken away within the loop and comes back in the next window', async () => {
    await start();
    const line = marked(file, 'hot');
    await app.arm({
      id: 'hot',
      where: { file: 'life.cjs', line },
      condition: 'sum < 0',
      limits: { hits: 1, depth: 3, ttlMs: 60_000 },
    });
    const startedAt = performance.now();
    await app.call(file, 'hot', [3_000_000]);
    // Without the budget three million passes take minutes.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    await app.until(() => (last('hot')?.skipped?.budget ?? 0) >= 1);
    expect(last('hot')?.state).toBe('armed');
    await probes('overhead');
    while ((last('hot')?.skipped?.budget ?? 0) < 4) await app.call(file, 'hot', [1_000]);
    const { share } = (await probes('overhead')) as { share: number };
    expect(share).toBeGreaterThan(0);
    // One per cent is meant; a machine that is busy with other things makes single passes dearer.
    expect(share).toBeLessThan(0.05);
  });

  test('another debugger in the process is not paused, and does not hold the program', async () => {
    await app.call(file, 'otherClient', ['Debugger']);
    await app.arm({ where: here });
    expect(await app.call(file, 'pass', [3])).toBe(6);
    expect(variable((await app.hit()).capture, 'twice')).toBe(6);
    expect(await app.call(file, 'pausedCount')).toBe(0);
  });

  test('a `debugger` statement stops nothing while a probe is armed, though another client is connected', async () => {
    await app.call(file, 'otherClient', ['Profiler']);
    await app.arm({ where: { file: 'life.cjs', line: marked(file, 'statement') } });
    expect(await app.call(file, 'statement', [3])).toBe(3);
    expect(variable((await app.hit()).capture, 'value')).toBe(3);
  });

  test('a debugger attached to a program started with --inspect is neither paused nor disturbed', async () => {
    await start({ maxShare: 1, maxCaptureMs: 1_000 }, ['--inspect=127.0.0.1:0']);
    const client = new WebSocket(await app.call<string>(file, 'inspectorUrl'));
    const messages: string[] = [];
    client.on('message', (data) => messages.push(String(data)));
    await once(client, 'open');
    client.send(JSON.stringify({ id: 1, method: 'Debugger.enable' }));
    await until(() => messages.some((text) => text.startsWith('{"id":1,')), 'the debugger to answer');
    await app.arm({ where: here });
    await app.call(file, 'pass', [3]);
    expect(variable((await app.hit()).capture, 'twice')).toBe(6);
    client.send(JSON.stringify({ id: 2, method: 'Runtime.evaluate', params: { expression: '6 * 7' } }));
    await until(() => messages.some((text) => text.includes('"value":42')), 'the debugger to evaluate');
    expect(messages.filter((text) => text.includes('Debugger.paused'))).toEqual([]);
    client.close();
  });

  test('a program that may not make code from text is served like any other', async () => {
    await start({ maxShare: 1, maxCaptureMs: 1_000 }, ['--disallow-code-generation-from-strings']);
    await app.arm({ where: here, condition: 'value === 3' });
    await app.call(file, 'pass', [3]);
    expect(variable((await app.hit()).capture, 'twice')).toBe(6);
  });

  test('a line inside `with` is refused, as reading a name there can run code', async () => {
    expect(await app.arm({ where: { file: 'life.cjs', line: marked(file, 'within') } })).toMatchObject({
      state: 'failed',
      code: 'unsupported',
    });
  });

  test('a recursive function is hit once a call', async () => {
    await app.arm({ where: { file: 'life.cjs', line: marked(file, 'again') }, limits: { hits: 3, depth: 3, ttlMs: 10_000 } });
    await app.call(file, 'again', [5]);
    await app.hit(3);
    expect(app.hits.map(({ capture }) => variable(capture, 'depth'))).toEqual([5, 4, 3]);
    expect(app.hits[2]?.capture.stack.slice(0, 3).map((frame) => frame.function)).toEqual(['again', 'again', 'again']);
  });

  test('actions that come and go leave no memory behind', async () => {
    await start({}, ['--expose-gc']);
    const action = {
      rev: 1,
      kind: 'snapshot',
      where: here,
      expressions: ['value'],
      limits: { hits: 1, depth: 3, ttlMs: 60_000 },
    };
    // So many that the list of ended ones is full.
    const before = await app.do<number>('cycle', { times: 400, action });
    const after = await app.do<number>('cycle', { times: 400, action });
    expect(after - before).toBeLessThan(500_000);
    expect(await app.do('globals')).toBe(0);
  }, 60_000);

  test('closing leaves the program as it was', async () => {
    await app.arm({ where: here });
    await probes('close');
    expect(await app.do('globals')).toBe(0);
    expect(await app.call(file, 'pass', [2])).toBe(4);
    expect(app.hits).toEqual([]);
    expect(app.stderr).not.toContain('Error');
  });
});
