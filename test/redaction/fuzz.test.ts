import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/protocol/value.ts';
import { answerOf, captureOf } from './capture-data.ts';
import { checkCaptures, policies } from './fuzz/captures.ts';
import { seedsOf } from './fuzz/seeds.ts';

describe.each(seedsOf('captures'))('random captures of seed %i', (seed) => {
  it.each(Object.keys(policies))(
    'under %s are answered without an error, in bounded size, and come out the same the second time',
    { timeout: 120_000 },
    (policy) => checkCaptures(seed, [policy]),
  );
});

it('hides all it can of captures that are far too deep or too many', { timeout: 120_000 }, async () => {
  let deep: Value = 'password=hunter2';
  for (let level = 0; level < 5_000; level++) deep = { $: 'array', length: 1, elements: [deep] };
  const wide: Value = { $: 'array', length: 60_000, elements: Array.from({ length: 60_000 }, () => 'ada@example.com') };
  const seen = JSON.stringify(
    (
      await answerOf(
        captureOf({
          deep,
          wide,
          long: `${'x '.repeat(600_000)}password=hunter2`,
          nested: '['.repeat(100_000) + ']'.repeat(100_000),
        }),
      )
    ).hit,
  );
  expect(seen).not.toMatch(/hunter2|ada@example/);
  expect(seen).toContain('[REDACTED:unscanned]');
});
