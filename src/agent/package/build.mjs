// Builds the stand-alone package `sidelight-agent` from src/agent and src/protocol:
//   node src/agent/package/build.mjs [directory]     (default: dist/sidelight-agent)
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../../..');
const target = resolve(process.argv[2] ?? join(root, 'dist/sidelight-agent'));
const { version, license, engines, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

// Few files load faster than many: the thread's file shares nothing with the program's. The probes stay a file of their own, because
// they are loaded only when needed.
for (const entryPoints of [['register.ts', 'start.ts'], ['link/link-worker.ts']]) {
  await build({
    absWorkingDir: resolve(here, '..'),
    entryPoints,
    outdir: target,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['node:*'],
    // The sources are in the repository; the package has a ceiling of 150 kB.
    minify: true,
    lineLimit: 1_000,
    legalComments: 'none',
    logLevel: 'warning',
  });
}

// Only what `start.d.ts` needs; the rest of the agent has no types to offer.
const declarations = mkdtempSync(join(tmpdir(), 'sidelight-agent-'));
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
const compiled = spawnSync(process.execPath, [compiler, '-p', here, '--outDir', declarations], { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
for (const name of ['start.d.ts', 'config.d.ts']) {
  const text = readFileSync(join(declarations, 'agent', name), 'utf8');
  writeFileSync(join(target, name), text.replaceAll(/(?<=from '\.\/\w+)\.ts'/g, ".js'"));
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
  // For `node --require`: Node 20 cannot require an ES module.
  'register.cjs':
    "import('./register.js').catch((error) => process.stderr.write('sidelight: not started: ' + String(error) + '\\n'));\n",
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(target, name), text);
cpSync(join(here, 'README.md'), join(target, 'README.md'));
cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
