import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Action, CaptureData, Engine } from '../../src/protocol/frames.ts';
import { bundle } from './compilers.ts';
import { nodes } from './nodes.ts';
import { marked, ProbeProgram, program, type State, variable } from './probe-program.ts';

const file = program('load-time/fallback.cjs');
const at = (name: string): Action['where'] => ({ file: 'fallback.cjs', line: marked(file, name) });
const names = { hidden: {}, harmlessEndings: [], harmlessBeginnings: [] };

describe.concurrent.each(nodes())(
  'what calls inserted at load cannot do, breakpoints do on Node $major',
  ({ major, execPath }) => {
    const running: ProbeProgram[] = [];
    afterAll(() => Promise.all(running.map((one) => one.stop())));
    async function start(instrument = 'load-time/**', engines?: Engine[]): Promise<ProbeProgram> {
      const app = await ProbeProgram.start(execPath, { maxShare: 1, maxCaptureMs: 1_000, instrument: [instrument] });
      running.push(app);
      await app.do('probes', { method: 'setPolicy', args: [{ names, pause: false, budget: { share: 0.1, engines } }] });
      return app;
    }
    async function loaded(engines?: Engine[], instrument?: string): Promise<ProbeProgram> {
      const app = await start(instrument, engines);
      await app.load(file);
      return app;
    }
    async function end(app: ProbeProgram, id: string): Promise<State> {
      await app.do('probes', { method: 'remove', args: [id, 'cancelled'] });
      return app.until(() => app.states.findLast((state) => state.id === id && state.state === 'removed'));
    }

    test.each(['early', 'deep'])('the time of the function `%s`, each return of it', async (name) => {
      const app = await loaded();
      const armed = await app.arm({ id: name, kind: 'duration', where: at(name), duration: { span: 'function' } });
      const why = 'The file was instrumented when it was loaded, but: In it only async functions are timed as a whole.';
      expect(armed).toMatchObject({ state: 'armed', engine: { name: 'breakpoint', why }, at: [{ function: name }] });
      expect(await app.do('globals')).toBe(1);
      if (name === 'early') {
        await app.call(file, 'early', [20, true]);
        await app.call(file, 'early', [20, false]);
      } else await app.call(file, 'deep', [20, 1]);
      const { sums, passes } = await end(app, name);
      expect(passes).toMatchObject({ seen: 2 });
      expect(sums).toMatchObject({ count: 2 });
      expect(sums?.unfinished ?? 0).toBe(0);
      expect(sums?.values?.min).toBeGreaterThanOrEqual(19.9);
      expect(sums?.values?.max).toBeGreaterThanOrEqual(39.9);
      expect(sums?.values?.min).toBeLessThan(sums?.values?.max as number);
      expect(await app.do('globals')).toBe(0);
    });

    test('lines without a statement of their own, at the places that V8 has without calls', async () => {
      const [app, plain] = [await loaded(), await loaded(undefined, 'none/**')];
      for (const name of ['arrow', 'nested', 'field', 'early']) {
        const action = {
          id: name,
          where: at(name),
          ...(name === 'early' ? { kind: 'duration', duration: { span: 'function' } } : {}),
        };
        const armed = await app.arm(action as Action);
        const expected = await plain.arm(action as Action);
        expect(armed).toMatchObject({ state: 'armed', engine: { name: 'breakpoint' } });
        expect(armed.at).toEqual(expected.at);
        expect(armed.at).toMatchObject([{ line: marked(file, name) }]);
      }
      expect(app.states[0]?.engine?.why).toContain('an arrow function without braces has no statements');
      for (const one of [app, plain]) {
        await one.call(file, 'double', [21]);
        await one.call(file, 'prices', [[{ price: 5 }]]);
        await one.call(file, 'Basket');
        await one.hit(3);
      }
      const told = ({ hits }: ProbeProgram) =>
        hits.map(({ id, capture: { at, scopes, stack } }) => ({
          id,
          at,
          scopes,
          stack: stack.filter((one) => one.file === file),
        }));
      expect(told(app)).toEqual(told(plain));
      expect(variable(app.hits[0]?.capture as CaptureData, 'value')).toBe(21);
    });

    test('a name that the inserted call does not hand over', async () => {
      const app = await loaded();
      const where = at('unmentioned');
      expect(await app.arm({ where, condition: 'count > 1' })).toMatchObject({ engine: { name: 'load-time' } });
      const armed = await app.arm({ where, expressions: ['count * inner'] });
      expect(armed).toMatchObject({ engine: { name: 'breakpoint', why: expect.stringContaining('does not hand over `inner`') } });
      await app.call(file, 'unmentioned', [4]);
      await app.hit(2);
      expect(app.hits.map(({ capture }) => capture.expressions).toSorted()).toEqual([
        [],
        [{ expression: 'count * inner', value: 12 }],
      ]);
    });

    test('an action that waits for the file gets a breakpoint as the file is loaded', async () => {
      const app = await start();
      const armed = await app.arm({ id: 'late', kind: 'duration', where: at('deep'), duration: { span: 'function' } });
      expect(armed.state).toBe('pending');
      await app.load(file);
      const state = await app.until(() => app.states.find((one) => one.id === 'late' && one.state !== 'pending'));
      expect(state).toMatchObject({ state: 'armed', engine: { name: 'breakpoint' } });
      await app.call(file, 'deep', [5, 2]);
      expect((await end(app, 'late')).sums).toMatchObject({ count: 3 });
    });

    test('everything, where the policy leaves inserted calls out', async () => {
      const app = await loaded(['breakpoint']);
      const armed = await app.arm({ where: at('unmentioned') });
      expect(armed.engine).toEqual({
        name: 'breakpoint',
        why: 'The file was instrumented when it was loaded, but: Calls inserted at load are switched off.',
      });
      await app.call(file, 'unmentioned', [4]);
      expect(variable((await app.hit()).capture, 'twice')).toBe(8);
      expect(await app.arm({ kind: 'duration', where: at('wait'), duration: { span: 'function' } })).toMatchObject({
        state: 'failed',
        message: expect.stringContaining('A breakpoint cannot see where such a function ends; give two lines of it.'),
      });
      const duration = { span: 'lines', to: at('waited') } as const;
      const lines = await app.arm({ id: 'wait', kind: 'duration', where: at('wait'), duration });
      // Its V8 names no end of an async function whose body is a `try`.
      if (major === 24) {
        expect(lines).toMatchObject({ state: 'failed', message: expect.stringContaining('no end that a breakpoint could see') });
        return;
      }
      for (const ms of [20, 30]) await app.call(file, 'wait', [ms]);
      const { sums } = await end(app, 'wait');
      expect(sums).toMatchObject({ count: 2 });
      expect(sums?.values?.min).toBeGreaterThanOrEqual(19);
    });

    test('nothing, where the policy leaves breakpoints out or they cannot do it either', async () => {
      const app = await loaded(['load-time']);
      const action = { kind: 'duration', duration: { span: 'function' } } as const;
      expect(await app.arm({ ...action, where: at('deep') })).toMatchObject({
        state: 'failed',
        message: 'In it only async functions are timed as a whole. Breakpoints are not allowed here.',
      });
      const other = await loaded();
      expect(await other.arm({ ...action, where: at('generator') })).toMatchObject({
        state: 'failed',
        message: 'Breakpoints cannot tell the runs of a generator from each other.',
      });
      expect(await other.do('globals')).toBe(0);
    });

    test('a function of a TypeScript source, through its map', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sidelight-fallback-'));
      try {
        await cp(program('typed'), join(folder, 'src'), { recursive: true });
        const built = await bundle(folder, { sourcemap: 'linked', format: 'cjs', outExtension: { '.js': '.cjs' } });
        const app = await start(`${folder}/**`);
        await app.load(built);
        const line = marked(program('typed/price.ts'), 'price');
        const where = { file: 'src/price.ts', line };
        const armed = await app.arm({ id: 'price', kind: 'duration', where, duration: { span: 'function' } });
        expect(armed).toMatchObject({ state: 'armed', engine: { name: 'breakpoint' }, at: [{ line, function: 'priceOf' }] });
        expect(armed.at?.[0]?.file).toMatch(/src\/price\.ts$/);
        expect(armed.at?.[0]?.text).toMatch(/\/\/ <- price$/);
        await app.call(built, 'run');
        const { sums } = await end(app, 'price');
        expect(sums?.count).toBeGreaterThan(0);
        expect(sums?.unfinished ?? 0).toBe(0);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  },
);
