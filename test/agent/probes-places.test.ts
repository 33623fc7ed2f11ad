import { afterEach, describe, expect, test } from 'vitest';
import { nodes } from './nodes.ts';
import { type Hit, marked, ProbeProgram, program, variable } from './probe-program.ts';

const file = program('places.mjs');
const gone = { $: 'unavailable' };
const array = (...elements: unknown[]) => ({ $: 'array', length: elements.length, elements });

/** Mark → what must be seen there. `run` and `args` call the function that passes it, if it is not the mark itself. */
const places: {
  mark: string;
  run?: string;
  args?: unknown[];
  inFunction?: string;
  sees: Record<string, unknown>;
  this?: Record<string, unknown>;
}[] = [
  {
    mark: 'locals',
    args: [1, { second: 2 }, [4, 5, 6]],
    inFunction: 'locals',
    sees: {
      first: 1,
      second: 2,
      third: 'default',
      fourth: 4,
      rest: array(5, 6),
      fifth: 2,
      sum: 3,
      hoisted: 'var',
      moduleList: array('module'),
      moduleCount: 4,
      fetch: 'a shadowed global',
    },
  },
  { mark: 'closure', args: ['out'], inFunction: 'inner', sees: { own: 1, middle: 'middle', outer: 'out', unused: gone } },
  { mark: 'deadZone', sees: { early: 1, late: { $: 'uninitialised' }, later: { $: 'uninitialised' } } },
  { mark: 'beforeSuper', run: 'method', inFunction: 'Account', sees: { kind: 'plain', before: 'plain' } },
  {
    mark: 'afterSuper',
    run: 'method',
    inFunction: 'Account',
    sees: { kind: 'plain' },
    this: { kind: 'plain', owner: 'ann' },
  },
  { mark: 'method', inFunction: 'deposit', sees: { amount: 5 }, this: { kind: 'plain', owner: 'ann', after: true } },
  { mark: 'getter', inFunction: 'get total', sees: { inGetter: 10 }, this: { owner: 'ann' } },
  { mark: 'staticMethod', inFunction: 'make', sees: { kind: 'made' } },
  { mark: 'afterAwait', args: [2], inFunction: 'afterAwait', sees: { input: 2, before: 4, waited: 5 } },
  { mark: 'generator', inFunction: 'count', sees: { from: 10, step: 0 } },
  { mark: 'asyncGenerator', inFunction: 'letters', sees: { text: 'ab', letter: 'a' } },
  { mark: 'caught', sees: { inCatch: 'broken' } },
  { mark: 'caughtParts', sees: { code: 'E', reason: 'why' } },
  { mark: 'loops', sees: { total: 0, index: 0, key: 'a', value: 1, double: 2 } },
  { mark: 'switches', args: ['a'], sees: { kind: 'a', inCase: 'case' } },
  { mark: 'shadowed', sees: { JSON: 'mine', globalThis: 'also mine', name: 'inner' } },
  {
    mark: 'literal',
    run: 'literalMethod',
    inFunction: 'method',
    sees: { argument: 8, half: 4 },
    this: { text: 'template t } {' },
  },
  { mark: 'named', inFunction: 'again', sees: { depth: 1 } },
  { mark: 'unicode', sees: { größe: 1, $dollar: 2, _under: 3, π: 4 } },
  { mark: 'manyOnOneLine', args: [1], sees: { a: 1, b: { $: 'uninitialised' } } },
  { mark: 'noSemicolons', args: [1], sees: { a: 1, b: 1, c: 1 } },
];

const running: ProbeProgram[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

describe.each(nodes())('on Node $major', ({ execPath }) => {
  test('every kind of place shows the variables that the line can see, with their values', { timeout: 60_000 }, async () => {
    const app = await ProbeProgram.start(execPath, { maxShare: 1, maxCaptureMs: 1_000 });
    running.push(app);
    await app.load(file);
    for (const { mark, run = mark, args = [], inFunction, sees, this: self } of places) {
      const line = marked(file, mark);
      const state = await app.arm({ id: mark, where: { file: 'places.mjs', line } });
      expect(state, mark).toMatchObject({
        state: 'armed',
        at: [{ line, ...(inFunction === undefined ? {} : { function: inFunction }) }],
      });
      await app.call(file, run, args);
      const hit = await app.until(() => app.hits.find((one) => one.id === mark));
      const seen = Object.fromEntries(Object.keys(sees).map((name) => [name, variable(hit.capture, name)]));
      expect(seen, mark).toEqual(sees);
      if (self !== undefined)
        expect(
          Object.fromEntries((hit.capture.this as { fields: [string, unknown][] } | undefined)?.fields ?? []),
          mark,
        ).toMatchObject(self);
      expect(new Set(namesOf(hit)).size, mark).toBe(namesOf(hit).length);
    }
  });

  test('imports, functions and classes of the module are left out unless an expression asks for them', async () => {
    const app = await ProbeProgram.start(execPath);
    running.push(app);
    await app.load(file);
    await app.arm({ where: { file: 'places.mjs', line: marked(file, 'locals') }, expressions: ['use', 'locals'] });
    await app.call(file, 'locals', [1, {}, []]);
    const { capture } = await app.hit();
    const module = capture.scopes.find(({ kind }) => kind === 'module');
    expect(module?.variables.map(([name]) => name)).toEqual(['moduleList', 'moduleCount', 'fetch', 'literal']);
    expect(capture.expressions[0]).toEqual({ expression: 'use', value: { $: 'function', name: 'use' } });
  });
});

function namesOf({ capture }: Hit): string[] {
  return capture.scopes.flatMap(({ variables }) => variables.map(([name]) => name));
}
