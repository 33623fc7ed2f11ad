import type { FoundFile } from './find-file.ts';
import type { Library } from './library.ts';
import type { Range } from './reader-messages.ts';
import type { GeneratedPlace } from './spot.ts';

/** A place where a probe can be and the original line it stands for; lines from 0. */
export interface Candidate {
  generated: GeneratedPlace;
  line: number;
  column: number;
}

/**
 * Places where a probe can be on the first (or last) line with code from one original line up to another, by column. The program is asked
 * for as few lines as possible, as V8 compiles what it is asked about.
 */
export function stopsOnLine(
  { script, source }: FoundFile,
  library: Library,
  [from, to]: readonly [number, number],
  which: 'first' | 'last' = 'first',
): Candidate[] {
  const text = library.textOf(script);
  // V8 can stop where a script ends, though no code stands there.
  const endOfCode = text?.text.trimEnd().length ?? 0;
  const onOneLine = (all: Candidate[]): Candidate[] => {
    const usable = all.filter((one) => (text?.offsetOf(one.generated) ?? 0) < endOfCode);
    const lines = usable.map((one) => one.line);
    const line = which === 'first' ? Math.min(...lines) : Math.max(...lines);
    return usable.filter((one) => one.line === line).sort((a, b) => a.column - b.column);
  };
  if (source === undefined) {
    const ranges =
      which === 'last' || to - from < 2
        ? [[from, to]]
        : [
            [from, from + 1],
            [from + 1, to],
          ];
    for (const [first = 0, end = 0] of ranges) {
      const stops = library
        .stops(script, [
          [
            { line: first, column: 0 },
            { line: end, column: 0 },
          ],
        ])
        .flat();
      const found = onOneLine(
        stops.map(({ isReturn: _, ...place }) => ({ generated: place, line: place.line, column: place.column })),
      );
      if (found.length > 0) return found;
    }
    return [];
  }
  const map = library.mapOf(script)?.map;
  const stretches = map?.generated(source, from, to) ?? [];
  const lines = [...new Set(stretches.map(({ line }) => line))];
  for (const line of which === 'first' ? lines : lines.reverse()) {
    const here = stretches.filter((stretch) => stretch.line === line);
    const ranges = here.map((stretch): Range => [stretch.from, { ...stretch.to, column: stretch.to.column + 1 }]);
    const all: Candidate[] = [];
    for (const [index, stops] of library.stops(script, ranges).entries()) {
      const stretch = here[index] as (typeof here)[number];
      for (const { isReturn, ...generated } of stops) {
        if (generated.line === stretch.to.line && generated.column === stretch.to.column) {
          // In `{return x}` V8 stops at the brace, which was written on a later line than the statement.
          if (isReturn) all.push({ generated, line, column: stretch.column });
          continue;
        }
        const original = map?.original(generated.line, generated.column);
        if (original?.source === source && original.line === line) all.push({ generated, line, column: original.column });
      }
    }
    const found = onOneLine(all);
    if (found.length > 0) return found;
  }
  return [];
}
