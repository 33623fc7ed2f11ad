import { describe, expect, type TestContext, test } from 'vitest';
import type { Engine } from '../../src/protocol/frames.ts';
import { nastyExpressions } from './nasty-expressions.ts';
import { NastyWorld, outcomeOf } from './nasty-world.ts';
import { nodes } from './nodes.ts';

/** Actions at the line at a time. */
const atOnce = 20;

const texts = nastyExpressions.map(({ text }) => text);
const expected = nastyExpressions.map(({ text, outcome }) => `${outcome}: ${text}`);

test('the table is long, and names no expression twice', () => {
  expect(texts.length).toBeGreaterThanOrEqual(150);
  expect(texts.length).toBe(new Set(texts).size);
});

describe.concurrent.each(nodes())('on Node $major', ({ execPath }) => {
  async function outcomes(
    { onTestFinished }: TestContext,
    engine: Engine,
    actionFor: (text: string) => Parameters<NastyWorld['pass']>[0][number],
  ): Promise<string[]> {
    const world = await NastyWorld.start(execPath, [engine, 'breakpoint']);
    onTestFinished(() => world.stop());
    const found: string[] = [];
    for (let from = 0; from < texts.length; from += atOnce) {
      const some = texts.slice(from, from + atOnce);
      const passed = await world.pass(some.map(actionFor), some.join('\n'));
      for (const [index, one] of passed.entries()) {
        const text = some[index] as string;
        let outcome = outcomeOf(one);
        // On a busy machine there may have been no time for it.
        for (let tries = 0; outcome === undefined && tries < 10; tries += 1)
          for (const again of await world.pass([actionFor(text)], text)) outcome = outcomeOf(again);
        found.push(`${outcome}: ${text}`);
      }
    }
    return found;
  }

  test('a nasty condition is refused, stopped or harmless, and the program does not notice', async (context) => {
    expect(await outcomes(context, 'breakpoint', (condition) => ({ kind: 'snapshot', condition, expressions: [] }))).toEqual(
      expected,
    );
  }, 120_000);

  test('a nasty watch expression is refused, stopped or harmless, and the program does not notice', async (context) => {
    expect(await outcomes(context, 'live-edit', (text) => ({ kind: 'snapshot', expressions: [text] }))).toEqual(expected);
  }, 120_000);

  test('a nasty measure is refused or gives at most a number, and the program does not notice', async (context) => {
    const found = await outcomes(context, 'live-edit', (text) => ({ kind: 'metric', expressions: [text] }));
    const isRefused = (line: string): boolean => line.startsWith('refused: ');
    expect(found.filter(isRefused)).toEqual(expected.filter(isRefused));
    expect(found.filter((line) => line.startsWith('undefined: '))).toEqual([]);
  }, 120_000);
});
