import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Edit, insert, passEdits, passText, spanEdits } from '../../src/agent/source/inserted.ts';
import { analyse } from '../../src/agent/source/statements.ts';
import { nodes } from './nodes.ts';
import { buildSource } from './source-code.ts';

const execute = promisify(execFile);
const programs = fileURLToPath(new URL('./programs/', import.meta.url));
const names = { cell: '$cell$', token: '$token$' };

let built: Awaited<ReturnType<typeof buildSource>>;
beforeAll(async () => {
  built = await buildSource();
});
afterAll(() => built.remove());

/** Calls before all statements, and around the bodies of all functions if `withSpans`. */
function instrumented(source: string, withSpans: boolean): string {
  const analysis = analyse(source);
  const edits: Edit[] = analysis
    .statements()
    .flatMap(({ insertion }, site) => passEdits(insertion, { ...names, site, names: insertion.names }));
  for (const index of withSpans ? analysis.functions().keys() : []) {
    const around = analysis.wholeFunctionOf(index);
    if (!('why' in around))
      edits.push(...spanEdits(around, { ...names, site: 100_000 + index, exitSite: 200_000 + index, names: around.entry }));
  }
  return insert(source, edits);
}

/** What the cell holds while a program runs. */
const cells = {
  idle: '0',
  armed: '(site, token, ...values) => { counts[site] = (counts[site] ?? 0) + 1; return (token ?? 0) + 1; }',
  // What must never happen, and does where the stack ends.
  throwing: '() => { throw new Error("from the cell"); }',
};

describe.each(nodes())('on Node $major', ({ execPath }) => {
  test.each(['shapes.cjs', 'shapes.mjs'])(
    '%s does the same with a call before every statement and around every function',
    async (name) => {
      const file = join(programs, `source-${name}`);
      const source = await readFile(file, 'utf8');
      const { stdout } = await execute(execPath, [file]);
      expect(stdout.split('\n').length).toBeGreaterThan(25);
      for (const withSpans of [false, true]) {
        const copy = join(built.home, `${withSpans}-${name}`);
        await writeFile(copy, instrumented(source, withSpans));
        for (const [state, cell] of Object.entries(cells)) {
          const preload = join(built.home, `${state}.cjs`);
          await writeFile(
            preload,
            `const counts = {}; Object.defineProperty(globalThis, '$cell$', { value: ${cell}, writable: true });`,
          );
          expect((await execute(execPath, ['--require', preload, copy])).stdout, `${state}, spans ${withSpans}`).toBe(stdout);
        }
      }
    },
  );

  test.each(['yaml', 'acorn'])(
    'calls in %s are passed as often as V8 passes its own places, and read what V8 reads',
    { timeout: 60_000 },
    async (library) => {
      const run = async (settings: Record<string, string>): Promise<Told> => {
        const env = { ...process.env, LIBRARY: library, SOURCE_URL: built.url, EVERY: '7', ...settings };
        const { stdout } = await execute(execPath, [join(programs, 'source-oracle.mjs')], { env, maxBuffer: 2 ** 28 });
        return JSON.parse(stdout) as Told;
      };
      const [places, paused] = await Promise.all([run({ MODE: 'v8' }), run({ MODE: 'paused' })]);
      const file = join(built.home, `${library}.json`);
      await writeFile(file, JSON.stringify(places.stops));
      const inserted = await run({ MODE: 'inserted', STOPS: file });
      expect(inserted.output).toEqual(places.output);
      const wrong = Object.entries(inserted.counts).filter(([place, count]) => (places.counts[place] ?? 0) !== count);
      expect(wrong).toEqual([]);
      expect(inserted.offered / inserted.asked).toBeGreaterThan(0.6);
      expect(Object.values(inserted.counts).filter((count) => count > 0).length).toBeGreaterThan(30);

      let same = 0;
      const other: string[] = [];
      for (const [place, passes] of Object.entries(paused.values))
        for (const [index, one] of passes.entries())
          for (const [name, value] of Object.entries(one)) {
            const read = inserted.values[place]?.[index]?.[name];
            // V8 has some names no more: at the end of a function, or those it kept nowhere.
            if (value === 'error' || value === read) same += 1;
            else other.push(`${place} ${name}: V8 ${value}, inserted ${read}`);
          }
      expect(same).toBeGreaterThan(100);
      // At a call V8 pauses when its arguments have been read; a statement's call comes before them.
      expect(other.length / same, other.join('\n')).toBeLessThan(0.01);
    },
  );
});

interface Told {
  counts: Record<string, number>;
  values: Record<string, Record<string, string>[]>;
  stops: Record<string, number[]>;
  output: unknown[];
  offered: number;
  asked: number;
}

describe('what is inserted', () => {
  test('leaves something for the next pass of the same run of the function, also behind await', async () => {
    const source = 'async function f(n) { const a = n; await null; done(a); }';
    const [first, , last] = analyse(source).statements();
    if (first === undefined || last === undefined) throw new Error('no statements');
    const edits = [first, last].flatMap(({ insertion }, site) => passEdits(insertion, { ...names, site, names: [] }));
    const run = new Function('done', '$cell$', `${insert(source, edits)}; return Promise.all([f(1), f(2)])`);
    const seen: unknown[] = [];
    await run(
      () => {},
      (site: number, token: unknown) => {
        seen.push([site, token]);
        return seen.length;
      },
    );
    expect(seen).toEqual([
      [0, undefined],
      [0, undefined],
      [1, 1],
      [1, 2],
    ]);
  });

  test('tells the end of a function however it ends, with what its entry left', () => {
    const source = 'function f(n) { if (n > 1) return n; if (n > 0) throw n; } const g = (n) => n + 1';
    const { wholeFunctionOf } = analyse(source);
    const edits = [0, 1].flatMap((index) => {
      const around = wholeFunctionOf(index);
      if ('why' in around) throw new Error(around.why);
      return spanEdits(around, { ...names, site: index, exitSite: index + 10, names: around.entry });
    });
    const seen: unknown[] = [];
    const cell = (...all: unknown[]) => {
      seen.push(all);
      return `token ${seen.length}`;
    };
    const text = `${insert(source, edits)}; f(2); f(0); try { f(1) } catch {}; return g(5)`;
    expect(new Function('$cell$', text)(cell)).toBe(6);
    expect(seen.map((all) => (all as unknown[]).slice(0, 3))).toEqual([
      [0, undefined, 2],
      [10, 'token 1'],
      [0, undefined, 0],
      [10, 'token 3'],
      [0, undefined, 1],
      [10, 'token 5'],
      [1, undefined, 5],
      [11, 'token 7'],
    ]);
  });

  test('reads nothing when a name is in its dead zone, and is told so by a second call', () => {
    const source = 'const f = () => { return later; }; try { f() } catch {} let later = 1; f();';
    const place = analyse(source).insertionAt(source.indexOf('return'));
    if ('why' in place) throw new Error(place.why);
    expect(place.names).toEqual([{ name: 'later', text: 'later' }]);
    const seen: unknown[] = [];
    const text = insert(source, passEdits(place, { cell: '$cell$', site: 7, names: place.names }));
    new Function('$cell$', text)((...all: unknown[]) => seen.push(all));
    expect(seen).toEqual([
      [7, 0],
      [7, 0, 1],
    ]);
  });

  test('does nothing where there is no cell, as in a function sent elsewhere as text', () => {
    expect(new Function('a', `${passText({ ...names, site: 1, names: [{ name: 'a', text: 'a' }] })}return a`)(3)).toBe(3);
  });

  test('throws nothing where the stack ends', () => {
    const source = 'function deep(n) { deep(n + 1); } try { deep(0) } catch (error) { return error.message }';
    const text = insert(
      source,
      analyse(source)
        .statements()
        .flatMap(({ insertion }, site) => passEdits(insertion, { ...names, site, names: insertion.names })),
    );
    let calls = 0;
    const cell = (_site: number, token: unknown, ...values: unknown[]): unknown => {
      calls += 1;
      return token ?? values.length;
    };
    expect(new Function('$cell$', text)(cell)).toContain('call stack');
    expect(calls).toBeGreaterThan(100);
  });

  test('texts that meet at one offset nest', () => {
    const source = 'function f(a){if(a)x=b=>c=>d;if(a)for(;;)if(a){break}else y=e=>g}';
    const parsed = instrumented(source, true);
    expect(() => new Function(parsed)).not.toThrow();
    expect(() => new Function(instrumented('function f(){if(a)b}', true))).not.toThrow();
  });
});
