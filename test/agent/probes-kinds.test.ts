import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Action, Engine } from '../../src/protocol/frames.ts';
import { percentile } from '../../src/protocol/histogram.ts';
import { nodes } from './nodes.ts';
import { marked, ProbeProgram, program, type State } from './probe-program.ts';

const file = program('kinds.cjs');
const at = (name: string): Action['where'] => ({ file: 'kinds.cjs', line: marked(file, name) });

describe.each(nodes())('on Node $major', ({ major, execPath }) => {
  const engines: Engine[] = major === 24 ? ['breakpoint', 'load-time'] : ['breakpoint', 'live-edit', 'load-time'];

  describe.each(engines)('observed by %s', (engine) => {
    let app: ProbeProgram;
    async function start(): Promise<void> {
      app = await ProbeProgram.start(execPath, {
        engines: engine === 'load-time' ? ['breakpoint', engine] : [engine],
        maxShare: 1,
        ...(engine === 'load-time' ? { instrument: ['kinds.cjs'] } : {}),
      });
      // However loaded the machine is, an edit may take its time.
      const names = { hidden: {}, harmlessEndings: [], harmlessBeginnings: [] };
      await app.do('probes', { method: 'setPolicy', args: [{ names, pause: false, budget: { share: 0.1, armMs: 1_000 } }] });
      await app.load(file);
    }
    beforeAll(start);
    afterAll(() => app.stop());

    const hitsOf = (id: string) => app.hits.filter((hit) => hit.id === id);

    /** The last state of an action, which is taken away unless it ended by itself. */
    async function end(id: string): Promise<State> {
      await app.do('probes', { method: 'remove', args: [id, 'cancelled'] });
      return app.until(() => app.states.findLast((state) => state.id === id && state.state === 'removed'));
    }

    it('a counter counts passes whose condition is true', async () => {
      const armed = await app.arm({ id: 'count', kind: 'counter', where: at('sum'), condition: 'left > 1' });
      expect(armed).toMatchObject({ state: 'armed', engine: { name: engine } });
      for (const left of [1, 2, 3, 4]) await app.call(file, 'add', [left, 1]);
      const { sums, passes, skipped } = await end('count');
      expect(sums).toEqual({ count: 3 });
      expect(passes).toMatchObject({ seen: 4, awayMs: 0, trips: 0 });
      expect(skipped).toMatchObject({ condition: 1, error: 0 });
      expect(hitsOf('count')).toEqual([]);
    });

    it.skipIf(engine === 'breakpoint')('what slow passes take is told, also among many that are quick', async () => {
      await app.arm({ id: 'slow', kind: 'counter', where: at('look'), condition: 'list.includes(-1)' });
      const longMicros = await app.call<number>(file, 'lookOften', [2_400]);
      const { passes, skipped } = await end('slow');
      expect(skipped?.condition).toBe(2_400);
      expect(passes?.spentMicros).toBeGreaterThan(longMicros * 0.8);
    });

    it('a metric adds up an expression, and says what was no number', async () => {
      await app.arm({ id: 'metric', kind: 'metric', where: at('buy'), expressions: ['total'] });
      for (const price of [1, 2, 3, 4, 100]) expect(await app.call(file, 'buy', [{ price, count: 2 }])).toBe(price * 2);
      await app.call(file, 'buy', [{ price: 'much', count: 2 }]);
      const { sums, lastError } = await end('metric');
      expect(sums).toMatchObject({ count: 5, notNumbers: 1, values: { sum: 220, min: 2, max: 200 } });
      expect(lastError).toBe('It is not a finite number.');
      const { histogram, min, max } = sums?.values ?? expect.fail('no values');
      expect(percentile(histogram, 5, min, max, 50)).toBeCloseTo(6, 0);
    });

    it('a logpoint gives its values in order, and no variables', async () => {
      await app.arm({
        ...{ id: 'log', kind: 'logpoint', where: at('buy'), limits: { hits: 2, depth: 3, ttlMs: 30_000 } },
        log: { template: 'price {order.price}: {{{total}}}', level: 'info', perSecond: 10, toStdout: false },
      });
      for (const price of [7, 8, 9]) await app.call(file, 'buy', [{ price, count: 2 }]);
      await end('log');
      expect(hitsOf('log').map(({ capture }) => capture.expressions)).toEqual([
        [
          { expression: 'order.price', value: 7 },
          { expression: 'total', value: 14 },
        ],
        [
          { expression: 'order.price', value: 8 },
          { expression: 'total', value: 16 },
        ],
      ]);
      expect(hitsOf('log')[0]?.capture).toMatchObject({ scopes: [], at: { line: marked(file, 'buy') } });
    });

    it('a logpoint keeps to its rate and writes to stdout when asked', async () => {
      await app.arm({
        ...{ id: 'rate', kind: 'logpoint', where: at('buy'), limits: { hits: 50, depth: 3, ttlMs: 30_000 } },
        log: { template: 'price {order.price}', level: 'warn', perSecond: 2, toStdout: true },
      });
      await app.call(file, 'buy', [{ price: 7, count: 2 }], 5);
      const { skipped, hits } = await end('rate');
      expect({ rate: skipped?.rate, hits }).toEqual({ rate: 3, hits: 2 });
      expect(app.stdout).toBe(`[sidelight warn ${file}:${marked(file, 'buy')}] price 7\n`.repeat(2));
    });

    it('the time of a function is measured, however it ends', async () => {
      const armed = await app.arm({ id: 'busy', kind: 'duration', where: at('busy'), duration: { span: 'function' } });
      expect(armed).toMatchObject({
        state: 'armed',
        at: [{ function: 'busy', text: 'const end = performance.now() + ms; // <- busy' }],
      });
      if (engine === 'load-time')
        expect(armed.engine).toEqual({
          name: 'breakpoint',
          why: 'The file was instrumented when it was loaded, but: In it only async functions are timed as a whole.',
        });
      else expect(armed.engine?.name).toBe(engine);
      for (const [ms, fails] of [[20], [30], [1, true]]) await app.call(file, 'tryBusy', [ms, fails]);
      const ended = engine === 'live-edit' ? 3 : 2;
      const { sums } = await end('busy');
      expect((sums?.count ?? 0) + (sums?.unfinished ?? 0)).toBe(3);
      expect(sums?.count).toBe(ended);
      expect(sums?.values?.max).toBeGreaterThanOrEqual(29);
      expect(sums?.values?.sum).toBeGreaterThanOrEqual(49);
    });

    it('the time of an async function is measured, run by run', async () => {
      const where = { file: 'kinds.cjs', line: marked(file, 'wait end') };
      const armed = await app.arm({ id: 'async', kind: 'duration', where, duration: { span: 'function' } });
      expect(armed).toMatchObject({ state: 'armed', engine: { name: engine } });
      await app.call(file, 'waitAll', [500, 20, 40]);
      const { sums } = await end('async');
      expect(sums?.count).toBe(3);
      expect(sums?.values?.min).toBeLessThan(300);
      expect(sums?.values?.max).toBeGreaterThanOrEqual(495);
    });

    it('the time from line to line is measured across `await`, run by run', async () => {
      // Where another edit of the same function was taken away V8 may not tell the new one from the code around it.
      await app.stop();
      await start();
      const duration = { span: 'lines' as const, to: at('wait end'), thresholdMs: 400 };
      const armed = await app.arm({
        id: 'lines',
        kind: 'duration',
        where: at('wait start'),
        duration,
        limits: { hits: 5, depth: 3, ttlMs: 30_000 },
      });
      expect(armed.state).toBe('armed');
      await app.call(file, 'waitAll', [500, 20, 40]);
      const { sums } = await end('lines');
      expect(sums?.count).toBe(3);
      expect(sums?.values?.min).toBeLessThan(300);
      expect(sums?.values?.max).toBeGreaterThanOrEqual(495);
      expect(sums?.unfinished).toBeUndefined();
      const hits = hitsOf('lines');
      expect(hits).toHaveLength(1);
      expect(hits[0]?.capture.durationMicros).toBeGreaterThanOrEqual(495_000);
      expect(JSON.stringify(hits[0]?.capture.scopes)).toContain('"before"');
    });

    it('two actions of one line both see its passes', async () => {
      await app.arm({ id: 'one', kind: 'counter', where: at('buy') });
      await app.arm({ id: 'two', kind: 'metric', where: at('buy'), expressions: ['total'] });
      for (const price of [1, 2, 3]) await app.call(file, 'buy', [{ price, count: 1 }]);
      expect((await end('one')).sums).toEqual({ count: 3 });
      expect((await end('two')).sums).toMatchObject({ count: 3, values: { sum: 6 } });
    });

    it('a hot line is counted, or estimated with its error', async () => {
      await app.arm({ id: 'hot', kind: 'counter', where: at('loop') });
      const times = engine === 'breakpoint' ? 5_000 : 20_000;
      expect(await app.call(file, 'loop', [times])).toBe((times * (times - 1)) / 2);
      const { sums, passes } = await end('hot');
      if (engine !== 'breakpoint') expect(sums).toEqual({ count: times });
      else {
        expect(passes?.seen).toBeGreaterThan(0);
        expect(passes?.seen).toBeLessThanOrEqual(times);
      }
    });
  });
});
