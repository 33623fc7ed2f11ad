import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { machine, median, table } from './measure.ts';

/** What instrumenting files as they load costs: the start of a program, its memory, and code that runs with no probe armed. */
const rounds = Number(process.argv[2] ?? 9);
const execute = promisify(execFile);
const require = createRequire(import.meta.url);

/** Small functions that V8 likes to inline: the worst case. */
const small = `
class Vector {
  #changes = 0;
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
  add(other) {
    const x = this.x + other.x;
    const y = this.y + other.y;
    return new Vector(x, y);
  }
  get length() {
    return Math.sqrt(this.x * this.x + this.y * this.y);
  }
  change() {
    this.#changes += 1;
    return this.#changes;
  }
}
function mix(hash, code) {
  hash = (hash << 5) - hash + code;
  return hash | 0;
}
function hashOf(text) {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) hash = mix(hash, text.charCodeAt(index));
  return hash;
}
function priceOf(items) {
  let sum = 0;
  for (const item of items) {
    const price = item.price * item.count;
    if (price > 100) sum += price * 0.9;
    else sum += price;
  }
  return sum;
}
const items = [{ price: 1, count: 3 }, { price: 50, count: 4 }, { price: 7, count: 1 }];
module.exports = () => {
  let place = new Vector(1, 2);
  const step = new Vector(0.5, 0.25);
  let total = 0;
  for (let turn = 0; turn < 300_000; turn += 1) {
    place = place.add(step);
    total += place.length + place.change() + hashOf('hello' + (turn & 7)) + priceOf(items);
  }
  return total;
};`;

/** A library at work: a parser and a printer, in some thousand statements. */
const yaml = `
const yaml = require(${JSON.stringify(require.resolve('yaml'))});
const text = 'list:\\n' + '  - &x {name: "a b", price: 3.5, tags: [one, two]}\\n  - text: |\\n      some\\n      lines\\n'.repeat(60).replaceAll('&x ', '');
module.exports = () => { let size = 0; for (let turn = 0; turn < 4; turn += 1) size += yaml.stringify(yaml.parse(text)).length; return size; };`;

/** Business code: an answer of some JSON, sorted and joined. */
const service = `
const orders = Array.from({ length: 200 }, (_, id) => ({ id, customer: 'c' + (id % 17), lines: [{ sku: 'a' + id, price: id, count: 2 }] }));
function totalOf(order) {
  let total = 0;
  for (const line of order.lines) {
    const price = line.price * line.count;
    total += price;
  }
  return total;
}
function answer(body) {
  const { customer } = JSON.parse(body);
  const own = orders.filter((order) => order.customer === customer);
  const totals = own.map((order) => ({ id: order.id, total: totalOf(order) }));
  totals.sort((a, b) => b.total - a.total);
  const sum = totals.reduce((all, one) => all + one.total, 0);
  return JSON.stringify({ customer, totals, sum });
}
module.exports = () => { let size = 0; for (let turn = 0; turn < 3_000; turn += 1) size += answer('{"customer":"c' + (turn % 17) + '"}').length; return size; };`;

const programs: Record<string, { text: string; patterns: string }> = {
  'small functions': { text: small, patterns: '*.cjs' },
  'a YAML library': { text: yaml, patterns: `${dirname(dirname(require.resolve('yaml')))}/**` },
  'an answer of a service': { text: service, patterns: '*.cjs' },
};

const preload = (bundle: string) => `
import { installLoadTime } from ${JSON.stringify(bundle)};
globalThis.loadTime = installLoadTime({ patterns: [process.env.PATTERNS], directory: process.cwd(), log: { warn() {}, debug() {} } });`;

const run = `
const run = require(process.argv[2]);
for (let warm = 0; warm < 25; warm += 1) run();
let best = Infinity;
for (let turn = 0; turn < 15; turn += 1) {
  const startMs = performance.now();
  run();
  best = Math.min(best, performance.now() - startMs);
}
console.log(best);`;

const start = `
const before = process.cpuUsage();
for (const name of ${JSON.stringify(['yaml', 'lodash', 'ajv'].map((name) => require.resolve(name)))}) require(name);
const { user, system } = process.cpuUsage(before);
const files = loadTime.files();
const chars = files.reduce((sum, { id }) => sum + loadTime.text(id).length, 0);
for (let round = 0; round < 4; round += 1) gc();
const { heapUsed, external, rss } = process.memoryUsage();
console.log(JSON.stringify({ tookMs: (user + system) / 1e3, files: files.length, chars, heap: heapUsed + external, rss }));`;

interface Start {
  /** Of all threads of the process. */
  tookMs: number;
  files: number;
  chars: number;
  heap: number;
  rss: number;
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sidelight-bench-'));
  try {
    const entry = fileURLToPath(new URL('../src/agent/load-time/load-time.ts', import.meta.url));
    const bundle = join(folder, 'load-time.mjs');
    await build({ entryPoints: [entry], outfile: bundle, bundle: true, minify: true, platform: 'node', format: 'esm' });
    await writeFile(join(folder, 'preload.mjs'), preload(pathToFileURL(bundle).href));
    await writeFile(join(folder, 'run.js'), run);
    await writeFile(join(folder, 'start.js'), start);
    for (const [name, { text }] of Object.entries(programs)) await writeFile(join(folder, `${name}.cjs`), text);
    const node = async (patterns: string, args: string[]) => {
      const all = ['--expose-gc', '--import', pathToFileURL(join(folder, 'preload.mjs')).href, ...args];
      return (await execute(process.execPath, all, { cwd: folder, env: { ...process.env, PATTERNS: patterns } })).stdout;
    };
    console.log(`${machine()}, ${rounds} rounds\n`);
    await idle(node, folder);
    await starts(node, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

type RunNode = (patterns: string, args: string[]) => Promise<string>;

/** Of each process its best time, as other work on the machine only adds; of these the ratio within a round. */
async function idle(node: RunNode, folder: string): Promise<void> {
  const rows: string[][] = [];
  for (const [name, { patterns }] of Object.entries(programs)) {
    const ratios = { again: [] as number[], instrumented: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      const time = async (chosen: string) => Number(await node(chosen, ['run.js', join(folder, `${name}.cjs`)]));
      const plain = await time('none');
      ratios.instrumented.push(plain / (await time(patterns)));
      ratios.again.push(plain / (await time('none')));
    }
    rows.push([name, median(ratios.again).toFixed(2), median(ratios.instrumented).toFixed(2)]);
  }
  console.log(`${table(['throughput × not instrumented, no probe armed', 'once more', 'instrumented'], rows)}\n`);
}

async function starts(node: RunNode, folder: string): Promise<void> {
  const measured = { plain: [] as Start[], instrumented: [] as Start[] };
  for (let round = 0; round < rounds; round += 1) {
    measured.plain.push(JSON.parse(await node('none', [join(folder, 'start.js')])) as Start);
    measured.instrumented.push(
      JSON.parse(await node(`${dirname(dirname(dirname(require.resolve('yaml'))))}/**`, [join(folder, 'start.js')])) as Start,
    );
  }
  const { files, chars } = measured.instrumented[0] as Start;
  const megabytes = chars / 1e6;
  const more = (key: 'tookMs' | 'heap' | 'rss') =>
    median(measured.instrumented.map((one, round) => one[key] - (measured.plain[round] as Start)[key])) / megabytes;
  const loading = median(measured.plain.map(({ tookMs }) => tookMs)) / megabytes;
  console.log(
    table(
      [`a start with ${files} files, ${megabytes.toFixed(2)} MB`, 'more for 1 MB of source'],
      [
        ['loading them, ms of processor time', `${more('tookMs').toFixed(0)} (not instrumented: ${loading.toFixed(0)})`],
        ['heap and buffers, MB', (more('heap') / 1e6).toFixed(1)],
        ['resident memory, MB', (more('rss') / 1e6).toFixed(1)],
      ],
    ),
  );
}

await main();
