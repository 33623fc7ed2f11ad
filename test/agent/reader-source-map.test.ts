import { SourceMap as NodeSourceMap } from 'node:module';
import { expect, test } from 'vitest';
import { SourceMap } from '../../src/agent/source/source-map.ts';

const seed = Number(process.env.SIDELIGHT_SEED ?? 4711);

/** Numbers from 0 up to a limit, the same for a seed (mulberry32). */
function dice(start: number): (limit: number) => number {
  let state = start;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
function number(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = '';
  do {
    text += letters[(rest & 31) | (rest > 31 ? 32 : 0)];
    rest >>>= 5;
  } while (rest > 0);
  return text;
}

interface Entry {
  generatedLine?: number;
  originalSource?: string;
  originalLine: number;
  originalColumn: number;
}

interface Plain {
  version: 3;
  sources: string[];
  names: string[];
  mappings: string;
}

/** A map of `lines` lines to random places. It ends in `;`, as Node misreads a last segment of one number. */
function plain(roll: ReturnType<typeof dice>, lines: number, name: string): Plain {
  const sources = Array.from({ length: 1 + roll(3) }, (_, index) => `${name}-${index}.ts`);
  let [source, line, column, word] = [0, 0, 0, 0];
  const mappings = Array.from({ length: lines }, () => {
    return Array.from({ length: roll(6) }, (_, index) => {
      const by = index === 0 ? roll(4) : 1 + roll(40);
      const kind = roll(8);
      if (kind === 0) return number(by);
      const to = [roll(sources.length), roll(2_000), roll(200), roll(3)] as const;
      const fields = [by, to[0] - source, to[1] - line, to[2] - column, ...(kind === 1 ? [to[3] - word] : [])];
      [source, line, column] = to;
      if (kind === 1) word = to[3];
      return fields.map(number).join('');
    }).join(',');
  }).join(';');
  return { version: 3, sources, names: ['a', 'b', 'c'], mappings: `${mappings};` };
}

test(`random maps, also in sections, are read as Node reads them (seed ${seed})`, () => {
  const roll = dice(seed);
  for (let round = 0; round < 60; round += 1) {
    const sections = [];
    let at = { line: 0, column: 0 };
    for (let count = 1 + roll(4); count > 0; count -= 1) {
      const lines = 1 + roll(8);
      sections.push({ offset: at, map: plain(roll, lines, `s${round}-${sections.length}`) });
      at = { line: at.line + lines - 1 + roll(3), column: at.column + 300 };
    }
    const payload = sections.length === 1 && round % 2 === 0 ? sections[0]?.map : { version: 3, sections };
    const text = JSON.stringify(payload);
    const own = new SourceMap(round % 3 === 0 ? `)]}'\n${text}` : text);
    const oracle = new NodeSourceMap(JSON.parse(text));
    for (let line = 0; line < at.line + 10; line += 1) {
      for (let column = 0; column < 600; column += 1 + roll(5)) {
        const found = own.original(line, column);
        const expected = oracle.findEntry(line, column) as Partial<Entry>;
        // Node gives the last place of an earlier line where nothing stands before the column.
        const isThere = expected.generatedLine === line && expected.originalSource;
        const there = isThere ? [expected.originalSource, expected.originalLine, expected.originalColumn] : undefined;
        const here = found === undefined ? undefined : [own.sources[found.source], found.line, found.column];
        if (String(here) !== String(there)) expect(here, `round ${round}, ${line}:${column}`).toEqual(there);
      }
    }
  }
});

test('what is not a source map is refused', () => {
  const nested = (depth: number): object =>
    depth === 0 ? { sources: [], mappings: '' } : { sections: [{ offset: { line: 0, column: 0 }, map: nested(depth - 1) }] };
  const bad = [
    null,
    1,
    [],
    {},
    { sources: [] },
    { sources: [], mappings: 'AA?A' },
    { sources: [], mappings: 'AAAAAA' },
    nested(9),
  ];
  for (const one of [...bad, { sources: [], mappings: 'gggggggggggggggB' }]) {
    expect(() => new SourceMap(JSON.stringify(one)), JSON.stringify(one)).toThrow();
  }
  for (const text of ['', '<html>', '{"sources":']) expect(() => new SourceMap(text), text).toThrow();
});
