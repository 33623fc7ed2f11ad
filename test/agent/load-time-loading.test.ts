import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadTimeProgram, runLoadTime } from './load-time-program.ts';
import { nodes } from './nodes.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sidelight-loading-'));
  // Or else one of a folder above says what kind of modules the files are.
  await writeFile(join(folder, 'package.json'), '{}');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Writes the files of a program and gives the path of the first. */
async function write(files: Record<string, string>): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return join(folder, Object.keys(files)[0] as string);
}

const tsx = ['--import', import.meta.resolve('tsx')];

describe.each(nodes())('on Node $major', ({ major, execPath }) => {
  describe.each(['commonjs', 'module'])('with tsx, %s', (type) => {
    test.each(['in front', 'behind'])('standing %s, lines and columns are those of the source as written', async (where) => {
      const main = await write({
        'main.ts': [
          "import { fails } from './part.ts';",
          "import './plain.ts';",
          'interface Item { price: number }',
          'const items: Item[] = [{ price: 1 }]; const sum = (list: Item[]): number => list.reduce((a, b) => a + b.price, 0);',
          'console.log(sum(items));',
          'try { fails(1); } catch (error) { console.log((error as Error).stack); }',
        ].join('\n'),
        'part.ts': 'export function fails(by: number): never {\n  const wrong = by + 1;   throw new Error(String(wrong));\n}\n',
        'plain.ts': 'let plain = 1;\nplain += 1;\n',
        'package.json': JSON.stringify({ type }),
      });
      const plain = await runLoadTime(execPath, [main], { before: tsx });
      const loaded = await runLoadTime(execPath, [main], { [where === 'in front' ? 'before' : 'behind']: tsx, patterns: '*.ts' });
      const own = (text: string) => text.split('\n').filter((line) => !line.includes('node_modules') && !line.includes('node:'));
      const withoutOurs = own(loaded.stdout).filter((line) => !/_compile/.test(line));
      expect(plain.stdout).toContain('part.ts:2:');
      expect(withoutOurs).toEqual(own(plain.stdout));
      expect(loaded.code).toBe(0);
      // A loader behind us gives its ES modules to nobody else, and Node 20 gives us none.
      const isReached = type === 'commonjs' || (major >= 22 && where === 'in front');
      expect(loaded.instrumented).toEqual(isReached ? ['main.ts', 'part.ts', 'plain.ts'] : []);
    });
  });

  test.each(['external', 'linked', 'inline'] as const)(
    'with --enable-source-maps and a map that is %s, stacks are the same',
    async (sourcemap) => {
      await cp(fileURLToPath(new URL('./programs/typed', import.meta.url)), join(folder, 'src'), { recursive: true });
      await writeFile(
        join(folder, 'src/main.ts'),
        "import { run } from './shop.ts';\nconst text: string = String(run());   console.log(text, new Error('here').stack?.split('\\n').filter((line) => line.includes('/main.')).join());\n",
      );
      await build({
        entryPoints: [join(folder, 'src/main.ts')],
        outfile: join(folder, 'out/main.cjs'),
        bundle: true,
        platform: 'node',
        sourcemap,
      });
      const options = { before: ['--enable-source-maps'] };
      const plain = await runLoadTime(execPath, [join(folder, 'out/main.cjs')], options);
      const loaded = await runLoadTime(execPath, [join(folder, 'out/main.cjs')], { ...options, patterns: '*.cjs' });
      expect(loaded.instrumented).toEqual(['main.cjs']);
      const told = (text: string) => (sourcemap === 'external' ? text.replaceAll(/:\d+\)/g, ')') : text);
      if (sourcemap !== 'external') expect(plain.stdout).toContain('src/main.ts:2:');
      expect(told(loaded.stdout)).toBe(told(plain.stdout));
    },
  );

  test('a file that is loaded twice, in whatever way, is one', async () => {
    const main = await write({
      'main.mjs': `
        import { createRequire } from 'node:module';
        const require = createRequire(import.meta.url);
        const files = () => globalThis[Symbol.for('load-time')].files().map(({ id, path }) => id + ' ' + path.replace(/.*[\\\\/]/, '')).join();
        await import('./one.cjs');
        require('./one.cjs');
        delete require.cache[require.resolve('./one.cjs')];
        require('./one.cjs');
        await import('./two.mjs');
        await import('./two.mjs?again');
        try { require('./two.mjs'); } catch {}
        require('./three.mjs');
        await import('./three.mjs');
        console.log(files(), globalThis.runs);`,
      'one.cjs': 'globalThis.runs = (globalThis.runs ?? 0) + 1;',
      'three.mjs': 'globalThis.runs += 100; export const three = 3;',
      'two.mjs': 'globalThis.runs += 10; export const two = import.meta.url;',
    });
    const loaded = await runLoadTime(execPath, [main], { patterns: 'one.cjs,two.mjs,three.mjs' });
    expect(loaded.stdout).toBe(major >= 22 ? 'load:1 one.cjs,load:2 two.mjs,load:3 three.mjs 122\n' : 'load:1 one.cjs 122\n');
  });

  test('TypeScript that Node itself strips runs as it is, or is instrumented after', async () => {
    const main = await write({
      'main.mts': "import './part.cts';\nlet a: number = 1;\na += 1 as number;\nconsole.log(a);\n",
      'part.cts': 'let b: number = 2;\nb += 1;\nconsole.log(b);\n',
    });
    const plain = await runLoadTime(execPath, [main]);
    const loaded = await runLoadTime(execPath, [main], { patterns: '**' });
    expect([loaded.stdout, loaded.code]).toEqual([plain.stdout, plain.code]);
    if (major === 24) expect(loaded.stdout).toBe('3\n2\n');
  });

  test('what is not to be instrumented, or cannot be read, runs as it is', async () => {
    const main = await write({
      'main.cjs': `
        for (const name of ['long', 'odd', 'node_modules/x', 'sub/left']) try { console.log(require('./' + name)); } catch (error) { console.log(error.name); }
        const loadTime = globalThis[Symbol.for('load-time')];
        if (loadTime) for (const name of ['long.js', 'odd.js', 'node_modules/x.js', 'main.cjs']) console.error(loadTime.why(__dirname + '/' + name));`,
      'long.js': `exports.a = 1;${'exports.b = 2;'.repeat(100)}`,
      'odd.js': 'exports.a = ;',
      'node_modules/x.js': 'module.exports = 2;',
      'sub/left.js': 'module.exports = 3;',
      'data.json': '{}',
    });
    const loaded = await runLoadTime(execPath, [main], { patterns: '**,!sub/**' });
    expect(loaded.stdout).toBe('{ a: 1, b: 2 }\nSyntaxError\n2\n3\n');
    expect(loaded.instrumented).toEqual(['main.cjs']);
    expect(loaded.stderr.split('\n')).toEqual([
      'It is minified.',
      expect.stringMatching(/^There is no statement in it: ./),
      'SIDELIGHT_INSTRUMENT does not name it.',
      'undefined',
      '',
    ]);
  });

  test('a text that V8 does not take is replaced by the original; one that fails while it runs is not run again', async () => {
    const hooks = join(folder, 'hooks.mjs');
    const entry = fileURLToPath(new URL('../../src/agent/load-time/hooks.ts', import.meta.url));
    await build({ entryPoints: [entry], outfile: hooks, bundle: true, platform: 'node', format: 'esm' });
    await write({
      'preload.mjs': `
        import { hookLoading } from ${JSON.stringify(pathToFileURL(hooks).href)};
        hookLoading({
          isWanted: (path) => /(?:bad|fails)\\.cjs$/.test(path),
          instrument: (path, text) => (path.endsWith('bad.cjs') ? 'if (' : 'globalThis.seen = 1;') + text,
          refused: (path) => console.log('refused', path.replace(/.*[\\\\/]/, '')),
          leaveOut: () => undefined,
        });`,
      'main.cjs': "require('./bad.cjs'); try { require('./fails.cjs') } catch (error) { console.log(error.message, runs, seen) }",
      'bad.cjs': "console.log('bad runs');",
      'fails.cjs': "globalThis.runs = (globalThis.runs ?? 0) + 1; JSON.parse('{');",
    });
    const { stdout } = await runLoadTime(execPath, [join(folder, 'main.cjs')], {
      before: ['--import', pathToFileURL(join(folder, 'preload.mjs')).href],
    });
    expect(stdout).toMatch(/^refused bad\.cjs\nbad runs\nExpected property name .* 1 1\n$/);
  });

  test('with a compile cache the program does the same', async () => {
    const cache = { NODE_COMPILE_CACHE: join(folder, 'cache') };
    for (let run = 0; run < 2; run += 1) {
      const loaded = await runLoadTime(execPath, [loadTimeProgram('arming.cjs')], { patterns: 'shop.cjs', env: cache });
      expect(JSON.parse(loaded.stdout)).toMatchObject({ passes: 1_000_000, sums: expect.any(Array) });
    }
  });
});
