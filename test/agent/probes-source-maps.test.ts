import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bundle, compilers } from './compilers.ts';
import { nodes } from './nodes.ts';
import { marked, ProbeProgram, program, variable } from './probe-program.ts';

let home: string;
let shop: string;

const running: ProbeProgram[] = [];
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sidelight-maps-'));
  shop = program('typed/shop.ts');
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});
afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

describe.each(Object.keys(compilers))('compiled by %s', (name) => {
  let built: string;
  beforeAll(async () => {
    const folder = join(home, String(Object.keys(compilers).indexOf(name)));
    await mkdir(folder);
    await cp(program('typed'), join(folder, 'src'), { recursive: true });
    built = await (compilers[name] as (folder: string) => Promise<string>)(folder);
  });

  test.concurrent.for(nodes())(
    'a line of the TypeScript source is found and shown as written, on Node $major',
    async ({ execPath }, { onTestFinished }) => {
      const app = await ProbeProgram.start(execPath, { maxShare: 1, maxCaptureMs: 1_000 });
      onTestFinished(() => app.stop());
      await app.load(built);
      const line = marked(shop, 'sum');
      const state = await app.arm({ where: { file: 'src/shop.ts', line }, expressions: ['this.discount', 'item.name'] });
      expect(state).toMatchObject({ state: 'armed', at: [{ line }] });
      const [at] = state.at ?? [];
      expect(at?.file).toMatch(/src\/shop\.ts$/);
      if (!name.includes('source root')) expect(at?.text).toBe('sum += price; // <- sum');
      expect(await app.call(built, 'run')).toBe(4);
      const { capture } = await app.hit();
      expect(capture.at).toEqual(at);
      expect(capture.stack[0]).toMatchObject({ line, file: at?.file });
      expect(capture.expressions).toEqual([
        { expression: 'this.discount', value: 0.5 },
        { expression: 'item.name', value: 'cup' },
      ]);
      expect(variable(capture, 'price')).toBe(4);
    },
  );
});

describe.each(nodes())('on Node $major', ({ execPath }) => {
  test('the second source of a bundle, and the frame that called it, are shown as written', async () => {
    const folder = join(home, `bundle-${Math.trunc(performance.now())}`);
    await cp(program('typed'), join(folder, 'src'), { recursive: true });
    const built = await bundle(folder, { sourcemap: 'linked' });
    const app = await ProbeProgram.start(execPath, { maxShare: 1, maxCaptureMs: 1_000 });
    running.push(app);
    await app.load(built);
    const price = marked(program('typed/price.ts'), 'price');
    expect(await app.arm({ where: { file: 'price.ts', line: price } })).toMatchObject({
      state: 'armed',
      at: [{ line: price, function: 'priceOf' }],
    });
    await app.call(built, 'run');
    const { capture } = await app.hit();
    expect(capture.stack.map(({ file, line }) => [file.split('/').at(-1), line]).slice(0, 2)).toEqual([
      ['price.ts', price],
      ['shop.ts', marked(shop, 'sum') - 1],
    ]);
  });

  test('a program started by a loader that compiles in memory is found by its own path', async () => {
    const app = await ProbeProgram.start(execPath, { maxShare: 1, maxCaptureMs: 1_000 }, [
      '--import',
      import.meta.resolve('tsx'),
    ]);
    running.push(app);
    await app.load(shop);
    const line = marked(shop, 'sum');
    expect(await app.arm({ where: { file: 'typed/shop.ts', line } })).toMatchObject({
      state: 'armed',
      at: [{ line, text: 'sum += price; // <- sum' }],
    });
    await app.call(shop, 'run');
    expect(variable((await app.hit()).capture, 'price')).toBe(4);
  });
});
