import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodes } from './nodes.ts';
import { marked, ProbeProgram, program } from './probe-program.ts';

const file = program('hostile.cjs');
const at = (name: string) => ({ file: 'hostile.cjs', line: marked(file, name) });

describe.each(nodes())('on Node $major, a program that', ({ execPath }) => {
  let app: ProbeProgram;
  beforeEach(async () => {
    app = await ProbeProgram.start(execPath, { maxShare: 1 });
    await app.load(file);
  });
  afterEach(() => app.stop());

  const last = (id: string) => app.states.findLast((state) => state.id === id);
  const call = <Result>(name: string, ...args: unknown[]) => app.call<Result>(file, name, args);

  test('removes what it has not put into the global scope is counted again soon', async () => {
    await app.arm({ id: 'act_counted', kind: 'counter', where: at('twice') });
    await call('tidyGlobals');
    expect(await app.do('globals')).toBe(0);
    while ((await app.do('globals')) === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await call('twiceAsked');
    await app.do('probes', { method: 'remove', args: ['act_counted', 'cancelled'] });
    expect((await app.until(() => app.states.find(({ state }) => state === 'removed'))).sums?.count).toBe(2);
  });

  test('allows no new globals gets no breakpoint, which would cost it time at each pass and tell nothing', async () => {
    await call('freezeGlobals');
    const state = await app.arm({ kind: 'counter', where: at('twice') });
    expect(state).toMatchObject({ state: 'failed', code: 'unsupported' });
  });

  test('loads a file again and again is not held up by the actions in it', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `act_again_${index}`);
    for (const id of ids) await app.arm({ id, kind: 'counter', where: at('twice') });
    expect(await call<number>('reload', file, 200)).toBeLessThan(8_000);
    expect(await call('overflow')).toBe(true);
    for (const id of ids) expect(last(id)?.state).toBe('armed');
  });

  test('puts another Error into the place of the global one is not asked for stacks', async () => {
    await call('ownError');
    await app.arm({ where: at('twice'), limits: { hits: 5, depth: 1, ttlMs: 30_000 } });
    await app.arm({ kind: 'duration', where: at('twice'), duration: { span: 'function' } });
    expect(await call('twiceAsked')).toBe(0);
    const { capture } = await app.hit();
    expect(capture.stack[0]?.function).toBe('twice');
  });

  test('runs out of stack at a line keeps its Error, and every end is told with its reason', async () => {
    await app.arm({ id: 'act_bottom', where: at('bottom'), limits: { hits: 50, depth: 1, ttlMs: 30_000 } });
    await app.arm({ kind: 'duration', where: at('bottom'), duration: { span: 'function' } });
    expect(await call('overflow')).toBe(true);
    const state = await app.until(() => {
      const told = last('act_bottom');
      return told?.state !== 'armed' && told;
    });
    expect(state.state === 'removed' || state.code === 'internal').toBe(true);
  });
});
