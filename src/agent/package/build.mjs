// Builds the stand-alone package `sidelight-agent` from src/agent and src/protocol:
//   node src/agent/package/build.mjs [directory]     (default: dist/sidelight-agent)
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../../..');
const target = resolve(process.argv[2] ?? join(root, 'dist/sidelight-agent'));
const { version, license, engines, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

const options = {
  absWorkingDir: resolve(here, '..'),
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['node:*'],
  // The sources are in the repository.
  minify: true,
  lineLimit: 1_000,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [
    {
      // The bridge explains a refused expression; here it is enough to say where it is.
      name: 'short refusals',
      setup: ({ onResolve }) =>
        onResolve({ filter: /\/expression-(?:refusals|rules)\.ts$/ }, () => ({ path: join(here, 'short-refusals.ts') })),
    },
    {
      // esbuild writes a member of an enum where it is used, but not a field of an object.
      name: 'limits in place',
      setup: ({ onLoad }) =>
        onLoad({ filter: /\/(?:link-)?limits\.ts$/ }, ({ path }) => ({
          contents: tableToEnum(path, readFileSync(path, 'utf8')),
          loader: 'ts',
        })),
    },
  ],
};

/** The text of a file that is one table of numbers, with the table as an enum. */
function tableToEnum(path, text) {
  const [all, name, fields] = /export const (\w+) = \{\n(.*?)\n\} as const;\n/s.exec(text) ?? [];
  const others = fields?.split('\n').filter((line) => !/^ {2}(?:\w+: [\d_ ()+*.-]+,|\/\*\*|\/\/| \*).*$/.test(line));
  if (all === undefined || others.length > 0)
    throw new Error(`${path} is not one table of numbers any more${others === undefined ? '' : `: ${others[0]?.trim()}`}.`);
  return text.replace(all, () => `export enum ${name} {\n${fields.replaceAll(/^( {2}\w+):/gm, '$1 =')}\n}\n`);
}

// Few files load faster than many: the link's thread shares nothing with the program's. The probes stay a file of their own, because they
// are loaded only when needed.
for (const entryPoints of [['register.ts', 'start.ts'], ['link/link-worker.ts']])
  await build({ ...options, outdir: target, entryPoints });

// Both read JavaScript. What is loaded before the program has to be CommonJS, so that `--require` can wait for it, also in Node 20.
const { outputFiles } = await build({
  ...options,
  entryPoints: ['source/reader-worker.ts', 'load-time.ts'],
  outdir: target,
  entryNames: '[name]',
  chunkNames: 'source-[hash]',
  write: false,
});
for (const { path, text } of outputFiles) {
  const isWorker = path.endsWith('reader-worker.js');
  const code = text.replaceAll(/(\.\/source-\w+)\.js/g, '$1.cjs');
  const file = isWorker ? { path, code } : { path: path.replace(/\.js$/, '.cjs'), code: await commonJs(code) };
  writeFileSync(file.path, file.code);
}

async function commonJs(code) {
  return (await transform(code, { format: 'cjs', platform: 'node', target: 'node20', minify: true, lineLimit: 1_000 })).code;
}

// What code that calls `start()` sees; the rest of the agent has no types to offer.
const declarations = mkdtempSync(join(tmpdir(), 'sidelight-agent-'));
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
const compiled = spawnSync(process.execPath, [compiler, '-p', here, '--outDir', declarations], { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
for (const name of ['start.d.ts', 'options.d.ts']) {
  const text = readFileSync(join(declarations, 'agent', name), 'utf8');
  // The compiler keeps imports of code, which have no types.
  const types = text.replaceAll(/^import '[^']*';\n/gm, '').replaceAll(/(?<=from '\.\/\w+)\.ts'/g, ".js'");
  writeFileSync(join(target, name), types);
}
rmSync(declarations, { recursive: true });

const manifest = {
  name: 'sidelight-agent',
  version,
  description: 'The Sidelight agent for Node: snapshots of a running program, asked for by your AI assistant.',
  license,
  type: 'module',
  engines,
  repository,
  exports: {
    '.': { types: './register.d.ts', require: './register.cjs', default: './register.js' },
    './start': { types: './start.d.ts', default: './start.js' },
    './package.json': './package.json',
  },
  types: './register.d.ts',
};

const files = {
  'package.json': `${JSON.stringify(manifest, undefined, 2)}\n`,
  'register.d.ts': 'export {};\n',
  // For `node --require`: Node 20 cannot require an ES module, and the program is loaded before this one is.
  // What goes wrong here is told by `register.js`, which tries it again.
  'register.cjs': `try {
  if (process.env.SIDELIGHT_INSTRUMENT || process.env.pm2_env?.includes('SIDELIGHT_INSTRUMENT'))
    require('./load-time.cjs').instrumentFirst();
} catch {}
import('./register.js').catch((error) => process.stderr.write('sidelight: not started: ' + String(error) + '\\n'));
`,
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(target, name), text);
cpSync(join(here, 'README.md'), join(target, 'README.md'));

// Its appendix is no part of the terms (SPDX marks it as optional): it is for whoever applies the licence to a work of their own.
const [terms] = readFileSync(join(root, 'LICENSE'), 'utf8').split(/^ *APPENDIX:/m);
writeFileSync(join(target, 'LICENSE'), `${terms.trimEnd()}\n`);
