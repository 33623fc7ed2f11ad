import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkout, checkoutFile, checkoutSource, priceLine } from '../../agents-sim/scenarios/checkout.ts';
import { allTools } from '../../src/tools/all.ts';
import { answerSchema } from '../../src/tools/answer.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { type Answer, type Caller, connectCaller, onCheckout, startAgent } from './world.ts';

interface Told {
  result?: { count: number; estimate?: { count: number; error: number }; [name: string]: unknown };
  messages?: { number: number; level: string; message: string }[];
  verdict?: { code: string; verdict: string; next: string };
  evidence?: { code: string; facts: string[] }[];
  found?: { agentId: string; places: { line: number; file: string; text: string; before: string[] }[] }[];
  targets: {
    hits: number;
    engine?: { name: string; why: string };
    passes?: { seen: number };
    bound?: { sourceHash?: string }[];
  }[];
}
const told = ({ structured }: Answer) => structured as unknown as Answer['structured'] & Told;

let bridge: TestBridge;
let caller: Caller;
const agents: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  bridge = await startBridge();
  const passesPerSecond = 50;
  agents.push(await startAgent(bridge, { passesPerSecond, version: '1.2.0' }));
  agents.push(await startAgent(bridge, { passesPerSecond, version: '1.2.0' }));
  agents.push(await startAgent(bridge, { passesPerSecond, service: 'hot', scenario: { ...checkout(), sampling: 0.25 } }));
  agents.push(await startAgent(bridge, { service: 'quiet' }));
  const plain = await connectCaller(bridge.mcpUrl, bridge.fullKey);
  caller = {
    ...plain,
    async call(name, args, options) {
      const answer = await plain.call(name, args, options);
      const tool = allTools.find((one) => one.name === name);
      // As clients check it that have listed the tools.
      expect(answerSchema(tool?.output ?? z.object({})).safeParse(answer.structured)).toMatchObject({ success: true });
      return answer;
    },
  };
}, 60_000);
afterAll(async () => {
  await Promise.all([...agents.map((agent) => agent.stop()), caller?.close()]);
  await bridge?.close();
});

const short = { timeoutSeconds: 2, waitSeconds: 6 };

describe('each kind of action, from the tool to the program and back', () => {
  it('a log line is the template of the caller with values of the program', async () => {
    const answer = told(
      await caller.call('add_log', {
        ...onCheckout,
        ...{ template: 'order {order.id} for {order.customer.tier}, {{price}} {price}', level: 'warn' },
        ...{ condition: "order.customer.tier === 'gold'", maxHits: 3, expectLine: 'return price; // <- price' },
      }),
    );
    expect(answer).toMatchObject({ status: 'completed', hitCount: 3 });
    expect(answer.messages?.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn']);
    for (const { message } of answer.messages ?? []) expect(message).toMatch(/^order o-\d+ for gold, \{price\} \d+(\.\d+)?$/);
    expect(answer.hits).toBeUndefined();
  });

  it('a count is that of all agents, and says how they observe', async () => {
    const answer = await caller.call('count_hits', { ...onCheckout, condition: "order.customer.tier !== 'gold'", ...short });
    const { status, hitCount, result, targets } = told(answer);
    expect({ status, hitCount }).toEqual({ status: 'expired', hitCount: 0 });
    expect(result?.count).toBeGreaterThan(10);
    expect(result).not.toHaveProperty('estimate');
    for (const { engine, passes, bound } of targets) {
      expect(engine).toEqual({ name: 'load-time', why: 'The program is a simulated one.' });
      expect(passes?.seen).toBeGreaterThan(0);
      expect(bound?.[0]?.sourceHash).toMatch(/^[0-9a-f]{16}$/);
    }
    expect(answer.text).toContain(`Status expired: ${result?.count} counted.`);
  });

  it('a count on a hot line is an estimate with its error, in numbers and in words', async () => {
    const { result, notes } = told(await caller.call('count_hits', { ...onCheckout, source: { service: 'hot' }, ...short }));
    const { count = 0, estimate } = result ?? {};
    // Two agents round each its own, and on a busy machine there are few passes.
    expect(Math.abs((estimate?.count ?? 0) / (count * 4) - 1)).toBeLessThan(0.25);
    expect(estimate?.error).toBeGreaterThan(0);
    expect(notes.join()).toMatch(/not every pass was counted: \d+ of about \d+ ± \d+ passes \(95 % interval\)/);
  });

  it('a duration has its distribution, and snapshots above a threshold without an end of measuring', async () => {
    const { status, result, hits, hitCount } = told(
      await caller.call('measure_duration', { ...onCheckout, thresholdMs: 4, maxHits: 2, ...short }),
    );
    expect({ status, hitCount }).toEqual({ status: 'expired', hitCount: 2 });
    expect(result).toMatchObject({ unit: 'ms', p50: expect.any(Number), p99: expect.any(Number) });
    expect(result?.count).toBeGreaterThan(10);
    expect(Number(result?.max)).toBeGreaterThan(Number(result?.min));
    for (const hit of hits as unknown as { durationMicros: number }[]) expect(hit.durationMicros).toBeGreaterThan(4_000);
  });

  it('the hits of a duration are told by agent as they were stored, and an agent that came too late captures no more', async () => {
    const { actionId, hitCount, targets, result } = told(
      await caller.call('measure_duration', { ...onCheckout, thresholdMs: 0, maxHits: 50, timeoutSeconds: 4, waitSeconds: 8 }),
    );
    expect(hitCount).toBe(50);
    expect([...targets].reduce((sum, { hits }) => sum + hits, 0)).toBe(50);
    expect(result?.count).toBeGreaterThan(50);
    const { evidence = [] } = told(await caller.call('explain', { actionId }));
    const leftOut = evidence.flatMap(({ facts }) => facts.join(' ').match(/had all the hits it may: (\d+)/)?.[1] ?? []);
    // Without being told each of the two would take 50, and 50 be left out.
    expect(leftOut.map(Number).reduce((sum, count) => sum + count, 0)).toBeLessThan(50);
  });

  it('a line that nothing reaches is told as such while the action lives', async () => {
    const quiet = { ...onCheckout, source: { service: 'quiet' } };
    const { status, verdict, actionId } = told(
      await caller.call('take_snapshot', { ...quiet, timeoutSeconds: 60, waitSeconds: 5 }),
    );
    expect({ status, code: verdict?.code }).toEqual({ status: 'pending', code: 'never-reached' });
    expect(verdict?.verdict).toMatch(/^The line was not reached in [1-5](\.\d)? s\.$/);
    await caller.call('cancel_actions', { actionIds: [actionId] });
  });

  it('a number has its distribution and histogram', async () => {
    const { result } = told(await caller.call('measure_value', { ...onCheckout, expression: 'order.items.length', ...short }));
    expect(result).toMatchObject({ min: 1, max: 4, histogram: expect.any(Array) });
    const { mean = 0 } = result as { mean?: number };
    expect(mean).toBeGreaterThan(1);
    expect(mean).toBeLessThan(4);
  });

  it('an action whose life is longer than the wait gives what it has, and goes on', async () => {
    const first = told(await caller.call('count_hits', { ...onCheckout, timeoutSeconds: 60, waitSeconds: 3 }));
    expect(first.status).toBe('pending');
    const later = told(await caller.call('wait_for_hits', { actionId: first.actionId, waitSeconds: 3 }));
    expect(later.result?.count).toBeGreaterThan(first.result?.count ?? Number.POSITIVE_INFINITY);
    await caller.call('cancel_actions', { actionIds: [first.actionId] });
    const last = told(await caller.call('wait_for_hits', { actionId: first.actionId }));
    expect(last.result?.count).toBeGreaterThanOrEqual(later.result?.count ?? Number.POSITIVE_INFINITY);
  });
});

describe('an action without a hit', () => {
  it('says why at once, and everything it knows when it is asked', async () => {
    const answer = told(
      await caller.call('take_snapshot', {
        ...onCheckout,
        condition: "order.customer.tier === 'tin'",
        ...short,
        timeoutSeconds: 1,
      }),
    );
    expect(answer.verdict).toMatchObject({
      code: 'condition-false',
      verdict: expect.stringContaining('with the condition false'),
    });
    const explained = told(await caller.call('explain', { actionId: answer.actionId }));
    expect(explained.verdict).toEqual(answer.verdict);
    expect(explained.evidence).toHaveLength(2);
    for (const { facts } of explained.evidence ?? []) expect(facts.join(' ')).toMatch(/Connected; .* Condition false: \d+\./);
  });

  it.each([
    ['never-reached', { source: { service: 'quiet' } }],
    ['not-loaded', { file: 'src/elsewhere.ts' }],
    ['condition-failed', { condition: 'order.gone.length > 1' }],
  ])('tells %s', async (code, args) => {
    const answer = await caller.call('take_snapshot', { ...onCheckout, ...args, ...short, timeoutSeconds: 1 });
    expect(told(answer).verdict?.code).toBe(code);
    expect(answer.text).toContain('Why: ');
  });

  it('is refused where another text stands on the line', async () => {
    const answer = await caller.call('count_hits', { ...onCheckout, expectLine: 'return total;' });
    expect(answer.structured.error).toMatchObject({
      ...{ code: 'invalid_location', field: 'expectLine' },
      data: { agents: [{ message: expect.stringContaining('return price;') }, expect.anything()] },
    });
  });
});

describe('what cannot be asked', () => {
  it.each([
    ['add_log', { template: 'a {order.id' }, 'invalid_expression', 'template'],
    ['add_log', { template: 'a {pay()}' }, 'invalid_expression', 'template'],
    ['measure_value', { expression: 'a = 1' }, 'invalid_expression', 'expression'],
    ['measure_duration', { toLine: priceLine }, 'invalid_input', 'toLine'],
    ['locate', {}, 'invalid_input', 'function'],
    ['locate', { function: 'a', snippet: 'b' }, 'invalid_input', 'function'],
  ])('%s %j is refused as %s', async (tool, args, code, field) => {
    const place = tool === 'locate' ? { source: onCheckout.source } : onCheckout;
    expect((await caller.call(tool, { ...place, ...args })).structured.error).toMatchObject({ code, field });
  });
});

it('code is found in the source as it is deployed, once for each version', async () => {
  const { found = [] } = told(await caller.call('locate', { source: { service: 'checkout' }, function: 'priceOf' }));
  const declared = checkoutSource.split('\n').findIndex((line) => line.includes('function priceOf')) + 1;
  expect(found).toHaveLength(1);
  expect(found[0]?.places).toMatchObject([{ file: checkoutFile, line: declared, before: expect.any(Array) }]);
});
