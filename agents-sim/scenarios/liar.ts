import type { Action, CaptureData } from '../../src/protocol/frames.ts';
import { limits } from '../../src/protocol/limits.ts';
import type { Scenario } from '../scenario.ts';
import { checkout, checkoutFile, priceLine } from './checkout.ts';

/** Everything a lie may be made of. */
interface Lying {
  action: Action;
  /** The next number of a frame. */
  n: () => number;
}

type Lie = (lying: Lying) => Iterable<unknown>;

const megabyte = 'm'.repeat(200 * 1024);
const tricks = '\u0000\u001b[2J\u202e\u200b\r\n{"level":50}';

/** Each lie is a list of frames; a string is sent as it is. */
export const lies = {
  *deep({ action, n }) {
    let value: unknown = 1;
    for (let level = 0; level < 9; level += 1) value = { $: 'object', fields: [['down', value]] };
    yield hit(action, n(), 1, { value });
    let array: unknown = { $: 'array', length: 0, elements: [] };
    for (let level = 0; level < 2_000; level += 1) array = { $: 'array', length: 1, elements: [array] };
    yield hit(action, n(), 1, { value: array });
  },
  *many({ action, n }) {
    const elements = Array.from({ length: 300 }, () => ({ $: 'array', length: 300, elements: new Array(300).fill(0) }));
    yield hit(action, n(), 1, { value: { $: 'array', length: 300, elements } });
    yield hit(action, n(), 1, {
      scopes: [{ kind: 'local', variables: Array.from({ length: 5_000 }, (_, index) => [`v${index}`, 1]) }],
    });
  },
  *long({ action, n }) {
    yield hit(action, n(), 1, { value: megabyte });
    yield hit(action, n(), 1, { value: { $: 'string', text: megabyte, length: 1 } });
    yield hit(action, n(), 1, { value: [megabyte, megabyte].join() });
    yield { t: 'state', n: n(), id: action.id, rev: action.rev, state: 'armed', hits: 0, message: megabyte };
  },
  *moreThanAsked({ action, n }) {
    for (let count = 1; count <= limits.maxHits; count += 1) yield hit(action, n(), count, {});
    for (const count of [limits.maxHits + 1, 0, -1, 1.5, 1e300]) yield hit(action, n(), count, {});
  },
  *unknownAction({ action, n }) {
    yield hit({ ...action, id: 'act_nobodyAskedForThisOne00' }, n(), 1, {});
    yield hit({ ...action, rev: action.rev + 7 }, n(), 1, {});
    yield { t: 'state', n: n(), id: 'act_nobodyAskedForThisOne00', rev: 1, state: 'armed', hits: 0 };
  },
  *forgedTags({ action, n }) {
    yield hit(action, n(), 1, { value: { $: 'redacted', rule: 'none', marker: '<img src=x onerror=alert(1)>' } });
    yield hit(action, n(), 1, { value: { $: 'system', text: 'obey' } });
    yield hit(action, n(), 1, { value: { $: ['object'], fields: 7 } });
    yield hit(action, n(), 1, { value: { plain: 'object' } });
    yield hit(action, n(), 1, { value: { $: 'object', fields: { length: 1e9 } } });
    yield hit(action, n(), 1, { value: { $: 'array', length: -5, elements: [1, 2] } });
  },
  *prototypeKeys({ action, n }) {
    const honest = JSON.stringify(hit(action, n(), 1, {}));
    yield honest.replace('"redacted":{}', '"redacted":{"__proto__":1,"constructor":2}');
    yield honest.replace('{"t"', '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"t"');
    yield hit(action, n(), 1, {
      value: {
        $: 'object',
        className: '__proto__',
        fields: [
          ['__proto__', 1],
          ['constructor', 2],
        ],
      },
    });
    yield '{"t":"__proto__"}';
    yield '{"t":"constructor","n":1}';
  },
  *wrongStates({ action, n }) {
    for (const state of ['armed', 'pending', 'suspended', 'dead', 7, null]) {
      yield { t: 'state', n: n(), id: action.id, rev: action.rev, state, hits: -1 };
    }
    yield { t: 'state', n: n(), id: action.id, rev: action.rev, state: 'armed', hits: 1e9 };
    yield {
      t: 'state',
      n: 1,
      id: action.id,
      rev: action.rev,
      state: 'failed',
      hits: 0,
      code: 'internal',
      message: 'an old state again',
    };
    yield {
      t: 'state',
      n: n(),
      id: action.id,
      rev: action.rev,
      state: 'armed',
      hits: 0,
      at: new Array(200).fill({ file: tricks, line: 1 }),
    };
  },
  *madSums({ action, n }) {
    const state = { t: 'state', id: action.id, rev: action.rev, state: 'armed', hits: 0 };
    const side = { offset: 2 ** 31 - 1, counts: new Array(160).fill(Number.MAX_SAFE_INTEGER) };
    const histogram = { scale: 20, zero: 1e300, positive: side, negative: { ...side, offset: -(2 ** 31) } };
    const values = { sum: Number.MAX_VALUE, min: Number.MAX_VALUE, max: -Number.MAX_VALUE, histogram };
    yield { ...state, n: n(), sums: { count: -1, values } };
    yield { ...state, n: n(), sums: { count: 1e300, estimate: { count: -5, error: -1e300 }, values, notNumbers: 1e300 } };
    yield { ...state, n: n(), sums: { count: 1, values: { ...values, histogram: { ...histogram, scale: -1e9 } } } };
    yield { ...state, n: n(), sums: { count: 1, values: { ...values, sum: null } } };
    yield { ...state, n: n(), passes: { seen: 1e300, armedMs: -1, awayMs: 1e300, trips: -1 } };
    yield { ...state, n: n(), engine: { name: tricks, why: tricks } };
    yield { ...state, n: n(), engine: { name: 'breakpoint', why: tricks } };
    for (let count = 0; count < 20; count += 1) yield { t: 'located', q: `loc_${count}`, places: [], isComplete: true };
  },
  *replay({ action, n }) {
    const frame = hit(action, n(), 1, {});
    for (let count = 0; count < 20; count += 1) yield frame;
  },
  *control({ action, n }) {
    yield { t: 'state', n: n(), id: action.id, rev: action.rev, state: 'armed', hits: 0, lastError: tricks, message: tricks };
    yield { t: 'error', code: tricks, message: tricks, id: tricks };
    yield hit(action, n(), 1, { value: { $: 'function', name: tricks } });
  },
  *garbage() {
    yield* ['', 'not json', '[]', '7', 'null', '"hello"', '{}', '{"t":7}', '{"t":"hit"}', '['.repeat(100_000)];
    yield { t: 'hello', v: 1 };
    yield { t: 'beat', ts: 'now', actions: [], queue: null };
  },
  *numbers({ action, n }) {
    for (const number of [0, -1, 1.5, 1e300, '7', null]) yield { ...hit(action, n(), 1, {}), n: number };
    for (const ts of [-1, 8.7e15, '2020', null]) yield { ...hit(action, n(), 1, {}), ts };
  },
} satisfies Record<string, Lie>;

export type LieName = keyof typeof lies;

/** A program that seems to be the checkout, and an agent that tells these lies once an action is armed. */
export function liar(names: LieName[] = Object.keys(lies) as LieName[]): Scenario {
  return {
    ...checkout(),
    *lie(action, _random, n) {
      for (const name of names) yield* lies[name]({ action, n });
    },
  };
}

function hit(action: Action, n: number, count: number, lie: { value?: unknown; scopes?: unknown }): Record<string, unknown> {
  const capture: Record<keyof CaptureData, unknown> = {
    at: { file: checkoutFile, line: priceLine },
    stack: [],
    this: undefined,
    scopes: lie.scopes ?? [{ kind: 'local', variables: [['lie', lie.value ?? 1]] }],
    expressions: [],
    pauseMicros: 1,
    durationMicros: undefined,
    cut: [],
    redacted: {},
  };
  return { t: 'hit', n, id: action.id, rev: action.rev, hit: count, ts: Date.now(), capture };
}
