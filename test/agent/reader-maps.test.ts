import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Located } from '../../src/agent/source/spot.ts';
import type { StackFrame } from '../../src/protocol/frames.ts';
import { bundle, compilers } from './compilers.ts';
import { marked, program } from './probe-program.ts';
import { ReaderProgram } from './reader-program.ts';

const shop = program('typed/shop.ts');
const line = marked(shop, 'sum');
let home: string;
let folders = 0;

/** A folder of its own with the TypeScript sources in `src`. */
async function workshop(): Promise<string> {
  folders += 1;
  const folder = join(home, String(folders));
  await mkdir(folder);
  await cp(program('typed'), join(folder, 'src'), { recursive: true });
  return folder;
}

const running: ReaderProgram[] = [];
async function load(files: string[], execArgv: string[] = []): Promise<ReaderProgram> {
  const app = await ReaderProgram.start(process.execPath, {}, execArgv);
  running.push(app);
  for (const file of files) await app.load(file);
  return app;
}
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sidelight-reader-'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});
afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

function spots(located: Located) {
  if (!('found' in located)) throw new Error(JSON.stringify(located));
  return located.found;
}

describe.each(Object.keys(compilers))('compiled by %s', (name) => {
  test('a line is found, and a frame of it goes the way back', async () => {
    const built = await (compilers[name] as (folder: string) => Promise<string>)(await workshop());
    const app = await load([built]);
    const [spot] = spots(await app.do<Located>('locate', { where: { file: 'src/shop.ts', line } }));
    expect(spot?.place).toMatchObject({ line, function: 'total' });
    if (!name.includes('source root')) {
      expect(spot?.place).toMatchObject({ text: 'sum += price; // <- sum', sourceHash: expect.stringMatching(/^[\da-f]{16}$/) });
    }
    if (name.includes('names of a bundler')) expect(spot?.place.file).toBe('src/shop.ts');
    const { script, generated } = spot as NonNullable<typeof spot>;
    const url = pathToFileURL(script.path).href;
    const frame = { function: 'total', url, line: generated.line + 1, column: generated.column + 1 };
    expect(await app.do<StackFrame[]>('map', [frame])).toEqual([
      { function: 'total', file: spot?.place.file, line, column: spot?.place.column },
    ]);
  });
});

test('a file that a loader compiles in memory is found by its own path, and hashed as it was written', async () => {
  const app = await load([shop], ['--import', import.meta.resolve('tsx')]);
  const [spot] = spots(await app.do<Located>('locate', { where: { file: 'typed/shop.ts', line } }));
  const sourceHash = createHash('sha256')
    .update(await readFile(shop))
    .digest('hex')
    .slice(0, 16);
  expect(spot?.place).toMatchObject({ file: shop, line, text: 'sum += price; // <- sum', sourceHash });
});

test('one source in two bundles is two places with one hash', async () => {
  const folder = await workshop();
  const first = await bundle(folder, { sourcemap: 'linked' });
  await cp(first, join(folder, 'out/again.mjs'));
  const app = await load([first, join(folder, 'out/again.mjs')]);
  const found = spots(await app.do<Located>('locate', { where: { file: 'shop.ts', line } }));
  expect(new Set(found.map(({ script }) => script.path)).size).toBe(2);
  expect(new Set(found.map(({ place }) => place.sourceHash)).size).toBe(1);
});

test('a name that fits several sources is answered with their paths, and more of the path decides', async () => {
  const [one, two] = [await workshop(), await workshop()];
  const app = await load([await bundle(one, { sourcemap: 'linked' }), await bundle(two, { sourcemap: 'inline' })]);
  expect(await app.do('locate', { where: { file: 'src/shop.ts', line } })).toEqual({
    code: 'ambiguous-file',
    message: `\`src/shop.ts\` could be any of: ${[one, two].map((folder) => join(folder, 'src/shop.ts')).join(', ')}. Give more of the path.`,
  });
  const file = join(two.split('/').at(-1) as string, 'src/shop.ts');
  expect(spots(await app.do<Located>('locate', { where: { file, line } }))).toHaveLength(1);
});

test('a line of a source that nobody has is found, without its text, and cannot be compared', async () => {
  const folder = await workshop();
  const built = await bundle(folder, { sourcemap: 'linked', sourcesContent: false });
  await rm(join(folder, 'src'), { recursive: true });
  const app = await load([built]);
  const [spot] = spots(await app.do<Located>('locate', { where: { file: 'src/shop.ts', line } }));
  expect(spot?.place).toEqual({ file: join(folder, 'src/shop.ts'), line, column: expect.any(Number), function: 'total' });
  expect(await app.do('locate', { where: { file: 'src/shop.ts', line, expectLine: 'sum += price;' } })).toMatchObject({
    code: 'line-mismatch',
    message: expect.stringContaining('cannot be compared'),
  });
});

test('a map that is broken, missing or elsewhere leaves the script as it is', async () => {
  const folder = await workshop();
  const built = await bundle(folder, { sourcemap: 'linked' });
  const text = await readFile(built, 'utf8');
  const urls = ['gone.map', 'https://example.invalid/shop.map', 'data:application/json;base64,e30='];
  for (const [index, url] of urls.entries()) {
    const file = join(folder, `out/alone-${index}.mjs`);
    await writeFile(file, text.replace(/(?<=sourceMappingURL=).*/, url));
    const app = await load([file]);
    expect(await app.do('locate', { where: { file: 'src/shop.ts', line } })).toEqual({ found: [] });
    const own = text.split('\n').findIndex((one) => one.includes('sum += price')) + 1;
    const [spot] = spots(await app.do<Located>('locate', { where: { file: `alone-${index}.mjs`, line: own } }));
    expect(spot?.place).toMatchObject({ file, line: own });
  }
});
