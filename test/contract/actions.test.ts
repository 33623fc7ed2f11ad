import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { engines } from '../../src/protocol/frames.ts';
import { until } from '../agent/until.ts';
import { file, implementations, lineOf, removeBuilt, sourceLines } from './agents.ts';
import { ContractWorld, expectCount, isFinal, newAction, of, policy, sumsOf } from './world.ts';

const price = lineOf('price');
const text = (line: number) => (sourceLines[line - 1] ?? '').trim();

afterAll(removeBuilt);

describe.concurrent.each(implementations())('$name', (implementation) => {
  let world: ContractWorld;
  beforeAll(async () => {
    world = await ContractWorld.open(implementation);
  });
  afterEach(() => world?.clear());
  afterAll(async () => {
    try {
      world?.expectReadable();
    } finally {
      await world?.end();
    }
  });

  describe.sequential('an action', () => {
    test('is armed, and says where and how it is observed', async () => {
      const action = newAction();
      const state = await world.arm(action);
      expect(state).toMatchObject({ id: action.id, rev: 1, state: 'armed', hits: 0 });
      expect(state.at?.[0]).toMatchObject({
        line: price,
        text: text(price),
        sourceHash: expect.stringMatching(/^[0-9a-f]{16}$/),
      });
      expect(state.at?.[0]?.file.endsWith(file)).toBe(true);
      expect(engines).toContain(state.engine?.name);
      expect(state.engine?.why).toMatch(/\w.*\.$/);
      await world.remove(action.id);
    });

    test('on a line that is never reached says so while it lives, ever more seldom', async () => {
      const action = newAction();
      await world.arm(action);
      const enough = () => world.states(action.id).find(({ passes }) => (passes?.armedMs ?? 0) >= 2_000);
      expect(await until(enough, 'a word though nothing has changed')).toMatchObject({ state: 'armed', passes: { seen: 0 } });
      const ages = world.states(action.id).map(({ passes }) => passes?.armedMs ?? 0);
      for (const [index, age] of ages.slice(1).entries())
        expect(age).toBeGreaterThanOrEqual(Math.max(1_000, 2 * (ages[index] ?? 0)));
    });

    test('gives its hits, numbered from 1, and no more than it may, and ends by itself', async () => {
      const action = newAction({ expressions: ['total', 'order.id * 2', 'order.gone.length'], limits: { hits: 3 } });
      await world.arm(action);
      const end = await world.passUntil(() => world.states(action.id).find(isFinal), 'its end');
      await world.subject.pass(3);
      expect(end).toMatchObject({ state: 'removed', hits: 3 });
      const hits = await until(() => world.hits(action.id).length >= 3 && world.hits(action.id), 'three hits');
      expect(hits.map(({ hit }) => hit)).toEqual([1, 2, 3]);
      for (const { capture } of hits) {
        const [total, twice, missing] = capture.expressions;
        expect(total).toEqual({ expression: 'total', value: expect.any(Number) });
        expect(twice).toEqual({ expression: 'order.id * 2', value: total && 'value' in total ? total.value : undefined });
        expect(missing).toEqual({ expression: 'order.gone.length', error: expect.any(String) });
        expect(capture.stack[0]).toMatchObject({ function: 'priceOf', line: price });
        expect(capture.scopes.flatMap(({ variables }) => variables.map(([name]) => name))).toEqual(
          expect.arrayContaining(['order', 'total']),
        );
      }
    });

    test('keeps the names of the policy in the program', async () => {
      const action = newAction({ expressions: ['order', 'order.password'] });
      await world.arm(action);
      const hit = await world.passUntil(() => world.hits(action.id)[0], 'a hit');
      expect(hit.capture.expressions[1]).toMatchObject({ value: { $: 'redacted', rule: 'password' } });
      expect(hit.capture.redacted.password).toBeGreaterThan(0);
      expect(JSON.stringify(world.connection.frames)).not.toContain('hunter2');
    });

    test('is the same when it is asked for again, and another with a higher rev', async () => {
      const action = newAction({ limits: { hits: 5 } });
      await world.arm(action);
      await world.passUntil(() => world.hits(action.id).length > 0, 'a hit');
      expect(await world.arm(action)).toMatchObject({ state: 'armed', rev: 1, hits: expect.any(Number) });
      expect(world.last(action.id)?.hits).toBeGreaterThan(0);
      expect(await world.arm({ ...action, rev: 2 })).toMatchObject({ rev: 2, hits: 0 });
      await until(() => world.last(action.id)?.state === 'armed', 'the new one');
      expect(await world.remove(action.id)).toMatchObject({ rev: 2, state: 'removed' });
    });

    test('that had its last hit here does not start over', async () => {
      const action = newAction();
      await world.arm(action);
      await world.passUntil(() => world.states(action.id).find(isFinal), 'its end');
      expect(await world.arm(action)).toMatchObject({ state: 'removed', hits: 1 });
      await world.subject.pass(2);
      expect(world.hits(action.id)).toHaveLength(1);
    });

    test('is removed when that is asked, also when it is not known', async () => {
      const action = newAction({ limits: { hits: 50 } });
      await world.arm(action);
      expect(await world.remove(action.id)).toMatchObject({ rev: 1, state: 'removed' });
      const hits = world.hits(action.id).length;
      await world.subject.pass(3);
      expect(world.hits(action.id)).toHaveLength(hits);
      expect(await world.remove('act_nobodyKnows')).toMatchObject({ state: 'removed', hits: 0 });
    });

    test('ends by the clock of the agent', async () => {
      const action = newAction({ limits: { ttlMs: 300 } });
      expect(await world.arm(action)).toMatchObject({ state: 'armed' });
      await until(() => world.last(action.id)?.state === 'expired', 'its end');
    });

    test('that cannot be read does not keep the others away', async () => {
      const bad = { ...newAction(), kind: 'invented' as never };
      const good = newAction();
      world.connection.send({ t: 'arm', action: bad });
      expect(await world.arm(good)).toMatchObject({ state: 'armed' });
      await until(() => world.last(bad.id)?.state === 'failed', 'the other');
      expect(world.last(bad.id)).toMatchObject({ state: 'failed', code: 'unsupported', hits: 0 });
      await world.remove(good.id);
    });
  });

  describe.sequential('a condition', () => {
    test('that is false is counted, and one that cannot be evaluated too, with its last error', async () => {
      const never = newAction({ condition: 'order.id < 0' });
      const broken = newAction({ condition: 'order.note.length > 9' });
      await world.arm(never);
      await world.arm(broken);
      for (let turn = 0; turn < 10; turn += 1) {
        await world.subject.pass(2);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(await world.remove(never.id)).toMatchObject({ hits: 0, skipped: { error: 0, condition: expect.any(Number) } });
      const end = await world.remove(broken.id);
      expect(end.lastError).toMatch(/null/);
      expect(end.skipped?.error).toBeGreaterThan(0);
      const first = world.last(never.id);
      expect(first?.skipped?.condition).toBeGreaterThan(0);
      expect(first?.passes?.seen).toBe(first?.skipped?.condition);
      expect(first?.passes).toMatchObject({ armedMs: expect.any(Number), awayMs: expect.any(Number), trips: 0 });
      expect(world.hits(never.id)).toEqual([]);
    });

    test('picks the passes', async () => {
      const action = newAction({ condition: "order.note === 'even'", expressions: ['order.id'] });
      await world.arm(action);
      const hit = await world.passUntil(() => world.hits(action.id)[0], 'a hit');
      const [id] = hit.capture.expressions;
      expect(id && 'value' in id ? Number(id.value) % 2 : undefined).toBe(0);
    });

    test('outside the grammar is refused', async () => {
      expect(await world.arm(newAction({ condition: 'order.id = 1' }))).toMatchObject({
        state: 'failed',
        code: 'bad-expression',
      });
    });
  });

  describe.sequential('a place', () => {
    test('in a file that is not loaded is waited for', async () => {
      const action = newAction({ where: { file: 'nobody-loads-this.mjs', line: 1 } });
      expect(await world.arm(action)).toMatchObject({ state: 'pending', hits: 0 });
      expect(await world.remove(action.id)).toMatchObject({ state: 'removed' });
    });

    test('without code is the next line that has some', async () => {
      const action = newAction({ where: { file, line: 1 } });
      const state = await world.arm(action);
      expect(state.at?.[0]?.line).toBeGreaterThan(1);
      await world.remove(action.id);
    });

    test('behind the end is refused', async () => {
      const action = newAction({ where: { file, line: sourceLines.length + 50 } });
      expect(await world.arm(action)).toMatchObject({ state: 'failed', code: 'no-such-line' });
    });

    test('with the text that is expected there is taken, whatever the space around it', async () => {
      const action = newAction({ where: { file, line: price, expectLine: `   ${text(price)} ` } });
      expect(await world.arm(action)).toMatchObject({ state: 'armed', at: [{ line: price }] });
      await world.remove(action.id);
    });

    test('with another text than is expected is refused, with the text that stands there', async () => {
      const action = newAction({ where: { file, line: price, expectLine: 'return total * 1.2;' } });
      const state = await world.arm(action);
      expect(state).toMatchObject({ state: 'failed', code: 'line-mismatch' });
      expect(state.message).toContain('return total;');
      expect(state.problem).toMatchObject({ part: 'line', deployed: [text(price)] });
    });

    test('whose text stands on several other lines is refused with these, and found by the lines that follow', async () => {
      const expectLine = '}';
      const braces = sourceLines.flatMap((line, index) => (line.trim() === expectLine ? [index + 1] : []));
      expect(braces.length).toBeGreaterThan(2);
      const alone = newAction({ where: { file, line: price, expectLine } });
      const refused = await world.arm(alone);
      expect(refused).toMatchObject({
        state: 'failed',
        code: 'line-mismatch',
        problem: { part: 'line', deployed: [text(price)] },
      });
      expect(refused.problem?.lines?.sort((a, b) => a - b)).toEqual(braces.slice(0, 5));
      const last = lineOf('behind') + 1;
      const after = sourceLines.slice(last, last + 3).map((line) => `    ${line.trim()}`);
      const moved = newAction({ where: { file, line: price, expectLine, around: { before: [], after } } });
      expect((await world.arm(moved)).at?.[0]?.line).toBeGreaterThanOrEqual(last);
      await world.remove(moved.id);
      const gone = newAction({ where: { file, line: price, expectLine: 'gone();', around: { before: [], after: ['}', ''] } } });
      expect(await world.arm(gone)).toMatchObject({
        ...{ state: 'failed', code: 'line-mismatch' },
        problem: { part: 'line', deployed: [text(price), text(price + 1), text(price + 2)] },
      });
    });

    test('that has moved is found again by what stands around it', async () => {
      const around = { before: [text(price - 2), text(price - 1)], after: [text(price + 1)] };
      const action = newAction({ where: { file, line: price + 4, expectLine: text(price), around } });
      expect(await world.arm(action)).toMatchObject({ state: 'armed', at: [{ line: price }] });
      await world.remove(action.id);
    });
  });

  describe.sequential('a logpoint', () => {
    const log = { template: 'order {order.id} costs {total}', level: 'info', perSecond: 100, toStdout: false } as const;
    const expressions = ['order.id', 'total'];

    test('sends the values of its template, in order, and nothing else', async () => {
      const action = newAction({ kind: 'logpoint', log, expressions, limits: { hits: 2 } });
      await world.arm(action);
      await world.passUntil(() => world.hits(action.id).length === 2, 'two lines');
      for (const { capture } of world.hits(action.id)) {
        expect(capture.expressions.map(({ expression }) => expression)).toEqual(expressions);
        expect(capture.scopes.flatMap(({ variables }) => variables)).toEqual([]);
      }
    });

    test('keeps to its lines a second, and counts what it left out', async () => {
      const action = newAction({ kind: 'logpoint', log: { ...log, perSecond: 1 }, expressions, limits: { hits: 50 } });
      await world.arm(action);
      for (let turn = 0; turn < 10; turn += 1) {
        await world.subject.pass(2);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const end = await world.remove(action.id);
      expect(end.skipped?.rate).toBeGreaterThan(0);
      expect(end.hits).toBeLessThan(10);
    });
  });

  describe.sequential('sums', () => {
    test('a counter counts passes with the condition true, and gives no hits', async () => {
      const action = newAction({ kind: 'counter', condition: "order.note === 'even'" });
      await world.arm(action);
      for (let turn = 0; turn < 10; turn += 1) {
        await world.subject.pass(4);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const end = await world.remove(action.id);
      expectCount(sumsOf(end), 20);
      expect(sumsOf(end).values).toBeUndefined();
      expect(world.hits(action.id)).toEqual([]);
    });

    test('are told while it goes on, each replacing the one before', async () => {
      const action = newAction({ kind: 'counter' });
      await world.arm(action);
      await world.subject.pass(5);
      const first = await until(() => world.states(action.id).find(({ sums }) => (sums?.count ?? 0) > 0), 'the first');
      await world.passUntil(() => (world.last(action.id)?.sums?.count ?? 0) > sumsOf(first).count, 'more');
      const counts = world.states(action.id).flatMap(({ sums }) => (sums === undefined ? [] : [sums.count]));
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      await world.remove(action.id);
    });

    test('a metric adds up its expression, and counts apart what is no number', async () => {
      const totals = newAction({ kind: 'metric', expressions: ['total'] });
      const lengths = newAction({ kind: 'metric', expressions: ['order.note'] });
      await world.arm(totals);
      await world.arm(lengths);
      await world.passUntil(() => (world.last(totals.id)?.sums?.count ?? 0) >= 5, 'five values');
      const sums = sumsOf(await world.remove(totals.id));
      const { sum, min, max, histogram } = sums.values ?? expect.fail('no values');
      expect(min).toBeGreaterThan(0);
      expect(max).toBeGreaterThan(min);
      expect(sum).toBeGreaterThanOrEqual(min * sums.count);
      expect(sum).toBeLessThanOrEqual(max * sums.count);
      expect(histogram.positive.counts.reduce((all, count) => all + count, 0)).toBe(sums.count);
      expect(sumsOf(await world.remove(lengths.id))).toMatchObject({ count: 0, notNumbers: expect.any(Number) });
    });

    test('a duration measures the function around the line', async () => {
      const action = newAction({ kind: 'duration', duration: { span: 'function' } });
      await world.arm(action);
      await world.passUntil(() => (world.last(action.id)?.sums?.values?.max ?? 0) > 0, 'a span', 5);
      const { min, max } = sumsOf(await world.remove(action.id)).values ?? expect.fail('no values');
      // An agent may take off what its own probe cost in between.
      expect(min).toBeGreaterThanOrEqual(4.5);
      expect(max).toBeLessThan(5_000);
      expect(world.hits(action.id)).toEqual([]);
    });

    test.each([
      ['without', 'start', 'price', (of: ContractWorld) => of.subject.pass(1, 5)],
      ['with', 'before', 'behind', (of: ContractWorld) => of.subject.passLater(5)],
    ] as const)('a duration measures from line to line, %s an await between them', async (_how, from, to, pass) => {
      const action = newAction({
        ...{ kind: 'duration', where: { file, line: lineOf(from) } },
        duration: { span: 'lines', to: { file, line: lineOf(to) } },
      });
      expect(await world.arm(action)).toMatchObject({ state: 'armed' });
      for (let turn = 0; turn < 200 && (world.last(action.id)?.sums?.count ?? 0) === 0; turn += 1) {
        await pass(world);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const { min } = sumsOf(await world.remove(action.id)).values ?? expect.fail('no values');
      expect(min).toBeGreaterThanOrEqual(4);
    });

    test('a duration to a line of another function is refused, because it could never end', async () => {
      const to = { file, line: lineOf('call') };
      const other = newAction({ kind: 'duration', duration: { span: 'lines', to } });
      expect(await world.arm(other)).toMatchObject({ state: 'failed', code: 'unsupported', problem: { part: 'to' } });
      const nowhere = { file, line: sourceLines.length + 50 };
      const beyond = newAction({ kind: 'duration', duration: { span: 'lines', to: nowhere } });
      expect(await world.arm(beyond)).toMatchObject({ state: 'failed', code: 'no-such-line', problem: { part: 'to' } });
    });

    test('a duration above its threshold gives a snapshot, and goes on', async () => {
      const action = newAction({ kind: 'duration', duration: { span: 'function', thresholdMs: 20 } });
      await world.arm(action);
      await world.subject.pass(3);
      expect(world.hits(action.id)).toEqual([]);
      const hit = await world.passUntil(() => world.hits(action.id)[0], 'a snapshot', 25);
      expect(hit.capture.durationMicros).toBeGreaterThan(20_000);
      const before = world.last(action.id)?.sums?.count ?? 0;
      await world.passUntil(() => (world.last(action.id)?.sums?.count ?? 0) > before, 'more spans');
      const end = await world.remove(action.id);
      expect(end.hits).toBe(1);
      expect(sumsOf(end).count).toBeGreaterThan(1);
    });

    test('a duration that is armed again with fewer hits captures no more than these, and goes on with its sums', async () => {
      const action = newAction({ kind: 'duration', duration: { span: 'function', thresholdMs: 1 }, limits: { hits: 50 } });
      await world.arm(action);
      await world.passUntil(() => world.hits(action.id)[0], 'a snapshot', 3);
      const offer = (hits: number) => world.arm({ ...action, limits: { ...action.limits, hits } });
      const before = await offer(1);
      // A limit once lowered stays: the action as it was placed comes with each welcome.
      expect((await offer(50)).hits).toBe(before.hits);
      const goesOn = () => (world.last(action.id)?.sums?.count ?? 0) > (before.sums?.count ?? 0) + 2;
      await world.passUntil(goesOn, 'more spans', 3);
      expect((await world.remove(action.id)).hits).toBe(before.hits);
      expect(world.hits(action.id)).toHaveLength(before.hits);
    });
  });

  describe.sequential('the bridge', () => {
    test('pauses and resumes all actions by its policy', async () => {
      const action = newAction({ limits: { hits: 50 } });
      await world.arm(action);
      world.connection.send({ t: 'policy', policy: { ...policy, pause: true } });
      await until(() => world.last(action.id)?.state === 'suspended', 'the pause');
      const hits = world.hits(action.id).length;
      await world.subject.pass(3);
      const later = newAction();
      expect(await world.arm(later)).toMatchObject({ state: 'suspended' });
      expect(world.hits(action.id)).toHaveLength(hits);
      world.connection.send({ t: 'policy', policy });
      await until(() => world.last(action.id)?.state === 'armed', 'the end of the pause');
      await world.passUntil(() => world.hits(later.id).length > 0, 'a hit');
      await world.remove(action.id);
    });

    test('finds places by function and by snippet', async () => {
      const ask = async (query: object) => {
        const q = `loc_${of(world, 'located').length}`;
        world.connection.send({ t: 'locate', q, limit: 5, ...query });
        return until(() => of(world, 'located').find((frame) => frame.q === q), 'an answer');
      };
      expect(world.connection.hello.capabilities.locate).toBe(true);
      const named = await ask({ function: 'priceOf' });
      const declared = sourceLines.findIndex((line) => line.startsWith('function priceOf')) + 1;
      expect(named.places[0]).toMatchObject({ line: declared });
      expect(named.places[0]?.file.endsWith(file)).toBe(true);
      const quoted = await ask({ snippet: 'const total = order.price * order.quantity', file });
      expect(quoted.places[0]).toMatchObject({
        line: price - 1,
        after: expect.arrayContaining([expect.stringContaining('total')]),
      });
      expect((await ask({ function: 'nobodyWroteThis' })).places).toEqual([]);
    });

    test('is told of a frame that is not known, and the connection goes on', async () => {
      world.connection.send({ t: 'invented' } as never);
      await until(() => of(world, 'error').some(({ code }) => code === 'unsupported'), 'the error');
      const action = newAction();
      expect(await world.arm(action)).toMatchObject({ state: 'armed' });
      await world.remove(action.id);
    });

    test('gets frames numbered without a gap, and beats', async () => {
      const numbers = world.connection.frames.flatMap((frame) => ('n' in frame ? [frame.n] : []));
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      expect(of(world, 'beat').length).toBeGreaterThan(0);
    });
  });
});
