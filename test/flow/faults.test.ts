import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { freshSeed } from '../../agents-sim/random.ts';
import { type LieName, liar, lies } from '../../agents-sim/scenarios/liar.ts';
import { limits } from '../../src/protocol/limits.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { type Caller, connectCaller, onCheckout, policiesWith, quotasOf, type Structured, startAgent } from './world.ts';

const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? freshSeed());

let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let caller: Caller;
const agents: SimulatedAgent[] = [];

beforeAll(async () => {
  policies = await policiesWith({ 'quotas.yaml': quotasOf({}) });
  bridge = await startBridge({ policies: policies.directory });
  caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
}, 60_000);

afterAll(async () => {
  await caller?.close();
  await bridge?.close();
  await policies?.remove();
});

afterEach(() => Promise.all(agents.splice(0).map((agent) => agent.stop())));

async function start(options: Parameters<typeof startAgent>[1]): Promise<SimulatedAgent> {
  const agent = await startAgent(bridge, options);
  agents.push(agent);
  return agent;
}

const snapshot = async (args: Record<string, unknown>) =>
  (await caller.call('take_snapshot', { ...onCheckout, ...args })).structured;

/** Deepest nesting of any JSON. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Every text and name in any JSON. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => [name, ...textsOf(field)]);
}

describe('an agent that lies', () => {
  const names = Object.keys(lies) as LieName[];
  const told: Partial<Record<LieName, Structured>> = {};
  const maxHits = 3;

  it('does not stop the bridge, whatever it says', async () => {
    await Promise.all(
      names.map(async (name) => {
        await start({ id: `liar-${name}`, scenario: liar([name]), seed });
        told[name] = await snapshot({ source: { agentIds: [`liar-${name}`] }, maxHits, timeoutSeconds: 2 });
      }),
    );
    expect((await caller.call('get_status')).structured).toMatchObject({ status: 'ok' });
    await start({ id: 'honest-agent', passesPerSecond: 20 });
    expect(await snapshot({ source: { agentIds: ['honest-agent'] } })).toMatchObject({ status: 'completed', hitCount: 1 });
    expect(Reflect.get({}, 'isAdmin')).toBeUndefined();
  }, 60_000);

  it.each(names)('gets nothing beyond the limits into an answer: %s', (name) => {
    const { hits = [], hitCount = 0, targets = [], error } = told[name] as Partial<Structured>;
    expect(hits.length).toBe(hitCount);
    expect(hits.length).toBeLessThanOrEqual(maxHits);
    for (const hit of hits) {
      // A level that is no plain object is wrapped once, to tell what it is.
      expect(depthOf(hit.variables)).toBeLessThanOrEqual(2 * (limits.maxDepth + 1));
      expect(JSON.stringify(hit).length).toBeLessThanOrEqual(limits.maxHitBytes);
    }
    for (const target of targets) expect(target.message?.length ?? 0).toBeLessThanOrEqual(limits.maxMessageChars);
    const texts = textsOf([hits, targets, error]);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(limits.maxErrorStackChars);
    expect(texts.filter((text) => /[\u0000\u001b\u202e\u200b]/.test(text))).toEqual([]);
  });

  it('that sends more hits than asked for is believed as many as were asked', () => {
    expect(told.moreThanAsked).toMatchObject({ status: 'completed', hitCount: maxHits });
    expect(told.replay?.hitCount).toBe(1);
    expect(told.unknownAction?.hitCount).toBe(0);
  });
});

describe(`a line that fails, seed ${seed}`, () => {
  it('loses no action, makes no hit twice and never gives more than was asked', async () => {
    const faults = { delay: 0.1, maxDelayMs: 30, duplicate: 0.2, reorder: 0.1, reconnect: 0.03 };
    const replicas = ['a', 'b', 'c', 'd'];
    await Promise.all(
      replicas.map((name, index) =>
        start({
          id: `faulty-${name}`,
          seed: seed + index,
          passesPerSecond: 25,
          faults: { ...faults, ...(name === 'd' ? { drop: 0.02 } : {}) },
        }),
      ),
    );
    const answer = await snapshot({
      source: { service: 'checkout' },
      maxHits: 30,
      expressions: ['order.id'],
      timeoutSeconds: 40,
      waitSeconds: 40,
      maxBytes: 160_000,
    });
    expect(answer).toMatchObject({ status: 'completed', hitCount: 30 });
    expect(answer.hits.map((hit) => hit.number)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    const passes = answer.hits.map((hit) => `${hit.agentId} ${String(hit.expressions[0]?.value)}`);
    expect(new Set(passes).size).toBe(30);
    expect(new Set(answer.hits.map((hit) => hit.agentId)).size).toBeGreaterThan(1);
  }, 60_000);
});

describe('an agent that never answers', () => {
  it('is an upstream error after five seconds, and neither others nor other calls wait for it', async () => {
    await start({ id: 'silent-agent', faults: { drop: 1 } });
    await start({ id: 'talkative-agent', passesPerSecond: 20 });
    const startedAt = performance.now();
    const timed = async (agentIds: string[]) => {
      const answer = await snapshot({ source: { agentIds } });
      return { answer, ms: performance.now() - startedAt };
    };
    const [alone, both, other] = await Promise.all([
      timed(['silent-agent']),
      timed(['silent-agent', 'talkative-agent']),
      timed(['talkative-agent']),
    ]);
    expect(alone.answer.error).toMatchObject({
      code: 'upstream_error',
      message: expect.stringContaining('silent-agent'),
      next: expect.any(String),
    });
    expect(alone.ms).toBeLessThan(8_000);
    expect(other.answer).toMatchObject({ status: 'completed', hitCount: 1 });
    expect(other.ms).toBeLessThan(4_000);
    expect(both.answer).toMatchObject({ status: 'completed', hitCount: 1 });
  });
});
