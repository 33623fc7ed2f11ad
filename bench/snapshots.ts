import type { CaptureData } from '../src/protocol/frames.ts';
import type { Value } from '../src/protocol/value.ts';

/** Of 100 values, so many are of this kind. */
const shares = {
  word: 18,
  number: 16,
  id: 14,
  sentence: 8,
  log: 10,
  url: 8,
  path: 6,
  time: 8,
  json: 4,
  truth: 3,
  sensitive: 5,
};
const words =
  'order cart item price total stock shipping status retry queue worker customer region cache session payment invoice batch shard lookup pending ready done failed'.split(
    ' ',
  );
const names =
  'id orderId status items total currency createdAt updatedAt url path message level attempt retries region shard owner label count offset cursor payload meta tags result previous next state kind source'.split(
    ' ',
  );
const host = ['api', 'example', 'com'].join('.');

/** Captures as services hold them: seeded, so that two runs measure the same. */
export function snapshots(seed: number): { of(chars: number): CaptureData } {
  const random = mulberry(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <One>(list: readonly One[]): One => list[below(list.length)] as One;
  const hex = (chars: number): string => Array.from({ length: chars }, () => below(16).toString(16)).join('');
  const phrase = (count: number): string => Array.from({ length: count }, () => pick(words)).join(' ');
  const time = (): string => new Date(1_750_000_000_000 + below(1e10)).toISOString();
  const uuid = (): string => [8, 4, 4, 4, 12].map(hex).join('-');
  const kinds = Object.entries(shares).flatMap(([kind, share]) => new Array<string>(share).fill(kind));

  function leaf(): Value {
    switch (pick(kinds)) {
      case 'word':
        return pick(words);
      case 'number':
        return below(2) === 0 ? below(1e6) : random() * 1e3;
      case 'id':
        return pick([uuid(), `ord_${hex(12)}`, `${below(1e9)}`, hex(40)]);
      case 'sentence':
        return `The ${phrase(6)} was ${pick(words)}, so ${phrase(4)}.`;
      case 'log':
        return `${time()} INFO [${pick(words)}-${below(9)}] ${phrase(3)} id=${hex(8)} took ${below(900)}ms status=${pick(words)}`;
      case 'url':
        return `https://${host}/v1/${pick(words)}/${hex(8)}?page=${below(90)}&sort=${pick(words)}`;
      case 'path':
        return `/srv/app/src/${pick(words)}/${pick(words)}.ts:${below(400)}:${below(80)}`;
      case 'time':
        return time();
      case 'json':
        return JSON.stringify({ id: uuid(), [pick(names)]: phrase(2), n: below(99), at: time() });
      case 'truth':
        return below(2) === 0;
      default:
        return pick([
          `${pick(words)}.${pick(words)}@example.com`,
          `+4930${1_000_000 + below(8_999_999)}`,
          `Bearer ${hex(30)}`,
          `postgres://app:${hex(10)}@db.internal/${pick(words)}`,
          '4111 1111 1111 1111',
        ]);
    }
  }

  function value(depth: number): Value {
    const kind = below(depth > 2 ? 1 : 6);
    if (kind === 4)
      return {
        $: 'object',
        fields: Array.from({ length: 3 + below(8) }, (): [string, Value] => [pick(names), value(depth + 1)]),
      };
    if (kind !== 5) return leaf();
    const elements = Array.from({ length: 2 + below(6) }, () => value(depth + 1));
    return { $: 'array', length: elements.length, elements };
  }

  return {
    of(chars) {
      const variables: [string, Value][] = [];
      for (let sum = 0; sum < chars - 500; ) {
        const made = value(0);
        variables.push([pick(names), made]);
        sum += JSON.stringify(made).length + 12;
      }
      return {
        at: { file: 'src/checkout.ts', line: 24, text: '  const total = price(items);' },
        stack: Array.from({ length: 5 }, () => ({ function: pick(words), file: `src/${pick(words)}.ts`, line: below(300) })),
        scopes: [{ kind: 'local', variables }],
        expressions: [],
        pauseMicros: 300,
        cut: [],
        redacted: {},
      };
    },
  };
}

/** Mulberry32. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
