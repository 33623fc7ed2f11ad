import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Allowance, Savings } from '../../src/agent/probes/budget.ts';
import { ConditionGarbage, maxUncollected } from '../../src/agent/probes/condition-garbage.ts';
import { nodes } from './nodes.ts';
import { marked, ProbeProgram, program } from './probe-program.ts';

const file = program('garbage.cjs');
const never = { where: { file: 'garbage.cjs', line: marked(file, 'hot') }, condition: 'value < 0' };
/** V8 would not collect by itself before so much is used. */
const patient = ['--initial-old-space-size=1000'];
/** Bytes the debugger holds for each condition that was not collected. */
const bytesEach = 64;
/** On a busy machine a pass can be so slow that the breaker keeps the probe away for 5 s. */
const patienceMs = 25_000;
const running: ProbeProgram[] = [];
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sidelight-memory-'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe.each(nodes())('on Node $major', ({ execPath }) => {
  async function start(execArgv: string[]): Promise<ProbeProgram> {
    const app = await ProbeProgram.start(execPath, { maxShare: 1, maxCaptureMs: 1_000, engines: ['breakpoint'] }, execArgv);
    running.push(app);
    await app.load(file);
    return app;
  }
  const uncollected = async (app: ProbeProgram, since: number): Promise<number> =>
    ((await app.call<number>(file, 'handles')) - since) / bytesEach;

  /** In many turns, as V8 collects between them. */
  async function pass(app: ProbeProgram, times: number): Promise<void> {
    for (let done = 0; done < times; done += 500) await app.call(file, 'hot', [500]);
  }

  test('conditions of a hot line are collected though the program fills no memory', async () => {
    const app = await start(patient);
    const before = await app.call<number>(file, 'handles');
    await app.arm(never);
    let last = 0;
    let hasFallen = false;
    const deadline = performance.now() + patienceMs;
    while (!hasFallen && performance.now() < deadline) {
      await pass(app, 500);
      const count = await uncollected(app, before);
      hasFallen = count < last;
      last = count;
    }
    expect(hasFallen).toBe(true);
  }, 60_000);

  test('what conditions left is collected when the last probe goes', async () => {
    const app = await start(patient);
    const { id } = await app.arm(never);
    const before = await app.call<number>(file, 'handles');
    const deadline = performance.now() + patienceMs;
    while ((await uncollected(app, before)) < 3_000 && performance.now() < deadline) await pass(app, 500);
    await app.call(file, 'mark');
    await app.do('probes', { method: 'remove', args: [id, 'cancelled'] });
    const collected = async () => {
      await app.call(file, 'work');
      return app.call(file, 'collected');
    };
    await expect.poll(collected, { timeout: patienceMs }).toBe(1);
  }, 60_000);

  test('a few passes are no reason to collect', async () => {
    const app = await start(patient);
    const { id } = await app.arm(never);
    await app.call(file, 'mark');
    await pass(app, 1_000);
    await app.do('probes', { method: 'remove', args: [id, 'cancelled'] });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await app.call(file, 'collected')).toBe(0);
  });

  test('twenty thousand passes of a hot line leave less than 120 MB', async () => {
    const app = await start(patient);
    await app.arm(never);
    const before = await app.call<number>(file, 'rss');
    await pass(app, 20_000);
    expect((await app.call<number>(file, 'rss')) - before).toBeLessThan(120e6);
  }, 60_000);

  test('the end of a function with more places than V8 gives at a time is found', async () => {
    const app = await start([]);
    const large = join(home, `large-${execPath.length}.cjs`);
    const lines = Array.from({ length: 1_300 }, (_, index) => `  sum += ${index} + Number(more);`);
    const text = ['exports.large = function large(more) {', '  let sum = 0;', ...lines, '  return sum;', '};'].join('\n');
    await writeFile(large, text);
    await app.load(large);
    const { id } = await app.arm({
      kind: 'duration',
      where: { file: large, line: 2 },
      duration: { span: 'function' },
      limits: { hits: 1, depth: 3, ttlMs: 30_000 },
    });
    await app.call(large, 'large', [1], 3);
    await app.do('probes', { method: 'remove', args: [id, 'cancelled'] });
    const state = await app.until(() => app.states.find((one) => one.id === id && one.state === 'removed'));
    expect(state.sums).toMatchObject({ count: 3 });
  });
});

describe('the ceiling', () => {
  test('at fifty thousand conditions that V8 has not collected there must be no more, until it has', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const garbage = new ConditionGarbage();
    // In one turn: V8 is asked to collect when it ends.
    for (let pass = 1; pass < maxUncollected; pass += 1) garbage.add(() => undefined);
    expect(garbage.isFull()).toBe(false);
    garbage.add(() => undefined);
    expect(garbage.isFull()).toBe(true);
    await expect
      .poll(() => {
        collect();
        return garbage.isFull();
      })
      .toBe(false);
    expect(garbage.count).toBe(0);
  });

  test('a place that has to rest goes at its next payment and stays away as long as it must', () => {
    let mustRest = false;
    const allowance = new Allowance(1, new Savings(1));
    allowance.restWhile(() => mustRest);
    expect(allowance.spend(0.01)).toBe(true);
    expect(allowance.returnsInMs).toBe(0);
    mustRest = true;
    expect(allowance.spend(0.01)).toBe(false);
    expect(allowance.returnsInMs).toBeGreaterThanOrEqual(1_000);
    mustRest = false;
    expect(allowance.spend(0.01)).toBe(true);
    expect(allowance.returnsInMs).toBe(0);
  });
});
