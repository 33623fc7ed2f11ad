import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Action, Engine } from '../../src/protocol/frames.ts';
import { percentile } from '../../src/protocol/histogram.ts';
import { nodes } from './nodes.ts';
import { marked, ProbeProgram, program, removeBuilt, type State } from './probe-program.ts';

const file = program('kinds.cjs');
const at = (name: string): Action['where'] => ({ file: 'kinds.cjs', line: marked(file, name) });

afterAll(removeBuilt);

describe.each(nodes())('on Node $major', ({ major, execPath }) => {
  const engines: Engine[] = major === 24 ? ['breakpoint', 'load-time'] : ['breakpoint', 'live-edit', 'load-time'];

  describe.each(engines)('observed by %s', (engine) => {
    let app: ProbeProgram;
    afterEach(async () => {
      await app.stop();
    });

    /** Of the last state of an action that fits. */
    const told = (id: string, fits: (state: State) => boolean) =>
      app.until(() => app.states.findLast((state) => state.id === id && fits(state)));

    async function start(): Promise<void> {
      app = await ProbeProgram.start(execPath, {
        engines: [engine],
        maxShare: 1,
        ...(engine === 'load-time' ? { instrument: ['kinds.cjs'] } : {}),
      });
      await app.load(file);
    }

    it('a counter counts passes whose condition is true', async () => {
      await start();
      const armed = await app.arm({ id: 'count', kind: 'counter', where: at('sum'), condition: 'left > 1' });
      expect(armed).toMatchObject({ state: 'armed', engine: { name: engine } });
      for (const left of [1, 2, 3, 4]) await app.call(file, 'add', [left, 1]);
      const { sums, passes, skipped } = await told('count', (state) => state.sums?.count === 3);
      expect(sums).toEqual({ count: 3 });
      expect(passes).toMatchObject({ seen: 4, awayMs: 0, trips: 0 });
      expect(skipped).toMatchObject({ condition: 1, error: 0 });
      expect(app.hits).toEqual([]);
    });

    it('a metric adds up an expression, and says what was no number', async () => {
      await start();
      await app.arm({ id: 'metric', kind: 'metric', where: at('buy'), expressions: ['total'] });
      for (const price of [1, 2, 3, 4, 100]) expect(await app.call(file, 'buy', [{ price, count: 2 }])).toBe(price * 2);
      await app.call(file, 'buy', [{ price: 'much', count: 2 }]);
      const { sums, lastError } = await told('metric', (state) => state.sums?.notNumbers === 1);
      expect(sums).toMatchObject({ count: 5, values: { sum: 220, min: 2, max: 200 } });
      expect(lastError).toBe('It is not a finite number.');
      const { histogram, min, max } = sums?.values ?? expect.fail('no values');
      expect(percentile(histogram, 5, min, max, 50)).toBeCloseTo(6, 0);
    });

    it('a logpoint gives its values in order, and no variables', async () => {
      await start();
      await app.arm({
        ...{ id: 'log', kind: 'logpoint', where: at('buy'), limits: { hits: 2, depth: 3, ttlMs: 30_000 } },
        log: { template: 'price {order.price}: {{{total}}}', level: 'info', perSecond: 10, toStdout: false },
      });
      for (const price of [7, 8, 9]) await app.call(file, 'buy', [{ price, count: 2 }]);
      await told('log', (state) => state.state === 'removed');
      expect(app.hits.map(({ capture }) => capture.expressions)).toEqual([
        [
          { expression: 'order.price', value: 7 },
          { expression: 'total', value: 14 },
        ],
        [
          { expression: 'order.price', value: 8 },
          { expression: 'total', value: 16 },
        ],
      ]);
      expect(app.hits[0]?.capture).toMatchObject({ scopes: [], at: { line: marked(file, 'buy') } });
    });

    it('a logpoint keeps to its rate and writes to stdout when asked', async () => {
      await start();
      await app.arm({
        ...{ id: 'log', kind: 'logpoint', where: at('buy'), limits: { hits: 50, depth: 3, ttlMs: 30_000 } },
        log: { template: 'price {order.price}', level: 'warn', perSecond: 2, toStdout: true },
      });
      await app.call(file, 'buy', [{ price: 7, count: 2 }], 5);
      const { skipped, hits } = await told('log', ({ skipped: { rate = 0 } = {} }) => rate > 0);
      expect({ rate: skipped?.rate, hits }).toEqual({ rate: 3, hits: 2 });
      expect(app.stdout).toBe(`[sidelight warn ${file}:${marked(file, 'buy')}] price 7\n`.repeat(2));
    });

    it('the time of a function is measured, however it ends', async () => {
      await start();
      const armed = await app.arm({ id: 'span', kind: 'duration', where: at('busy'), duration: { span: 'function' } });
      if (engine === 'load-time') {
        expect(armed).toMatchObject({ state: 'failed', code: 'unsupported' });
        return;
      }
      for (const [ms, fails] of [[20], [30], [1, true]]) await app.call(file, 'tryBusy', [ms, fails]);
      const ended = engine === 'breakpoint' ? 2 : 3;
      const { sums } = await told('span', (state) => (state.sums?.count ?? 0) + (state.sums?.unfinished ?? 0) === 3);
      expect(sums?.count).toBe(ended);
      expect(sums?.values?.max).toBeGreaterThanOrEqual(29);
      expect(sums?.values?.sum).toBeGreaterThanOrEqual(49);
    });

    it('the time of an async function is measured, run by run', async () => {
      await start();
      const where = { file: 'kinds.cjs', line: marked(file, 'wait end') };
      const armed = await app.arm({ id: 'span', kind: 'duration', where, duration: { span: 'function' } });
      expect(armed).toMatchObject({ state: 'armed', engine: { name: engine } });
      await app.call(file, 'waitAll', [200, 20, 100]);
      const { sums } = await told('span', (state) => state.sums?.count === 3);
      expect(sums?.values?.min).toBeLessThan(90);
      expect(sums?.values?.max).toBeGreaterThanOrEqual(195);
    });

    it('the time from line to line is measured across `await`, run by run', async () => {
      await start();
      const duration = { span: 'lines' as const, to: at('wait end'), thresholdMs: 150 };
      const armed = await app.arm({
        id: 'span',
        kind: 'duration',
        where: at('wait start'),
        duration,
        limits: { hits: 5, depth: 3, ttlMs: 30_000 },
      });
      expect(armed.state).toBe('armed');
      await app.call(file, 'waitAll', [200, 20, 100]);
      const { sums } = await told('span', (state) => state.sums?.count === 3);
      expect(sums?.values?.min).toBeLessThan(90);
      expect(sums?.values?.max).toBeGreaterThanOrEqual(195);
      expect(sums?.unfinished).toBeUndefined();
      expect(app.hits).toHaveLength(1);
      expect(app.hits[0]?.capture.durationMicros).toBeGreaterThanOrEqual(195_000);
      expect(JSON.stringify(app.hits[0]?.capture.scopes)).toContain('"before"');
    });

    it('a hot line is counted, or estimated with its error', async () => {
      await start();
      await app.arm({ id: 'hot', kind: 'counter', where: at('loop') });
      expect(await app.call(file, 'loop', [20_000])).toBe((20_000 * 19_999) / 2);
      const { sums, passes } = await told('hot', (state) => (state.passes?.seen ?? 0) > 0);
      if (engine !== 'breakpoint') expect(sums).toEqual({ count: 20_000 });
      else expect(passes?.seen).toBeLessThanOrEqual(20_000);
    });
  });
});
