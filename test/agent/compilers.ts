import { execFile } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BuildOptions, build } from 'esbuild';
import { program } from './probe-program.ts';

const execute = promisify(execFile);
const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));
/** Ways a program is compiled; each gives the file to load. */
export const compilers: Record<string, (folder: string) => Promise<string>> = {
  'tsc, ES modules, map in a file without the sources': (folder) => typescript(folder, 'NodeNext', '.mjs', []),
  'tsc, CommonJS, sources in the map': (folder) => typescript(folder, 'CommonJS', '.cjs', ['--inlineSources']),
  'tsc, CommonJS, map inside the script': (folder) => typescript(folder, 'CommonJS', '.cjs', ['--inlineSourceMap'], false),
  'esbuild, bundled, map in a file': (folder) => bundle(folder, { sourcemap: 'linked' }),
  'esbuild, bundled on one line, map inside the script': (folder) =>
    bundle(folder, { sourcemap: 'inline', minifyWhitespace: true, minifySyntax: true }),
  'esbuild, bundled, without the sources': (folder) => bundle(folder, { sourcemap: 'linked', sourcesContent: false }),
  'esbuild, CommonJS, with a source root': (folder) =>
    bundle(folder, { sourcemap: 'linked', format: 'cjs', outExtension: { '.js': '.cjs' }, sourceRoot: `${folder}/src-root` }),
  'an indexed map': async (folder) => {
    const file = await bundle(folder, { sourcemap: 'linked', banner: { js: '// banner' } });
    const map = JSON.parse(await readFile(`${file}.map`, 'utf8')) as { mappings: string };
    // The banner's line is a section of its own, so the mappings of the second section start one line further up.
    const rest = { ...map, mappings: map.mappings.replace(/^;/, '') };
    const sections = [
      { offset: { line: 0, column: 0 }, map: { version: 3, sources: [], names: [], mappings: '' } },
      { offset: { line: 1, column: 0 }, map: rest },
    ];
    await writeFile(`${file}.map`, JSON.stringify({ version: 3, sections }));
    return file;
  },
  'esbuild, map inside the script as escaped text': async (folder) => {
    const file = await bundle(folder, { sourcemap: 'linked' });
    const text = await readFile(file, 'utf8');
    const data = `data:application/json;charset=utf-8,${encodeURIComponent(await readFile(`${file}.map`, 'utf8'))}`;
    await writeFile(
      file,
      text.replace(/(?<=sourceMappingURL=).*/, () => data),
    );
    await rm(`${file}.map`);
    return file;
  },
  'a map with a line before it that keeps it from running, and names of a bundler': async (folder) => {
    const file = await bundle(folder, { sourcemap: 'linked' });
    const map = JSON.parse(await readFile(`${file}.map`, 'utf8')) as { sources: string[] };
    const sources = map.sources.map((source) => source.replace('../', 'webpack://shop/./'));
    await writeFile(`${file}.map`, `)]}'\n${JSON.stringify({ ...map, sources })}`);
    return file;
  },
  'swc, ES modules': async (folder) => {
    await cp(program('swc'), join(folder, 'out'), { recursive: true });
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    return join(folder, 'out/shop.js');
  },
};

export async function bundle(folder: string, options: BuildOptions): Promise<string> {
  const outdir = join(folder, 'out');
  await build({
    entryPoints: [join(folder, 'src/shop.ts')],
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    ...options,
  });
  return join(outdir, options.format === 'cjs' ? 'shop.cjs' : 'shop.mjs');
}

async function typescript(folder: string, module: string, extension: string, more: string[], ownMap = true): Promise<string> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: module === 'CommonJS' ? 'commonjs' : 'module' }));
  const options = [
    '--module',
    module,
    '--moduleResolution',
    module === 'CommonJS' ? 'bundler' : 'nodenext',
    '--target',
    'es2022',
  ];
  const files = [join(folder, 'src/shop.ts')];
  const common = ['--outDir', join(folder, 'out'), '--rewriteRelativeImportExtensions', '--skipLibCheck', '--types', ''];
  await execute(tsc, [...files, ...options, ...common, ...(ownMap ? ['--sourceMap'] : []), ...more, '--ignoreConfig']);
  if (extension === '.mjs') return join(folder, 'out/shop.js');
  await writeFile(join(folder, 'out/load.cjs'), "module.exports = require('./shop.js');\n");
  return join(folder, 'out/load.cjs');
}
