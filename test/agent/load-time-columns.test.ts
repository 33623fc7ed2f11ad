import { describe, expect, test } from 'vitest';
import { Columns } from '../../src/agent/load-time/columns.ts';
import { createMatcher } from '../../src/agent/load-time/patterns.ts';
import { mapComment, shiftMap } from '../../src/agent/load-time/shift-map.ts';
import { SourceMap } from '../../src/agent/source/source-map.ts';

/** Numbers from 0 up to, not including, `below`: mulberry32. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? Date.now() % 1_000_000);

/** A text with insertions at random places, some at the same one. */
function edited(next: (below: number) => number) {
  const source = Array.from({ length: 3 + next(5) }, () => 'x'.repeat(next(12))).join(['\n', '\r\n'][next(2)] as string);
  const ats = Array.from({ length: next(8) }, () => next(source.length + 1))
    .filter((at) => source[at] !== '\n')
    .sort((a, b) => a - b);
  const lengths = ats.map(() => 1 + next(5));
  return { source, columns: new Columns(source, Uint32Array.from(ats), Uint32Array.from(lengths)), ats, lengths };
}

test(`columns go forth and back over insertions (seed ${seed})`, () => {
  const next = random(seed);
  for (let round = 0; round < 500; round += 1) {
    const { source, columns, ats, lengths } = edited(next);
    let text = '';
    for (let offset = 0, edit = 0; offset <= source.length; offset += 1) {
      for (; ats[edit] === offset; edit += 1) text += '#'.repeat(lengths[edit] as number);
      const place = columns.placeOf(offset);
      expect(columns.offsetOf(place)).toBe(offset);
      const now = text.length - (text.lastIndexOf('\n') + 1);
      expect(columns.shifted(place.line, place.column)).toBe(now);
      expect(columns.original(place.line, now)).toBe(place.column);
      if (edit > 0 && ats[edit - 1] === offset) expect(columns.original(place.line, now - 1)).toBe(place.column);
      text += source[offset] ?? '';
    }
  }
});

test(`a source map says the same of the text with insertions (seed ${seed})`, () => {
  const next = random(seed + 1);
  for (let round = 0; round < 200; round += 1) {
    const { source, columns } = edited(next);
    const lines = source.split(/\r?\n/);
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef';
    // Each character of the text is its own segment; the original line is the column, so that all differ.
    const mappings = lines
      .map((line) => Array.from(line, (_, index) => `${index === 0 ? 'A' : 'C'}A${index === 0 ? 'A' : letters[2]}A`).join(','))
      .join(';');
    const map = { version: 3, sources: ['a.ts'], names: [], mappings };
    const before = new SourceMap(JSON.stringify(map));
    const url = `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
    const shifted = shiftMap(url, '/a.js', columns) as string;
    const after = new SourceMap(Buffer.from(shifted.slice(shifted.indexOf(',') + 1), 'base64').toString());
    for (const [line, text] of lines.entries())
      for (let column = 0; column < text.length; column += 1)
        expect(after.original(line, columns.shifted(line, column))).toEqual(before.original(line, column));
  }
});

test('the last comment about a source map is found', () => {
  expect(mapComment('a\n//# sourceMappingURL=a.js.map\nb\n//# sourceMappingURL=b.js.map\n')).toEqual({
    url: 'b.js.map',
    from: 55,
    to: 63,
  });
  expect(mapComment('const a = "sourceMappingURL=x";')).toBeUndefined();
});

describe('patterns', () => {
  const cases: [patterns: string, path: string, isWanted: boolean][] = [
    ['src/**', '/app/src/a/b.js', true],
    ['src/**', '/app/srcs/b.js', false],
    ['src', '/app/src/b.js', true],
    ['./src/', '/app/src/b.js', true],
    ['dist/**/*.js', '/app/dist/a.js', true],
    ['dist/**/*.js', '/app/dist/x/y/a.js', true],
    ['dist/**/*.js', '/app/dist/x/y/a.mjs', false],
    ['*.js', '/app/a.js', true],
    ['*.js', '/app/x/a.js', false],
    ['a?.js', '/app/ab.js', true],
    ['a.js', '/app/axjs', false],
    ['**,!test/**', '/app/test/a.js', false],
    ['!test/**,**', '/app/test/a.js', false],
    ['**,!test/**', '/app/src/test/a.js', true],
    ['**', '/app/node_modules/x/a.js', false],
    ['node_modules/x/**', '/app/node_modules/x/a.js', true],
    ['node_modules/x/**', '/app/node_modules/y/a.js', false],
    ['**', '/other/a.js', false],
    ['../other/**', '/other/a.js', true],
    ['/other/**', '/other/a.js', true],
    ['', '/app/a.js', false],
  ];
  test.each(cases)('%s and %s: %s', (patterns, path, isWanted) => {
    expect(createMatcher(patterns.split(','), '/app')(path)).toBe(isWanted);
  });
});
