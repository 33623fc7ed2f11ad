import { describe, expect, it } from 'vitest';
import { createRandom, freshSeed, type Random } from '../../agents-sim/random.ts';
import { lies } from '../../agents-sim/scenarios/liar.ts';
import { checkAgentFrame } from '../../src/protocol/check-agent.ts';
import { checkBridgeFrame } from '../../src/protocol/check-bridge.ts';
import type { Action, CaptureData } from '../../src/protocol/frames.ts';
import { limits } from '../../src/protocol/limits.ts';
import type { Value } from '../../src/protocol/value.ts';

const action: Action = {
  id: 'act_1',
  rev: 1,
  kind: 'snapshot',
  where: { file: 'src/checkout.ts', line: 10 },
  condition: 'total > 1',
  expressions: ['order.id'],
  limits: { hits: 5, depth: 3, ttlMs: 60_000 },
};

const policy = {
  names: { hidden: { password: ['password', 'pass phrase'] }, harmlessEndings: ['count'], harmlessBeginnings: ['has'] },
  pause: false,
};

const around = { before: ['a();'], after: ['}', ''] };
const log = { template: 'order {order.id}', level: 'info', perSecond: 10, toStdout: false };
const duration = { span: 'lines', to: { file: 'src/checkout.ts', line: 14 }, thresholdMs: 250.5 };
const estimate = { count: 3_000, error: 120 };
const histogram = { scale: 3, zero: 1, positive: { offset: -4, counts: [1, 0, 2] }, negative: { offset: 0, counts: [] } };
const observed = {
  engine: { name: 'live-edit', why: 'The line is hot.' },
  passes: {
    ...{ seen: 30, estimate, armedMs: 1_000, awayMs: 990 },
    ...{ spentMicros: 9_000, maxPauseMicros: 300, armMicros: 15_000, installedAt: 7, trips: 1 },
  },
  sums: { count: 4, estimate, values: { sum: 1.5, min: -2, max: 1e300, histogram }, notNumbers: 2, unfinished: 3 },
};
const place = {
  ...{ file: 'src/checkout.ts', line: 10, column: 3, function: 'priceOf', text: 'return price;' },
  ...{ sourceHash: '0123456789abcdef', ...around, score: 0.5 },
};

const bridgeFrames = [
  { t: 'welcome', session: 'ses_1', now: 1, beatMs: 2_000, maxSilenceMs: 8_000, ackedN: 0, policy, actions: [action] },
  { t: 'arm', action },
  { t: 'remove', id: 'act_1', reason: 'cancelled' },
  { t: 'ack', n: 7 },
  { t: 'policy', policy },
  { t: 'policy', policy: { ...policy, budget: { share: 0.01, armMs: 50, engines: ['breakpoint', 'load-time'] } } },
  { t: 'arm', action: { ...action, where: { ...action.where, column: 3, expectLine: 'return price;', around } } },
  { t: 'arm', action: { ...action, kind: 'logpoint', log } },
  { t: 'arm', action: { ...action, kind: 'duration', duration } },
  { t: 'locate', q: 'loc_1', function: 'Cart.total', file: 'src/cart.ts', limit: 5 },
  { t: 'locate', q: 'loc_2', snippet: 'const a = 1;\n', limit: 1 },
  { t: 'locate', q: 'loc_3', stackLine: '    at f (a.js:1:2)', limit: 20 },
  { t: 'beat', ts: 1 },
  { t: 'error', code: 'rate', message: 'Too much.' },
];

const capabilities = {
  kinds: ['snapshot'],
  where: ['line'],
  conditions: true,
  expressions: true,
  pending: true,
  sourceMaps: true,
  stops: 'thread',
  maxActions: 100,
};

const hello = {
  t: 'hello',
  v: 1,
  agent: { id: 'abcdefgh', name: 'shop@web-1/4711', version: '0.1.0', mode: 'inproc' },
  service: 'shop',
  version: '1.2.0',
  runtime: { language: 'javascript', name: 'node', version: 'v20.20.2' },
  host: 'web-1',
  pid: 4_711,
  tags: ['eu'],
  startedAt: 1,
  now: 2,
  capabilities,
  resume: { session: 'ses_1', lastN: 3 },
};

const capture: CaptureData = {
  at: { file: 'src/checkout.ts', line: 10, column: 3, function: 'priceOf', text: 'return price;' },
  stack: [{ function: 'priceOf', file: 'src/checkout.ts', line: 10 }],
  expressions: [
    { expression: 'order.id', value: 'o-1' },
    { expression: 'nowhere', error: 'not in scope' },
  ],
  this: null,
  scopes: [{ kind: 'local', variables: [['total', 12.5]] }],
  pauseMicros: 120,
  cut: ['depth'],
  redacted: { password: 1 },
};

const agentFrames = [
  hello,
  {
    t: 'state',
    n: 1,
    id: 'act_1',
    rev: 1,
    state: 'armed',
    at: [capture.at],
    hits: 0,
    skipped: { condition: 1, error: 0, budget: 0, queue: 0 },
  },
  { t: 'hit', n: 2, id: 'act_1', rev: 1, hit: 1, ts: 5, capture },
  { t: 'state', n: 3, id: 'act_1', rev: 1, state: 'armed', hits: 0, ...observed },
  { t: 'hit', n: 4, id: 'act_1', rev: 1, hit: 2, ts: 5, capture: { ...capture, durationMicros: 300_000 } },
  { t: 'located', q: 'loc_1', places: [place], isComplete: true },
  { t: 'located', q: 'loc_2', places: [], isComplete: false, code: 'unsupported', message: 'No.' },
  { t: 'beat', ts: 1, actions: 2, queue: { length: 0, dropped: 0 }, overhead: { share: 0.01, maxPauseMicros: 200 } },
  { t: 'error', code: 'bad-frame', message: 'What was that?' },
  { t: 'bye', reason: 'exit' },
  {
    ...{ t: 'state', n: 5, id: 'act_1', rev: 1, state: 'failed', hits: 0, code: 'bad-expression', message: 'No.' },
    problem: { part: 'expression', index: 1, name: 'ordr', nearest: ['order'], names: ['order', 'total'] },
  },
  {
    ...{ t: 'state', n: 6, id: 'act_1', rev: 1, state: 'failed', hits: 0, code: 'line-mismatch' },
    problem: { part: 'line', deployed: ['}', ''], lines: [7, 9] },
  },
];

describe('honest frames', () => {
  it.each(bridgeFrames)('of the bridge come through as they are: $t', (frame) => {
    expect(checkBridgeFrame(frame)).toEqual({ ok: true, frame });
  });

  it.each(agentFrames)('of an agent come through as they are: $t', (frame) => {
    expect(checkAgentFrame(frame)).toEqual({ ok: true, frame });
  });

  it('of the bridge lose an action that cannot be read, which is answered, and nothing else', () => {
    const bad = { ...action, id: 'act_bad', where: { file: 'a\u200b.cjs', line: 1 } };
    const declined = [
      {
        id: 'act_bad',
        rev: action.rev,
        state: 'failed',
        hits: 0,
        code: 'unsupported',
        message: 'welcome.actions[0].where.file: expected printable characters',
      },
    ];
    const [welcome] = bridgeFrames;
    const frame = { ...welcome, actions: [action] };
    expect(checkBridgeFrame({ ...welcome, actions: [bad, action, 7, { id: 'act_no_rev' }] })).toEqual({
      ok: true,
      frame,
      declined,
    });
    expect(checkBridgeFrame({ t: 'arm', action: bad })).toMatchObject({
      ok: false,
      code: 'bad-frame',
      declined: [{ id: 'act_bad', rev: action.rev, state: 'failed' }],
    });
  });

  it('lose what the protocol does not know, and fields that are null', () => {
    const later = {
      ...hello,
      mood: 'good',
      pod: null,
      agent: { ...hello.agent, mood: 'good' },
      capabilities: { ...capabilities, kinds: ['trace', 'snapshot'] },
    };
    expect(checkAgentFrame(later)).toEqual({ ok: true, frame: hello });
  });

  it('lose words of later versions, and keep the rest', () => {
    const capable = {
      ...hello,
      capabilities: { ...capabilities, kinds: ['metric', 'trace'], engines: ['jit', 'live-edit'], locate: true },
    };
    expect(checkAgentFrame(capable)).toMatchObject({
      frame: { capabilities: { kinds: ['metric'], engines: ['live-edit'], locate: true } },
    });
    const [, , , state] = agentFrames;
    const { engine, ...rest } = { ...state, engine: { name: 'jit', why: 'It is new.' } } as { engine: object };
    expect(checkAgentFrame({ ...rest, engine })).toEqual({ ok: true, frame: rest });
    const budget = { ...policy, budget: { engines: ['jit', 'breakpoint'] } };
    expect(checkBridgeFrame({ t: 'policy', policy: budget })).toMatchObject({
      frame: { policy: { budget: { engines: ['breakpoint'] } } },
    });
  });

  it('lose what a failed action tells beyond the ceilings, and a part of it that is not known', () => {
    const failed = { t: 'state', n: 5, id: 'act_1', rev: 1, state: 'failed', hits: 0, code: 'line-mismatch' };
    const names = Array.from({ length: 30 }, (_, index) => `name${index}`);
    const lines = Array.from({ length: 30 }, (_, index) => index + 1);
    const problem = { part: 'weather', mood: 'bad', nearest: names, names, deployed: names, lines };
    expect(checkAgentFrame({ ...failed, problem })).toEqual({
      ok: true,
      frame: {
        ...failed,
        problem: { nearest: names.slice(0, 3), names: names.slice(0, 10), deployed: names.slice(0, 6), lines: [1, 2, 3, 4, 5] },
      },
    });
  });

  it('may carry every kind of value', () => {
    const values: Value[] = [
      null,
      true,
      -1.5,
      'text',
      { $: 'undefined' },
      { $: 'number', text: 'NaN' },
      { $: 'bigint', text: '9007199254740993' },
      { $: 'string', text: 'x'.repeat(256), length: 1_000 },
      { $: 'symbol', text: 'Symbol(a)' },
      { $: 'object', className: 'Order', fields: [['id', 1]], more: 2 },
      { $: 'array', className: 'Set', length: 12, elements: [1, 2] },
      { $: 'map', size: 3, entries: [['a', { $: 'object', fields: [] }]] },
      { $: 'date', iso: '2026-01-01T00:00:00.000Z' },
      { $: 'regexp', text: '/a/u' },
      { $: 'function', name: 'priceOf' },
      { $: 'error', className: 'TypeError', message: 'no', stack: 'at a', fields: [['code', 'E1']] },
      { $: 'getter' },
      { $: 'proxy' },
      { $: 'reference', path: 'order.items[0]' },
      { $: 'uninitialised' },
      { $: 'unavailable' },
      { $: 'cut', why: 'depth', className: 'Address' },
      { $: 'redacted', rule: 'password' },
    ];
    expect(valuesOf(values)).toEqual(values);
  });
});

describe('bad frames', () => {
  it.each([
    [{ ...agentFrames[1], n: 0 }, 'state.n: expected a whole number from 1 to 9007199254740991'],
    [{ ...agentFrames[1], state: 'happy' }, 'state.state: expected one of pending, armed, suspended, expired, removed, failed'],
    [{ ...agentFrames[1], hits: 51 }, 'state.hits: expected a whole number from 0 to 50'],
    [{ ...agentFrames[2], hit: 51 }, 'hit.hit: expected a whole number from 1 to 50'],
    [{ ...agentFrames[2], ts: 8.7e15 }, 'hit.ts: expected a whole number from 0 to 8640000000000000'],
    [{ ...agentFrames[3], sums: { count: Number.NaN } }, 'state.sums.count: expected a finite number'],
    [
      { ...agentFrames[3], sums: { count: 1, values: { ...observed.sums.values, max: Number.POSITIVE_INFINITY } } },
      'state.sums.values.max: expected a finite number',
    ],
    [
      { ...agentFrames[3], sums: { count: 1, values: { ...observed.sums.values, sum: null } } },
      'state.sums.values.sum: expected a finite number',
    ],
    [
      {
        ...agentFrames[3],
        sums: {
          count: 1,
          values: {
            ...observed.sums.values,
            histogram: { ...histogram, positive: { offset: 0, counts: new Array(161).fill(1) } },
          },
        },
      },
      'state.sums.values.histogram.positive.counts: expected at most 160 items',
    ],
    [{ ...agentFrames[5], places: new Array(21).fill(place) }, 'located.places: expected at most 20 items'],
    [{ ...agentFrames[5], places: [{ ...place, sourceHash: 'x' }] }, 'located.places[0].sourceHash: expected 16 hex digits'],
    [{ ...hello, v: 2 }, 'hello.v: expected 1'],
    [{ ...hello, service: 'a\u202eb' }, 'hello.service: expected printable characters'],
    [
      { ...hello, agent: { ...hello.agent, id: 'short' } },
      'hello.agent.id: expected 8 to 64 characters of A-Z, a-z, 0-9, _ and -',
    ],
    [{ ...hello, tags: new Array(51).fill('t') }, 'hello.tags: expected at most 50 items'],
    [[hello], 'A frame is one JSON object.'],
    [null, 'A frame is one JSON object.'],
    [{}, 't: expected the name of a frame'],
  ])('of an agent are refused in words %#', (frame, message) => {
    expect(checkAgentFrame(frame)).toEqual({ ok: false, code: 'bad-frame', message });
  });

  it('of an unknown kind are unsupported, whatever every object has', () => {
    for (const t of ['someday', 'toString', '__proto__', 'constructor']) {
      expect(checkAgentFrame({ t })).toMatchObject({ ok: false, code: 'unsupported' });
      expect(checkBridgeFrame({ t })).toMatchObject({ ok: false, code: 'unsupported' });
    }
  });

  it('of a bridge cannot raise a ceiling of the agent', () => {
    const greedy = { ...action, limits: { hits: 1e9, depth: 99, ttlMs: 1e15 } };
    expect(checkBridgeFrame({ t: 'arm', action: greedy })).toMatchObject({
      frame: { action: { limits: { hits: limits.maxHits, depth: limits.maxDepth, ttlMs: limits.maxTimeoutSeconds * 1_000 } } },
    });
    expect(checkBridgeFrame({ ...bridgeFrames[0], maxSilenceMs: 1e9 })).toMatchObject({
      frame: { maxSilenceMs: limits.maxSilenceMs },
    });
    const wide = { ...policy, budget: { share: 5, armMs: 1e9 } };
    expect(checkBridgeFrame({ t: 'policy', policy: wide })).toMatchObject({
      frame: { policy: { budget: { share: limits.maxShare, armMs: limits.maxArmMs } } },
    });
    expect(checkBridgeFrame({ t: 'arm', action: { ...action, log: { ...log, perSecond: 1e9 } } })).toMatchObject({
      frame: { action: { log: { perSecond: limits.maxLogsPerSecond } } },
    });
    expect(checkBridgeFrame({ t: 'locate', q: 'q', snippet: 'a', limit: 1e9 })).toMatchObject({
      frame: { limit: limits.maxPlaces },
    });
    expect(checkBridgeFrame({ t: 'arm', action: { ...action, log: { ...log, template: 'a'.repeat(1_001) } } }).ok).toBe(false);
    expect(checkBridgeFrame({ t: 'arm', action: { ...action, expressions: new Array(11).fill('a') } }).ok).toBe(false);
    expect(checkBridgeFrame({ t: 'arm', action: { ...action, condition: 'a'.repeat(1_001) } }).ok).toBe(false);
  });

  it('cannot bring a prototype', () => {
    const forged = JSON.parse(JSON.stringify(agentFrames[2]).replace('"redacted":{', '"redacted":{"__proto__":3,'));
    expect(checkAgentFrame(forged).ok).toBe(false);
    const inherited = Object.create({ t: 'bye', reason: 'exit' });
    expect(checkAgentFrame(inherited).ok).toBe(false);
  });
});

describe('too much', () => {
  it('is cut as an honest agent would have cut it, and says so', () => {
    const long = 'x'.repeat(10_000);
    const wide = Array.from({ length: 100 }, (_, index) => index);
    expect(
      valuesOf([
        long,
        { $: 'array', length: 0, elements: wide },
        { $: 'object', fields: wide.map((index) => [`f${index}`, 1]) },
        {
          $: 'object',
          fields: [
            [
              'a',
              {
                $: 'object',
                fields: [['b', { $: 'object', fields: [['c', { $: 'object', className: 'D', fields: [['d', 1]] }]] }]],
              },
            ],
          ],
        },
        { $: 'redacted', rule: 'password', marker: '<b>anything</b>' },
      ]),
    ).toEqual([
      { $: 'string', text: long.slice(0, 256), length: 10_000 },
      { $: 'array', length: 100, elements: wide.slice(0, 10) },
      { $: 'object', fields: wide.slice(0, 30).map((index) => [`f${index}`, 1]), more: 70 },
      {
        $: 'object',
        fields: [
          ['a', { $: 'object', fields: [['b', { $: 'object', fields: [['c', { $: 'cut', why: 'depth', className: 'D' }]] }]] }],
        ],
      },
      { $: 'redacted', rule: 'password' },
    ]);
  });

  it('of variables and values ends at the ceilings of a capture', () => {
    const variables = Array.from({ length: 5_000 }, (_, index) => [
      `v${index}`,
      { $: 'array', length: 10, elements: new Array(10).fill(1) },
    ]);
    const checked = checkAgentFrame({
      ...agentFrames[2],
      capture: { ...capture, scopes: new Array(40).fill({ kind: 'local', variables }) },
    });
    if (!checked.ok || checked.frame.t !== 'hit') throw new Error('It should have been cut, not refused.');
    expect(checked.frame.capture.scopes).toHaveLength(limits.maxScopes);
    expect(checked.frame.capture.cut).toEqual(['depth', 'nodes']);
    expectBounded(checked.frame.capture);
  });
});

describe('anything at all', () => {
  it('that the liar says is refused or bounded', () => {
    let n = 0;
    const nextN = () => {
      n += 1;
      return n;
    };
    for (const lie of Object.values(lies)) {
      for (const frame of lie({ action, n: nextN })) {
        let value = frame;
        try {
          if (typeof frame === 'string') value = JSON.parse(frame);
        } catch {
          continue;
        }
        const checked = checkAgentFrame(value);
        if (checked.ok && checked.frame.t === 'hit') expectBounded(checked.frame.capture);
      }
    }
    expect(n).toBeGreaterThan(50);
  });

  it('never throws, and what it accepts it accepts again unchanged', () => {
    const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? freshSeed());
    const random = createRandom(seed);
    let accepted = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const frame = mutate(structuredClone(random.pick([...agentFrames, ...bridgeFrames] as [unknown, ...unknown[]])), random);
      for (const check of [checkAgentFrame, checkBridgeFrame]) {
        const checked = check(frame);
        if (!checked.ok) {
          expect(checked.message.length, `seed ${seed}`).toBeLessThanOrEqual(500);
          continue;
        }
        accepted += 1;
        expect(check(checked.frame), `seed ${seed}`).toEqual({ ok: true, frame: checked.frame });
      }
    }
    expect(accepted, `seed ${seed}`).toBeGreaterThan(1_000);
  });
});

function valuesOf(values: unknown[]): Value[] {
  const variables = values.map((value, index) => [`v${index}`, value]);
  const checked = checkAgentFrame({ ...agentFrames[2], capture: { ...capture, scopes: [{ kind: 'local', variables }] } });
  if (!checked.ok || checked.frame.t !== 'hit') throw new Error(checked.ok ? 'no hit' : checked.message);
  return (checked.frame.capture.scopes[0]?.variables ?? []).map(([, value]) => value);
}

/** Containers, strings and their number stay within what the protocol promises to whoever reads a capture. */
function expectBounded(data: CaptureData): void {
  let values = 0;
  let deepest = 0;
  const walk = (value: Value, depth: number): void => {
    values += value !== null && typeof value === 'object' && value.$ === 'cut' ? 0 : 1;
    if (typeof value === 'string') expect(value.length).toBeLessThanOrEqual(limits.maxStringChars);
    if (value === null || typeof value !== 'object') return;
    const children =
      value.$ === 'object' || value.$ === 'error'
        ? value.fields.map(([, field]) => field)
        : value.$ === 'array'
          ? value.elements
          : value.$ === 'map'
            ? value.entries.flat()
            : [];
    if (children.length > 0) deepest = Math.max(deepest, depth);
    for (const child of children) walk(child, depth + 1);
  };
  for (const { variables } of data.scopes) for (const [, value] of variables) walk(value, 1);
  expect(deepest).toBeLessThanOrEqual(limits.maxDepth);
  expect(values).toBeLessThanOrEqual(limits.maxNodes);
  expect(JSON.stringify(data).length).toBeLessThan(limits.maxAgentFrameBytes);
}

/** Replaces, removes or doubles one thing somewhere in a frame. */
function mutate(frame: unknown, random: Random): unknown {
  if (typeof frame !== 'object' || frame === null || random.chance(0.15)) {
    return random.pick([
      0,
      -1,
      1.5,
      1e300,
      '',
      '\u0000',
      'x'.repeat(2_000),
      null,
      true,
      [],
      {},
      [[[]]],
      { $: 'object' },
      { $: 'cut' },
      'armed',
    ] as [unknown, ...unknown[]]);
  }
  const keys = Object.keys(frame);
  const [first, ...rest] = keys;
  if (first === undefined) return { surprise: 1 };
  const key = random.pick([first, ...rest]);
  const target = frame as Record<string, unknown>;
  if (random.chance(0.1)) delete target[key];
  else target[key] = mutate(target[key], random);
  return frame;
}
