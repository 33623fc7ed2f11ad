import { describe, expect, test } from 'vitest';
import { parseExpression } from '../../src/protocol/expression.ts';
import { limits } from '../../src/protocol/limits.ts';
import { nastyExpressions } from './nasty-expressions.ts';
import { NastyWorld, outcomeOf, worldNames } from './nasty-world.ts';
import { nodes } from './nodes.ts';

const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Expressions for each Node; many thousands find more, once in a while. */
const cases = Number(process.env.SIDELIGHT_FUZZ_CASES ?? 800);

/** Of this many actions at the line one in four has a condition, one in eight a measure, and the others all the expressions they may. */
const atOnce = 40;

describe.concurrent.each(nodes())('on Node $major', ({ execPath, major }) => {
  test(`${cases} random expressions run nothing, change nothing and take little time (seed ${seed})`, async ({
    onTestFinished,
  }) => {
    const make = maker(seed + major);
    const world = await NastyWorld.start(execPath, ['live-edit', 'breakpoint']);
    onTestFinished(() => world.stop());
    const counts = { refused: 0, stopped: 0, harmless: 0 };
    let tried = 0;
    while (tried < cases) {
      const asked: Parameters<NastyWorld['pass']>[0] = [];
      for (let index = 0; index < atOnce; index += 1) {
        const depth = index % 4;
        if (index % 8 === 0) asked.push({ kind: 'metric', expressions: [make.known()] });
        else if (index % 4 === 1) asked.push({ kind: 'snapshot', condition: make.any(), expressions: [], depth });
        else asked.push({ kind: 'snapshot', expressions: Array.from({ length: limits.maxExpressions }, make.known), depth });
      }
      const texts = asked.flatMap(({ condition, expressions }) => (condition === undefined ? expressions : [condition]));
      tried += texts.length;
      const passed = await world.pass(asked, `seed ${seed}\n${texts.join('\n')}`);
      for (const [index, one] of passed.entries()) {
        const read = one.hit?.capture.expressions ?? [];
        for (const result of read.slice(1)) counts['error' in result ? 'stopped' : 'harmless'] += 1;
        const first = outcomeOf(one);
        if (first !== undefined) counts[first] += 1;
        expect(one.last.code ?? 'bad-expression', JSON.stringify([seed, asked[index], one.last])).toBe('bad-expression');
      }
    }
    for (const count of Object.values(counts)) expect(count, JSON.stringify({ seed, counts })).toBeGreaterThan(cases / 100);
  }, 600_000);
});

/** Makes texts from a seed: grown by the grammar over the names of the world, or nasty ones that were changed. */
function maker(from: number): { any(): string; known(): string } {
  let state = from >>> 0;
  /** mulberry32 */
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const members =
    'id none trap pay items nested deep length size name message stack cause errors self x a map list then count number brand description byteLength buffer 0 1 global process crypto fetch performance toString valueOf'.split(
      ' ',
    );
  const grow = (depth: number): string => {
    if (depth === 0 || next() < 0.15)
      return next() < 0.8
        ? pick(worldNames)
        : pick(["'x'", "''", '0', '-1', '1e308', 'null', 'undefined', 'true', '9007199254740993', "'trap'"]);
    const child = (): string => grow(depth - 1);
    const member = pick(members);
    return pick([
      () => `${pick(worldNames)}${/^\d/.test(member) ? `[${member}]` : `.${member}`}`,
      () => `(${child()})${next() < 0.3 ? '?.' : ''}['${member}']`,
      () => `(${child()})[${child()}]`,
      () => `(${child()}).${pick(['includes', 'startsWith', 'endsWith'])}(${child()})`,
      () => `${pick(['!', '-', '+', 'typeof '])}(${child()})`,
      () => `(${child()}) ${pick(['===', '!==', '==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%', 'in'])} (${child()})`,
      () => `(${child()}) ${pick(['&&', '||', '??'])} (${child()})`,
      () => `(${child()}) ? (${child()}) : (${child()})`,
    ])();
  };
  const tokens = (text: string): string[] => text.match(/\w+|\s+|[^\w\s]/gu) ?? [];
  const change = (text: string): string => {
    const list = tokens(text);
    for (let times = 1 + Math.floor(next() * 3); times > 0; times -= 1) {
      const at = Math.floor(next() * (list.length + 1));
      const other = pick(tokens(pick(nastyExpressions).text).concat(' '));
      pick([
        () => list.splice(at, 1),
        () => list.splice(at, 0, other),
        () => list.splice(at, 1, other),
        () => list.splice(at, 1, pick(worldNames)),
        () => list.splice(at, 0, ...list.slice(at, at + 3)),
      ])();
    }
    return list.join('');
  };
  const any = (): string => (next() < 0.5 ? grow(1 + Math.floor(next() * 4)) : change(pick(nastyExpressions).text));
  const isKnown = (text: string): boolean => {
    const parsed = parseExpression(text);
    return parsed.ok && parsed.names.every((name) => worldNames.includes(name));
  };
  const known = (): string => {
    for (;;) {
      const text = any();
      if (isKnown(text)) return text;
    }
  };
  return { any, known };
}
