import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Found } from '../../src/agent/source/reader.ts';
import type { Located } from '../../src/agent/source/spot.ts';
import { readStackLine } from '../../src/agent/source/stack-line.ts';
import type { Locate } from '../../src/protocol/frames.ts';
import { bundle } from './compilers.ts';
import { marked, program } from './probe-program.ts';
import { ReaderProgram } from './reader-program.ts';

let folder: string;
let built: string;
let app: ReaderProgram;
const shop = program('typed/shop.ts');
const sum = marked(shop, 'sum');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sidelight-search-'));
  await cp(program('typed'), join(folder, 'src'), { recursive: true });
  built = await bundle(folder, { sourcemap: 'linked' });
  const library = join(folder, 'node_modules/price-list');
  await mkdir(library, { recursive: true });
  await writeFile(
    join(library, 'index.mjs'),
    'export function priceOf(item) {\n  return item.price;\n}\nexport function total() {}\n',
  );
  app = await ReaderProgram.start(process.execPath);
  await app.load(join(library, 'index.mjs'));
  await app.load(built);
  await app.load(program('places.mjs'));
});
afterAll(async () => {
  await app.stop();
  await rm(folder, { recursive: true, force: true });
});

function search(query: Partial<Locate>): Promise<Found> {
  return app.do('search', { t: 'locate', q: 'q', limit: 5, ...query });
}

test.each([
  ['    at charge (/app/dist/pay.js:10:5)', { function: 'charge', path: '/app/dist/pay.js', line: 9, column: 4 }],
  ['at async Cart.total (file:///app/cart.mjs:3:4)', { function: 'Cart.total', path: '/app/cart.mjs', line: 2, column: 3 }],
  ['    at async file:///app/my%20cart.mjs:3:4', { path: '/app/my cart.mjs', line: 2, column: 3 }],
  ['    at new Cart (webpack-internal:///./src/cart.ts:7:9)', { function: 'Cart', path: 'src/cart.ts', line: 6, column: 8 }],
  [
    'at get total [as sum] (webpack://shop/./src/cart.ts?1f2e:7:9)',
    { function: 'get total', path: 'src/cart.ts', line: 6, column: 8 },
  ],
  ['    at Object.<anonymous> (/app/a b.js:1:1)', { path: '/app/a b.js', line: 0, column: 0 }],
  [
    '    at eval (eval at run (/app/rule.js:3:5), <anonymous>:1:1)',
    { function: 'run', path: '/app/rule.js', line: 2, column: 4 },
  ],
  ['/app/server.js:12', { path: '/app/server.js', line: 11 }],
  ['src/pay.ts:12:3', { path: 'src/pay.ts', line: 11, column: 2 }],
  ['    at Promise.all (index 0)', undefined],
  ['    at <anonymous>', undefined],
  ['TypeError: x is not a function', undefined],
])('the stack line `%s` is read', (text, expected) => {
  expect(readStackLine(text)).toEqual(expected);
});

describe('a line of a stack', () => {
  test('of compiled code is shown in the source as written, with its neighbours', async () => {
    const lines = (await readFile(built, 'utf8')).split('\n');
    const index = lines.findIndex((text) => text.includes('sum += price'));
    const column = (lines[index] as string).indexOf('sum') + 1;
    const { places } = await search({
      stackLine: `    at async Checkout.total (${pathToFileURL(built).href}:${index + 1}:${column})`,
    });
    const source = (await readFile(shop, 'utf8')).split('\n');
    expect(places).toEqual([
      {
        file: join(folder, 'src/shop.ts'),
        line: sum,
        column: 7,
        function: 'Checkout.total',
        text: 'sum += price; // <- sum',
        sourceHash: expect.any(String),
        before: source.slice(sum - 4, sum - 1),
        after: source.slice(sum, sum + 3),
        score: 1,
      },
    ]);
  });

  test('that is already in terms of the sources, or has another machine’s folders, is found as well', async () => {
    const own = await search({ stackLine: `at Checkout.total (${join(folder, 'src/shop.ts')}:${sum}:7)` });
    expect(own.places).toMatchObject([{ file: join(folder, 'src/shop.ts'), line: sum, score: 1 }]);
    const foreign = await search({ stackLine: `at Checkout.total (/srv/build/src/shop.ts:${sum}:7)` });
    expect(foreign.places).toMatchObject([{ file: join(folder, 'src/shop.ts'), line: sum, score: 0.8 }]);
    expect((await search({ stackLine: 'at nothing (/srv/other.js:1:1)' })).places).toEqual([]);
  });
});

describe('a line that is expected to read so', () => {
  const where = { file: 'src/shop.ts', line: sum };
  const locate = (more: object): Promise<Located> => app.do('locate', { where: { ...where, ...more } });

  test('is bound when it does, whatever space is around it', async () => {
    expect(await locate({ expectLine: '\t sum += price; // <- sum ' })).toMatchObject({ found: [{ place: { line: sum } }] });
  });

  test('is refused when it does not, with the text that runs and where the expected one stands', async () => {
    expect(await locate({ line: sum - 1, expectLine: 'sum += price; // <- sum' })).toEqual({
      code: 'line-mismatch',
      message: `Line ${sum - 1} of \`src/shop.ts\` reads \`const price = priceOf(item) * this.discount;\` in the running program. The expected text stands on line ${sum}.`,
      problem: { part: 'line', deployed: ['const price = priceOf(item) * this.discount;'], lines: [sum] },
    });
    expect(await locate({ line: 500, expectLine: 'sum += price; // <- sum' })).toMatchObject({
      message: expect.stringMatching(/^Line 500 of `src\/shop.ts` does not exist; the file has \d+ lines/),
    });
    expect(await locate({ expectLine: 'sum += cost;' })).toMatchObject({ code: 'line-mismatch' });
  });
});

describe('a line with its neighbours', () => {
  const source = readFileSync(shop, 'utf8').split('\n');
  const around = { before: source.slice(sum - 3, sum - 1), after: source.slice(sum, sum + 2) };
  const expectLine = source[sum - 1] as string;
  const locate = (more: object): Promise<Located> =>
    app.do('locate', { where: { file: 'src/shop.ts', line: sum, expectLine, around, ...more } });

  test('is bound where it is', async () => {
    expect(await locate({})).toMatchObject({ found: [{ place: { line: sum } }] });
  });

  test('is found again where it has moved to', async () => {
    expect(await locate({ line: sum + 4 })).toMatchObject({ found: [{ place: { line: sum } }] });
    expect(await locate({ line: 500 })).toMatchObject({ found: [{ place: { line: sum } }] });
    // Also by the lines around it alone.
    expect(await locate({ line: sum + 4, expectLine: undefined })).toMatchObject({ found: [{ place: { line: sum } }] });
  });

  test('is refused when it is gone, or when only other lines are around', async () => {
    expect(await locate({ expectLine: 'sum += cost;' })).toMatchObject({ code: 'line-mismatch' });
    const other = { before: ['const nothing = 1;'], after: ['return nothing;'] };
    expect(await locate({ line: sum + 1, around: other })).toMatchObject({
      code: 'line-mismatch',
      message: expect.stringContaining(`The expected text stands on line ${sum}.`),
    });
    expect(await locate({ expectLine: undefined, around: other })).toEqual({
      code: 'line-mismatch',
      message: `Line ${sum} of \`src/shop.ts\` has other lines around it in the running program.`,
      problem: { part: 'line', deployed: ['sum += price; // <- sum', '}'] },
    });
  });
});

describe('a search', () => {
  test('by the name of a function finds it in the source as written, the program’s own before a library’s', async () => {
    const { places, isComplete } = await search({ function: 'priceOf' });
    expect(isComplete).toBe(true);
    expect(places.map(({ file }) => file)).toEqual([
      join(folder, 'src/price.ts'),
      join(folder, 'node_modules/price-list/index.mjs'),
    ]);
    expect(places[0]).toMatchObject({ text: 'export function priceOf(item: Item): number {', function: 'priceOf' });
    // Though the library's name fits better.
    expect((await search({ function: 'total' })).places.map(({ score }) => score)).toEqual([0.9, 0.9, 1]);
    const [total] = (await search({ function: 'Checkout.total' })).places;
    expect(total).toMatchObject({
      file: join(folder, 'src/shop.ts'),
      text: 'async total(order: Order): Promise<number> {',
      score: 1,
    });
  });

  test('by some source finds its line, however it is spaced', async () => {
    const { places } = await search({ snippet: 'const price=priceOf(item)*this.discount\nsum += price' });
    expect(places[0]).toMatchObject({ file: join(folder, 'src/shop.ts'), line: sum - 1 });
    expect((await search({ snippet: 'nothing of this kind' })).places).toEqual([]);
  });

  test('looks only in files that end as asked, and gives no more places than asked', async () => {
    expect((await search({ function: 'priceOf', file: 'price-list/index.mjs' })).places).toHaveLength(1);
    expect((await search({ function: 'priceOf', file: 'other.mjs' })).places).toEqual([]);
    expect((await search({ function: 'priceOf', limit: 1 })).places).toMatchObject([{ file: join(folder, 'src/price.ts') }]);
    expect((await search({ snippet: 'item', limit: 2 })).places).toHaveLength(2);
    const stackLine = `at priceOf (${join(folder, 'src/price.ts')}:7:3)`;
    expect((await search({ stackLine, file: 'src/price.ts' })).places).toHaveLength(1);
    expect((await search({ stackLine, file: 'src/shop.ts' })).places).toEqual([]);
  });
});

test('of thousands of names in one scope the first are told, and those that are needed', async () => {
  const file = join(folder, 'many.mjs');
  const consts = Array.from({ length: 3_000 }, (_, index) => `const name${index} = ${index};`);
  await writeFile(file, `${consts.join('\n')}\nexport function last() {\n  return name2999;\n}\n`);
  await app.load(file);
  const where = { file: 'many.mjs', line: 3_002 };
  const names = async (more: object): Promise<string[]> => {
    const located = await app.do<Located>('locate', { where, ...more });
    return 'found' in located
      ? located.found.flatMap(({ scopes }) => scopes.scopes.flatMap((one) => one.names.map(({ name }) => name)))
      : [];
  };
  expect(await names({})).toEqual([...Array.from({ length: 1_000 }, (_, index) => `name${index}`), 'last']);
  expect(await names({ names: ['name2999'] })).toContain('name2999');
});
