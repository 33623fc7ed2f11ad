import { expect, test } from 'vitest';
import { type Node, parseExpression } from '../../src/protocol/expression.ts';
import { limits } from '../../src/protocol/limits.ts';

const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** mulberry32: small, and the same everywhere. */
function random(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const next = random(seed);
const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;

const pieces =
  "a order this null undefined typeof in new await instanceof ( ) [ ] { } . ?. ? : ?? && || ! - + * / % == === != < <= = => ++ -- , ; ... ** ~ & ' \" ` } ${ \\ \\u # #a this.#a 1 0 0x 1n .5 1e9 .includes( .endsWith( 'x' __proto__ constructor \n \u2028 \ud800 é 😀 // /*".split(
    ' ',
  );

test(`token soup never throws, stays fast, and reads the same twice (seed ${seed})`, () => {
  let read = 0;
  for (let round = 0; round < 20_000; round += 1) {
    let text = '';
    const count = 1 + Math.floor(next() * (round % 50 === 0 ? 400 : 9));
    for (let piece = 0; piece < count; piece += 1) text += pick(pieces) + (next() < 0.3 ? ' ' : '');
    const started = performance.now();
    const parsed = parseExpression(text);
    expect(performance.now() - started, `seed ${seed}: ${JSON.stringify(text)}`).toBeLessThan(250);
    expect(parseExpression(text)).toEqual(parsed);
    if (parsed.ok) {
      read += 1;
      expect(JSON.parse(JSON.stringify(parsed.node)), text).toEqual(parsed.node);
      expect(parseExpression(print(parsed.node)), text).toMatchObject({ node: parsed.node, names: parsed.names });
    } else {
      expect(parsed.position, text).toBeGreaterThanOrEqual(1);
      expect(parsed.position, text).toBeLessThanOrEqual(text.length + 1);
      expect(parsed.message.length, text).toBeLessThan(250);
    }
  }
  expect(read).toBeGreaterThan(500);
});

test(`whatever tree is printed is read back as the same tree (seed ${seed})`, () => {
  for (let round = 0; round < 3_000; round += 1) {
    const node = grow(4);
    const text = print(node);
    const parsed = parseExpression(text);
    if (parsed.ok) expect(parsed.node, text).toEqual(node);
    else expect(parsed.message, text).toMatch(/more than 64 parts|characters; at most/);
  }
});

test('the longest texts of each repeated piece are answered in milliseconds', () => {
  for (const piece of pieces.filter((text) => text !== '')) {
    const text = piece.repeat(Math.floor(limits.maxExpressionChars / piece.length));
    const started = performance.now();
    parseExpression(text);
    expect(performance.now() - started, piece).toBeLessThan(100);
  }
});

function grow(depth: number): Node {
  if (depth === 0 || next() < 0.2) {
    return pick<Node>([
      null,
      true,
      7,
      0.25,
      'te"x\'t\\\n',
      ['undefined'],
      ['this'],
      ['name', 'a'],
      ['name', '#a'],
      ['name', 'order'],
    ]);
  }
  const child = (): Node => grow(depth - 1);
  const made: (() => Node)[] = [
    () => ['member', child(), pick(['total', 'a b', 'in', '0'])],
    () => ['member', child(), ['binary', '+', child(), 1], 'optional'],
    () => ['call', pick(['includes', 'startsWith', 'endsWith'] as const), child(), child()],
    () => ['unary', pick(['!', '-', '+', 'typeof'] as const), child()],
    () => ['binary', pick(['===', '!=', '<', '>=', '+', '-', '*', '/', '%', 'in'] as const), child(), child()],
    () => ['logical', pick(['&&', '||', '??'] as const), child(), child()],
    () => ['conditional', child(), child(), child()],
  ];
  return pick(made)();
}

/** Writes a tree as text; a left operand that is a chain or a sum keeps its brackets off, so that depth stays what it was. */
function print(node: Node): string {
  if (!Array.isArray(node)) return JSON.stringify(node).replaceAll('\u2028', '\\u2028');
  switch (node[0]) {
    case 'undefined':
    case 'this':
      return node[0];
    case 'name':
      return node[1].startsWith('#') ? `this.${node[1]}` : node[1];
    case 'member': {
      const [, target, key, optional] = node;
      return `${chain(target)}${optional ? '?.' : ''}[${print(key)}]`;
    }
    case 'call': {
      const [, method, target, argument, optional] = node;
      return `${chain(target)}${optional ? '?.' : '.'}${method}(${print(argument)})`;
    }
    case 'unary':
      return `${node[1]} ${bracketed(node[2])}`;
    case 'conditional':
      return `${bracketed(node[1])} ? ${print(node[2])} : ${print(node[3])}`;
    case 'binary':
    case 'logical': {
      const [, operator, left, right] = node;
      const same = Array.isArray(left) && left[0] === node[0] && left[1] === operator;
      return `${same ? print(left) : bracketed(left)} ${operator} ${bracketed(right)}`;
    }
  }
}

function chain(target: Node): string {
  return typeof target === 'number' ? `(${print(target)})` : bracketed(target);
}

function bracketed(node: Node): string {
  const bare = !Array.isArray(node) || ['undefined', 'this', 'name', 'member', 'call', 'unary'].includes(node[0]);
  const tight = bare && !(Array.isArray(node) && node[0] === 'unary');
  return tight ? print(node) : `(${print(node)})`;
}
