import { expect, test, vi } from 'vitest';
import * as short from '../../src/agent/package/short-refusals.ts';
import { keywords } from '../../src/protocol/expression-refusals.ts';
import { nastyExpressions } from './nasty-expressions.ts';

/** Some that are allowed, and pieces of them. */
const others = [
  'order.total > 100 && !paid',
  'this.#x',
  'order.#x',
  'a ? b : c',
  "a['b']?.c",
  'text.includes("a")',
  '',
  ' ',
  'a b',
];
const texts = [
  ...nastyExpressions.map(({ text }) => text),
  ...others,
  ...others.flatMap((text) => Array.from(text, (_, length) => text.slice(0, length))),
  ...Array.from(keywords.keys(), (word) => [word, `${word} a`, `a.${word}`, `a ${word} b`]).flat(),
];

test('the package refuses exactly what the bridge refuses', async () => {
  const { parseExpression: whole } = await import('../../src/protocol/expression.ts');
  vi.resetModules();
  for (const file of ['expression-refusals', 'expression-rules']) vi.doMock(`../../src/protocol/${file}.ts`, () => short);
  const { parseExpression: packed } = await import('../../src/protocol/expression.ts');
  let refused = 0;
  for (const text of texts) {
    const expected = whole(text);
    const found = packed(text);
    if (expected.ok) {
      expect(found, text).toEqual(expected);
    } else {
      refused += 1;
      expect(found, text).toMatchObject({ ok: false, message: expect.stringMatching(/\.$/) });
    }
  }
  expect(refused).toBeGreaterThan(150);
});
