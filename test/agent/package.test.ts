import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agentVersion } from '../../src/agent/version.ts';
import { buildAgent } from './built-agent.ts';
import { framesOf, snapshot, startFakeBridge } from './fake-bridge.ts';
import { nodes } from './nodes.ts';
import { runProgram } from './run-program.ts';
import { until } from './until.ts';

const execute = promisify(execFile);
const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

const counts = `let passes = 0;
setInterval(() => {
  passes += 1;
}, 20);
`;

interface Packed {
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string }[];
}

let agent: string;
let home: string;
let packed: Packed;

beforeAll(async () => {
  agent = await buildAgent();
  home = await mkdtemp(join(tmpdir(), 'sidelight-install-'));
  const { stdout } = await execute('npm', ['pack', agent, '--json', '--pack-destination', home]);
  [packed] = JSON.parse(stdout) as [Packed];
  await writeFile(join(home, 'package.json'), JSON.stringify({ name: 'till', version: '3.1.4', private: true }));
  await execute('npm', ['install', '--offline', '--no-audit', '--no-fund', join(home, packed.filename)], { cwd: home });
  await writeFile(join(home, 'app.mjs'), 'setInterval(() => {}, 1_000);\n');
  await writeFile(join(home, 'app.cjs'), 'setInterval(() => {}, 1_000);\n');
});
afterAll(async () => {
  await rm(agent, { recursive: true, force: true });
  await rm(home, { recursive: true, force: true });
});

test('the package has no dependencies, no scripts, and less than 244 kB, packed 100 kB', async () => {
  const manifest = JSON.parse(await readFile(join(agent, 'package.json'), 'utf8'));
  expect(manifest).toMatchObject({ name: 'sidelight-agent', type: 'module', license: 'Apache-2.0' });
  for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies', 'scripts'])
    expect(manifest).not.toHaveProperty(field);
  expect(packed.unpackedSize).toBeLessThan(244_000);
  expect(packed.size).toBeLessThan(100_000);
  expect(packed.files.map((file) => file.path)).toEqual(
    expect.arrayContaining(['LICENSE', 'README.md', 'register.js', 'start.d.ts']),
  );
});

test('the package has the whole terms of its licence', async () => {
  const ours = await readFile(new URL('../../LICENSE', import.meta.url), 'utf8');
  const packaged = await readFile(join(agent, 'LICENSE'), 'utf8');
  expect(ours).toContain(packaged.trimEnd());
  expect(packaged).toMatch(/^\s*Apache License.*1\. Definitions\..*9\. Accepting.*END OF TERMS AND CONDITIONS\n$/s);
});

test('a TypeScript program that starts the agent compiles, and is told of a wrong option', async () => {
  const code = `import { start, type Agent, type AgentOptions } from 'sidelight-agent/start';
const options: AgentOptions = { url: 'https://bridge.example', tags: ['blue'], engines: ['load-time'], log: 'debug' };
export const agent: Agent = start(options);
export const stopped: Promise<void> = agent.stop();
// @ts-expect-error: no such way of observing
start({ engines: ['x-ray'] });
// @ts-expect-error: no such option
start({ services: 'till' });
`;
  const folder = join(home, 'typescript');
  await mkdir(folder);
  await writeFile(join(folder, 'app.ts'), code);
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const strictly = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--types', '', '--lib', 'ES2023'];
  const args = [tsc, ...strictly, '--module', 'NodeNext', '--target', 'ES2023', 'app.ts'];
  const said = await execute(process.execPath, args, { cwd: folder }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  expect(said).toBe('');
});

test('the agent tells the version of its package', async () => {
  const root = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  const manifest = JSON.parse(await readFile(join(agent, 'package.json'), 'utf8'));
  expect([manifest.version, agentVersion]).toEqual([root.version, root.version]);
});

test('the packed code imports nothing but node: and itself', async () => {
  for (const { path } of packed.files.filter((file) => /\.c?js$/.test(file.path))) {
    const code = await readFile(join(agent, path), 'utf8');
    const imported = [...code.matchAll(/\b(?:from|import|import\(|require\()\s*["']([\w@:./-]+)["']/g)].map((match) => match[1]);
    for (const name of imported) expect(name, path).toMatch(/^(node:|\.\/)/);
  }
});

describe.each(nodes())('installed from the tarball, on Node $major', ({ execPath: node }) => {
  test.each([
    ['--import', ['--import', 'sidelight-agent', 'app.mjs'], {}],
    ['--import, CommonJS', ['--import', 'sidelight-agent', 'app.cjs'], {}],
    ['--require', ['--require', 'sidelight-agent', 'app.cjs'], {}],
    ['NODE_OPTIONS', ['app.mjs'], { NODE_OPTIONS: '--import sidelight-agent' }],
  ])('%s connects the program', async (_name, args, environment: Record<string, string>) => {
    const bridge = await startFakeBridge();
    const running = runProgram(node, args, { SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_test', ...environment }, home);
    try {
      const { hello } = await bridge.connection(0);
      expect(hello).toMatchObject({
        service: 'till',
        version: '3.1.4',
        pid: running.child.pid,
        agent: { version: agentVersion },
      });
    } finally {
      running.child.kill('SIGKILL');
      await bridge.kill();
    }
  });

  test.each([
    ['fork', (environment: Record<string, string>) => environment],
    [
      'cluster',
      (environment: Record<string, string>) => ({ pm2_env: JSON.stringify({ ...environment, instances: 2, env: {} }) }),
    ],
  ])('under pm2, as a %s, the program is the script that pm2 loads', async (mode, handOver) => {
    const bridge = await startFakeBridge();
    const folder = join(home, 'node_modules', 'pm2', 'lib');
    const programs = join(home, 'programs');
    for (const directory of [folder, programs]) await mkdir(directory, { recursive: true });
    const container = `
      Object.assign(process.env, JSON.parse(process.env.pm2_env ?? '{}'));
      process.argv[1] = process.env.pm_exec_path;
      require('node:module')._load(process.env.pm_exec_path, null, true);
    `;
    const main = join(folder, mode === 'fork' ? 'ProcessContainerFork.js' : 'ProcessContainer.js');
    await writeFile(main, container);
    await writeFile(join(programs, 'counts.cjs'), counts);
    const settings = { SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_test', pm_exec_path: join(programs, 'counts.cjs') };
    const args = [
      '--import',
      join(home, 'node_modules', 'sidelight-agent', 'register.js'),
      join(folder, 'ProcessContainerFork.js'),
    ];
    const running = runProgram(node, args, handOver(settings), programs);
    try {
      const connection = await bridge.connection(0);
      expect(connection.hello.service).toBe('counts');
      connection.send({ t: 'arm', action: snapshot('act_a', { file: 'counts.cjs', line: 3 }) });
      await until(() => framesOf(connection, 'hit').length === 1, 'the hit');
    } finally {
      running.child.kill('SIGKILL');
      await bridge.kill();
    }
  });

  test('as in a container: nothing can be written, and there is no home and no other variable', async () => {
    const bridge = await startFakeBridge();
    const folder = await mkdtemp(join(home, 'container-'));
    await writeFile(join(folder, 'counts.cjs'), counts);
    await chmod(folder, 0o555);
    const env = { SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_test' };
    const args = ['--import', join(home, 'node_modules', 'sidelight-agent', 'register.js'), 'counts.cjs'];
    const child = spawn(node, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
    try {
      const connection = await bridge.connection(0);
      connection.send({ t: 'arm', action: snapshot('act_a', { file: 'counts.cjs', line: 3 }) });
      await until(() => framesOf(connection, 'hit').length === 1, 'the hit');
      expect([said, await readdir(folder)]).toEqual(['', ['counts.cjs']]);
    } finally {
      child.kill('SIGKILL');
      await bridge.kill();
    }
  });

  test('sidelight-agent/start starts it from code', async () => {
    const bridge = await startFakeBridge();
    await mkdir(join(home, 'code'), { recursive: true });
    const code =
      "import { start } from 'sidelight-agent/start';\nstart({ service: 'from-code' });\nsetInterval(() => {}, 1_000);\n";
    await writeFile(join(home, 'code', 'app.mjs'), code);
    const running = runProgram(node, ['code/app.mjs'], { SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_test' }, home);
    try {
      expect((await bridge.connection(0)).hello.service).toBe('from-code');
    } finally {
      running.child.kill('SIGKILL');
      await bridge.kill();
    }
  });
});
